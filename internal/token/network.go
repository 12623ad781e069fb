package token

import (
	"context"
	"errors"
	"net/http"

	"m2m/internal/transport"
)

// unasked is an identity provider that gave no answer. It matches
// ErrUnavailable and, with errors.As, the *transport.Error that says why.
type unasked struct{ fault *transport.Error }

// Error says who gave no answer, and why.
func (e *unasked) Error() string { return e.fault.Error() }

// Unwrap returns why.
func (e *unasked) Unwrap() error { return e.fault }

// Is reports whether target is ErrUnavailable.
func (e *unasked) Is(target error) bool { return target == ErrUnavailable }

// Hints says what only this package knows: how long it was asked to wait.
func (e *unasked) Hints() []string {
	if e.fault.Fault == transport.FaultTimeout {
		return []string{"allow more time with --timeout"}
	}
	return nil
}

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
	return &unasked{transport.Diagnose(req.URL.Host, err)}
}

func caFileError(e *transport.CAFileError) error {
	return settingError("CA file", e.Path, e.Err)
}
