package transport

import (
	"crypto/x509"
	"errors"
	"fmt"

	"m2m/internal/input"
	"m2m/internal/text"
)

// ErrCAFile says that a CA file cannot be used. Nothing was sent.
var ErrCAFile = errors.New("the CA file cannot be used")

var errNoCertificate = errors.New("it holds no certificate in PEM form")

// CAFileError is a CA file that cannot be used. It matches ErrCAFile.
type CAFileError struct {
	// Path is the file's, as it was given.
	Path string
	// Err is what is wrong with it.
	Err error
}

// Error says which file it is and what is wrong with it.
func (e *CAFileError) Error() string {
	return fmt.Sprintf("CA file %s: %v", text.Quote(e.Path), e.Err)
}

// Unwrap returns the cause.
func (e *CAFileError) Unwrap() error { return e.Err }

// Is reports whether target is ErrCAFile.
func (e *CAFileError) Is(target error) bool { return target == ErrCAFile }

// maxCAFile bounds a CA bundle, in bytes; the largest public ones are a quarter
// of it.
const maxCAFile = 4 << 20

// rootsWith returns the system's roots and those of a PEM file; nil, which
// stands for the system's, without a file.
func rootsWith(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := input.File(file, maxCAFile)
	if err != nil {
		return nil, &CAFileError{file, err}
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("reading the system's root certificates: %w", err)
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, &CAFileError{file, errNoCertificate}
	}
	return roots, nil
}
