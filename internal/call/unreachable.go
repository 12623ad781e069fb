package call

import (
	"errors"
	"fmt"
	"net/url"

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
	url      *url.URL
}

func unreachable(u *url.URL, cause error, attempts int) *UnreachableError {
	return &UnreachableError{
		Cause: transport.Diagnose(u.Host, cause), Address: u.Scheme + "://" + u.Host,
		attempts: attempts, url: u,
	}
}

// Unwrap returns ErrUnreachable and the cause.
func (e *UnreachableError) Unwrap() []error { return []error{ErrUnreachable, e.Cause} }

func (e *UnreachableError) Error() string {
	text := fmt.Sprintf("no answer from %s: %s", bound(e.Address, maxShown), e.Cause.Reason())
	if e.Partial {
		text = fmt.Sprintf("the answer of %s is not complete: %s", bound(e.Address, maxShown), e.Cause.Reason())
	}
	if e.attempts > 1 {
		text += fmt.Sprintf(" (after %d attempts)", e.attempts)
	}
	return text
}

// Hints says what to do where it is an API that does not answer. The cause has
// hints of its own, for whoever was asked; that API_URL was not set is for the
// command to add.
func (e *UnreachableError) Hints() []string { return e.hints(wordsOfFlags()) }

func (e *UnreachableError) hints(words wording) []string {
	local := isLoopback(e.url.Hostname())
	switch {
	case e.Cause.Fault == transport.FaultRefused && local:
		return []string{"start the API: m2m serve, or m2m serve --local for one with a tenant beside it"}
	case e.Cause.Fault == transport.FaultProtocol && local:
		return []string{"call an API on this machine with http://"}
	case e.Cause.Fault == transport.FaultTimeout:
		return []string{"allow more time with " + words.timeout}
	case e.Cause.Fault == transport.FaultClosed:
		return []string{"have it tried again: " + words.retry}
	}
	return nil
}
