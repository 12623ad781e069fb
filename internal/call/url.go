package call

import (
	"errors"
	"net/url"
)

// ErrAddress says that an address cannot be called; the error that wraps it is
// an *AddressError.
var ErrAddress = errors.New("the address cannot be called")

// AddressError says what is wrong with an address, and what to write instead.
type AddressError struct {
	// Address is what was given, bounded, without a password.
	Address string
	// Reason is one clause: what is wrong.
	Reason string
	hints  []string
	kind   error
}

func (e *AddressError) Error() string { return "" }

// Unwrap returns ErrAddress, or ErrPlainHTTP.
func (e *AddressError) Unwrap() error { return e.kind }

// Hints says what to do next, one sentence each.
func (e *AddressError) Hints() []string { return e.hints }

// ResolveURL returns the address to call. arg is an absolute http or https URL,
// or a path ("/secure-data", "?q=1") that is put after base, the address of the
// API. An empty arg is base itself. The error is an *AddressError.
func ResolveURL(base, arg string) (*url.URL, error) { return nil, nil }
