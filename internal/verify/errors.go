package verify

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"m2m/internal/entra"
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

// One sentinel for each check. An *Error matches the one of its check and the
// more exact reason below it.
var (
	ErrForm       = errors.New("the token is malformed")
	ErrAlgorithm  = errors.New("the header asks for something other than a plain RS256 signature")
	ErrKey        = errors.New("the signing key is not usable")
	ErrSignature  = errors.New("the signature does not match")
	ErrIssuer     = errors.New("the issuer is wrong")
	ErrTenant     = errors.New("the tenant is wrong")
	ErrAudience   = errors.New("the token is meant for another API")
	ErrLifetime   = errors.New("the token is not valid at this time")
	ErrKind       = errors.New("this kind of token may not call")
	ErrClient     = errors.New("the calling app is not on the list")
	ErrPermission = errors.New("a required role or scope is missing")
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
		return entra.OneLine(fault.Error(), maxReason)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "it took too long"
	}
	var u *url.Error
	if errors.As(err, &u) {
		if address, parseErr := url.Parse(u.URL); parseErr == nil {
			return entra.OneLine(address.Host+": "+u.Err.Error(), maxReason)
		}
	}
	var unreachable *UnreachableError
	if errors.As(err, &unreachable) {
		err = unreachable.Err
	}
	return entra.OneLine(err.Error(), maxReason)
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

// Unwrap lets errors.Is find the outcome, the check, the exact reason and, for
// keys out of reach, the network's error.
func (e *Error) Unwrap() []error {
	errs := []error{e.Outcome, e.Reason, sentinelOf(e.Check)}
	if e.cause != nil {
		errs = append(errs, e.cause)
	}
	return errs
}

func sentinelOf(c Check) error {
	switch c {
	case CheckForm:
		return ErrForm
	case CheckAlgorithm:
		return ErrAlgorithm
	case CheckKey:
		return ErrKey
	case CheckSignature:
		return ErrSignature
	case CheckIssuer:
		return ErrIssuer
	case CheckTenant:
		return ErrTenant
	case CheckAudience:
		return ErrAudience
	case CheckLifetime:
		return ErrLifetime
	case CheckKind:
		return ErrKind
	case CheckClient:
		return ErrClient
	}
	return ErrPermission
}
