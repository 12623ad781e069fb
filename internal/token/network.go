package token

import (
	"context"
	"errors"
	"net/http"

	"m2m/internal/transport"
)

// UnreachableError is an identity provider that gave no answer. It matches
// ErrUnavailable.
type UnreachableError struct{ Cause *transport.Error }

// Error says which server gave no answer, and why.
func (e *UnreachableError) Error() string { return e.Cause.Error() }

// Unwrap returns why.
func (e *UnreachableError) Unwrap() error { return e.Cause }

// Is reports whether target is ErrUnavailable.
func (e *UnreachableError) Is(target error) bool { return target == ErrUnavailable }

// networkFault makes one of this package's errors of what a transport failed
// with: a *SettingError for a CA file, the context's where the caller gave up,
// else one that matches ErrUnavailable and names the server.
func networkFault(req *http.Request, err error) error {
	var file *transport.CAFileError
	switch {
	case errors.As(err, &file):
		return caFileError(file)
	case errors.Is(err, context.Canceled):
		return err
	}
	return &UnreachableError{transport.Diagnose(req.URL.Host, err)}
}

func caFileError(e *transport.CAFileError) error {
	return settingError("CA file", e.Path, e.Err)
}
