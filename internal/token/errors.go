package token

import (
	"errors"

	"m2m/internal/text"
)

// The three ways in which a token cannot be had. Every error of this package
// matches exactly one of them with errors.Is, or a context's error.
var (
	// ErrSettings says that a setting, or a file that one names, cannot work.
	// Nothing was sent.
	ErrSettings = errors.New("a setting cannot work")
	// ErrRefused says that the identity provider understood and refused.
	ErrRefused = errors.New("the identity provider refused")
	// ErrUnavailable says that nobody could tell: the network, TLS, a time-out,
	// or an answer that is no answer.
	ErrUnavailable = errors.New("the identity provider gave no usable answer")
)

// maxShown bounds what an error repeats of a text from outside, in bytes.
const maxShown = 200

// SettingError is a setting that cannot work, found before anything was sent.
// It matches ErrSettings and, with errors.Is, its own cause, such as
// entra.ErrScopeNotDefault.
type SettingError struct {
	// Setting says in words which setting it is: "tenant", "client secret".
	Setting string
	// Found is what was given; empty where it must not be shown.
	Found string
	// Err is what is wrong with it.
	Err error
}

// Error says which setting fails, what was found and what is wrong with it.
func (e *SettingError) Error() string {
	if e.Found == "" {
		return e.Setting + ": " + e.Err.Error()
	}
	return e.Setting + " " + text.Quote(e.Found) + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *SettingError) Unwrap() error { return e.Err }

// Is reports whether target is ErrSettings.
func (e *SettingError) Is(target error) bool { return target == ErrSettings }

// settingError makes a *SettingError; nil if err is nil.
func settingError(setting, found string, err error) error {
	if err == nil {
		return nil
	}
	return &SettingError{Setting: setting, Found: found, Err: err}
}
