package verify

import (
	"errors"
	"strings"
	"time"

	"m2m/internal/jwks"
	"m2m/internal/jwt"
)

// The three outcomes of a token that is not believed, for errors.Is. Every
// *Error matches exactly one of them.
var (
	// ErrInvalid: the token is not to be believed (401).
	ErrInvalid = errors.New("the token is refused")
	// ErrForbidden: the token is believed, but lacks the permission (403).
	ErrForbidden = errors.New("the token lacks a required permission")
	// ErrUndecided: nobody can tell now, because keys are out of reach or a
	// setting is missing (503). Never treat it as a refusal.
	ErrUndecided = errors.New("could not tell whether to believe the token")
)

// Error says why a token was not believed.
type Error struct {
	// Check is the first check that did not pass.
	Check Check
	// Outcome is ErrRefused, ErrForbidden or ErrUndecided.
	Outcome error
	Reason  Reason
	// Expected and Found are short, bounded and hold no token.
	Expected, Found string
	// RetryAfter is when keys may be in reach again; 0 if that is not known.
	RetryAfter time.Duration

	cause error
}

// Error implements error: check, reason, expected, found.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(string(e.Check) + ": " + e.Reason.Error())
	if e.Expected != "" {
		b.WriteString(": expected " + e.Expected)
	}
	if e.Found != "" {
		b.WriteString(", found " + e.Found)
	}
	if e.cause != nil {
		b.WriteString(": " + jwks.ErrorText(e.cause))
	}
	return b.String()
}

// Is matches the outcome and the reason.
func (e *Error) Is(target error) bool {
	switch reason := target.(type) {
	case Reason:
		return reason == e.Reason
	case jwt.Reason:
		return Reason(reason) == e.Reason
	}
	return target == e.Outcome
}

// Unwrap returns why keys are out of reach, if that is the reason.
func (e *Error) Unwrap() error { return e.cause }
