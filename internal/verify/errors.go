package verify

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"m2m/internal/text"
	"m2m/internal/transport"
)

// The three outcomes of a token that is not believed, for errors.Is. Every
// *Error matches exactly one of them.
var (
	// ErrRefused: the token is not to be believed (401).
	ErrRefused = errors.New("the token is refused")
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
	// Reason is the exact sentinel.
	Reason error
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
		b.WriteString(": " + plainly(e.cause))
	}
	return b.String()
}

// maxReason bounds what is said of a failure on the way to the keys, in bytes.
const maxReason = 300

// plainly says what went wrong on the way to the keys in the fewest words: the
// host and why, without the address that net/http puts before it and that
// would crowd it out.
func plainly(err error) string {
	if fault := networkFault(err); fault != nil {
		return text.OneLine(fault.Error(), maxReason)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "it took too long"
	}
	var u *url.Error
	if errors.As(err, &u) {
		if address, parseErr := url.Parse(u.URL); parseErr == nil {
			return text.OneLine(address.Host+": "+u.Err.Error(), maxReason)
		}
	}
	var unreachable *UnreachableError
	if errors.As(err, &unreachable) {
		err = unreachable.Err
	}
	return text.OneLine(err.Error(), maxReason)
}

// networkFault returns what kept the keys out of reach if it was the network,
// not an answer that will not do.
func networkFault(err error) *transport.Error {
	if !errors.As(err, new(*url.Error)) {
		return nil
	}
	if fault := transport.Diagnose("", err); fault.Fault != transport.FaultOther {
		return fault
	}
	return nil
}

// Unwrap lets errors.Is find the outcome, the exact reason and, for keys out of
// reach, the network's error.
func (e *Error) Unwrap() []error {
	errs := []error{e.Outcome, e.Reason}
	if e.cause != nil {
		errs = append(errs, e.cause)
	}
	return errs
}
