package call

import (
	"errors"
	"fmt"
	"net/url"

	"m2m/internal/text"
	"m2m/internal/transport"
)

// ErrUnreachable says that no answer came, or not all of it.
var ErrUnreachable = errors.New("the API cannot be reached")

// UnreachableError says which address gave no answer, and why. It wraps
// ErrUnreachable and the cause.
type UnreachableError struct {
	// Cause is what went wrong on the way.
	Cause *transport.Error
	// Address is the scheme, host and port that were tried.
	Address string
	// Partial tells that an answer had begun.
	Partial  bool
	attempts int
	host     string
}

func unreachable(u *url.URL, cause error, attempts int) *UnreachableError {
	return &UnreachableError{
		Cause: transport.Diagnose(u.Host, cause), Address: u.Scheme + "://" + u.Host,
		attempts: attempts, host: u.Hostname(),
	}
}

// IsLocal reports whether the address is one of this machine.
func (e *UnreachableError) IsLocal() bool { return transport.Loopback(e.host) }

// Attempts returns how often the request was begun: at least 1.
func (e *UnreachableError) Attempts() int { return max(e.attempts, 1) }

// Unwrap returns ErrUnreachable and the cause.
func (e *UnreachableError) Unwrap() []error { return []error{ErrUnreachable, e.Cause} }

func (e *UnreachableError) Error() string {
	message := fmt.Sprintf("no answer from %s: %s", text.Bound(e.Address, maxShown), e.Cause.Reason())
	if e.Partial {
		message = fmt.Sprintf("the answer of %s is not complete: %s", text.Bound(e.Address, maxShown), e.Cause.Reason())
	}
	if e.attempts > 1 {
		message += fmt.Sprintf(" (after %d attempts)", e.attempts)
	}
	return message
}
