package transport

import (
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	"m2m/internal/input"
	"m2m/internal/text"
)

// ErrCAFile says that a CA file cannot be used. Nothing was sent.
var ErrCAFile = errors.New("the CA file cannot be used")

var errNoCertificate = errors.New("it holds no certificate")

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

// rootsWith returns the system's roots and those of a file; nil, which stands for the
// system's, without a file. unread lists the blocks of the file that cannot be read:
// one of them may be the certificate that a server needs.
func rootsWith(file string) (roots *x509.CertPool, unread []string, err error) {
	if file == "" {
		return nil, nil, nil
	}
	data, err := input.File(file, maxCAFile)
	if err != nil {
		return nil, nil, &CAFileError{file, err}
	}
	content, err := input.Keys(data)
	if err != nil {
		return nil, nil, &CAFileError{file, err}
	}
	certificates, unread := certificatesIn(content)
	switch foreign := content.Foreign(file); {
	case len(certificates) > 0:
	case len(unread) > 0:
		return nil, nil, &CAFileError{file, errors.New(unread[0])}
	case foreign != nil:
		return nil, nil, &CAFileError{file, foreign}
	default:
		return nil, nil, &CAFileError{file, errNoCertificate}
	}
	roots, err = x509.SystemCertPool()
	if err != nil {
		return nil, nil, fmt.Errorf("reading the system's root certificates: %w", err)
	}
	for _, c := range certificates {
		roots.AddCert(c)
	}
	return roots, unread, nil
}

// certificatesIn returns the certificates of a file, PEM or one in DER, and what it
// holds of others that cannot be read.
func certificatesIn(content input.Bundle) (certificates []*x509.Certificate, unread []string) {
	if c, err := x509.ParseCertificate(content.DER); err == nil {
		return []*x509.Certificate{c}, nil
	}
	for _, block := range content.Blocks {
		if !strings.HasSuffix(block.Type, "CERTIFICATE") {
			continue
		}
		err := block.Err
		if err == nil {
			var c *x509.Certificate
			if c, err = block.Certificate(); err == nil {
				certificates = append(certificates, c)
				continue
			}
		}
		unread = append(unread, fmt.Sprintf("the block %s at line %d cannot be read: %s", block.Type, block.Line,
			strings.TrimPrefix(text.OneLine(err.Error(), maxShown), "x509: ")))
	}
	return certificates, unread
}

// UnreadRootError is a server whose issuer is not trusted, where the CA file has a
// block that could not be read.
type UnreadRootError struct {
	// File is the CA file, Blocks say which blocks could not be read, and why.
	File   string
	Blocks []string
	Err    error
}

// Error implements error.
func (e *UnreadRootError) Error() string { return e.Err.Error() }

// Unwrap returns the error of the handshake.
func (e *UnreadRootError) Unwrap() error { return e.Err }
