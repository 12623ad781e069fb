package call

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"m2m/internal/text"
	"m2m/internal/transport"
)

// ErrAddress says that an address cannot be called; the error that wraps it is
// an *AddressError.
var ErrAddress = errors.New("the address cannot be called")

// maxAddress bounds an address in bytes: servers reject longer request lines.
const maxAddress = 8 << 10

// AddressError says what is wrong with an address, and what to write instead.
type AddressError struct {
	// Address is what was given: bounded, without user, password and query.
	Address string
	// Fault is what is wrong, and Reason the same as one clause.
	Fault  AddressFault
	Reason string
	// Instead is what was probably meant; empty where that is not known.
	Instead string
	kind    error
}

// AddressFault is what is wrong with an address.
type AddressFault string

// The faults of addresses.
const (
	AddressMissing     AddressFault = "missing"
	AddressTwoSlashes  AddressFault = "two_slashes" // RFC 3986 section 4.2: it names another host
	AddressBaseQuery   AddressFault = "base_query"  // no path can follow the API's address
	AddressCharacter   AddressFault = "character"   // white space, or a control character
	AddressSyntax      AddressFault = "syntax"      // it does not parse
	AddressTooLong     AddressFault = "too_long"
	AddressNoScheme    AddressFault = "no_scheme"    // a host and a port
	AddressOtherScheme AddressFault = "other_scheme" // neither http nor https
	AddressNeither     AddressFault = "neither"      // neither a path nor an address with a scheme
	AddressUser        AddressFault = "user"         // a user name or a password in it
	AddressNoHost      AddressFault = "no_host"
	AddressForeignHost AddressFault = "foreign_host" // letters beyond ASCII
	AddressPort        AddressFault = "port"
	AddressInClear     AddressFault = "in_clear" // credentials over plain http
)

func (e *AddressError) Error() string {
	return "cannot call " + text.Quote(e.Address) + ": " + e.Reason
}

// Unwrap returns ErrAddress, or ErrPlainHTTP.
func (e *AddressError) Unwrap() error { return e.kind }

func badAddress(address string, fault AddressFault, reason string) *AddressError {
	return &AddressError{Address: DisplayAddress(address), Fault: fault, Reason: reason, kind: ErrAddress}
}

// instead sets what was probably meant and returns e.
func (e *AddressError) instead(address string) *AddressError {
	e.Instead = address
	return e
}

// ResolveURL returns the address to call. arg is an absolute http or https URL,
// or a path ("/secure-data", "?q=1") that is put after base, the address of the
// API, whose own path stays in front. An empty arg is base itself. A fragment is
// dropped: it is never sent. The error is an *AddressError.
func ResolveURL(base, arg string) (*url.URL, error) {
	switch {
	case arg != "" && arg[0] != '/' && arg[0] != '?':
		return parseAbsolute(arg)
	case strings.HasPrefix(arg, "//"):
		// RFC 3986 section 4.2: such a reference names another host, which would
		// then get the token.
		return nil, badAddress(arg, AddressTwoSlashes, "it begins with two slashes, which name a host and not a path").
			instead("https:" + DisplayAddress(arg))
	}
	root, err := parseAbsolute(base)
	if err != nil {
		return nil, err
	}
	switch {
	case arg == "":
		return root, nil
	case root.RawQuery != "" || root.ForceQuery:
		return nil, badAddress(base, AddressBaseQuery, "the API's address has a query, so that no path can follow it")
	}
	return parseAbsolute(strings.TrimRight(root.String(), "/") + arg)
}

func parseAbsolute(s string) (*url.URL, error) {
	switch {
	case len(s) > maxAddress:
		return nil, tooLong(s)
	case strings.ContainsFunc(s, isControlOrSpace):
		return nil, badAddress(s, AddressCharacter, "it holds a space or a control character")
	case !hasScheme(s):
		return nil, schemeMissing(s)
	}
	u, err := url.Parse(s)
	if err != nil {
		// url.Parse quotes its whole input, passwords included: its text is not used.
		return nil, badAddress(s, AddressSyntax, "it does not parse as a URL")
	}
	if err := checkURL(u); err != nil {
		return nil, err
	}
	u.Fragment, u.RawFragment = "", ""
	// What is sent is the escaped form, up to three times as long as what was read.
	if len(u.String()) > maxAddress {
		return nil, tooLong(s)
	}
	return u, nil
}

func tooLong(address string) *AddressError {
	return badAddress(address, AddressTooLong, fmt.Sprintf("it is longer than %d bytes", maxAddress))
}

func isControlOrSpace(r rune) bool { return r <= ' ' || r == 0x7f || 0x80 <= r && r < 0xa0 }

func hasScheme(s string) bool {
	before, _, found := strings.Cut(s, "://")
	return found && !strings.ContainsAny(before, "/?#@")
}

var hostPort = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[\pL\pN._-]+:[0-9]+([/?#]|$)|^\[[0-9A-Fa-f:.]+\](:[0-9]+)?([/?#]|$)`)
})

// schemeMissing tells a forgotten scheme from a forgotten slash.
func schemeMissing(s string) *AddressError {
	shown := DisplayAddress(s)
	if hostPort().MatchString(s) {
		scheme := "https"
		if host, _, _ := strings.Cut(s, ":"); transport.Loopback(host) || s[0] == '[' {
			scheme = "http"
		}
		return badAddress(s, AddressNoScheme, "it has no scheme").instead(scheme + "://" + shown)
	}
	if scheme, _, found := strings.Cut(s, ":"); found && !strings.ContainsAny(scheme, "/?#.") {
		return badAddress(s, AddressOtherScheme, fmt.Sprintf("its scheme is %s", text.Quote(scheme)))
	}
	return badAddress(s, AddressNeither, "it is neither a path nor an address with a scheme").instead(shown)
}

// checkURL says why a URL that parsed cannot be called.
func checkURL(u *url.URL) error {
	address := u.Redacted()
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return badAddress(address, AddressOtherScheme, fmt.Sprintf("its scheme is %s", text.Quote(u.Scheme)))
	case u.User != nil:
		return badAddress(address, AddressUser, "it holds a user name or a password")
	case u.Hostname() == "" || u.Opaque != "":
		return badAddress(address, AddressNoHost, "it names no host")
	case !text.IsASCII(u.Host):
		return badAddress(address, AddressForeignHost, "its host holds letters beyond ASCII, which can pass for another host's")
	case !validPort(u):
		return badAddress(address, AddressPort, "its port is not a number from 1 to 65535")
	}
	return nil
}

func validPort(u *url.URL) bool {
	if u.Port() == "" {
		return !strings.HasSuffix(u.Host, ":")
	}
	n, err := strconv.ParseUint(u.Port(), 10, 16)
	return err == nil && n > 0
}

// Origin is what RFC 6454 compares: scheme, host and port. Its case is that of
// ASCII alone: what Unicode calls the same letter is another host to connect to.
func Origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + text.LowerASCII(u.Hostname()) + ":" + port
}
