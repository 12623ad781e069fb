package call

import (
	"fmt"
	"net/http"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/text"
	"m2m/internal/transport"
)

// Check says what is wrong with a request before anything is sent, and before
// a token is acquired for it: a request that is going to have a token says so
// with willHaveToken. The error is an *AddressError (ErrAddress, ErrPlainHTTP),
// or wraps ErrTwoAuthorizations, ErrTokenForm, ErrMethod or ErrHeader.
func (r Request) Check(willHaveToken bool) error {
	hasToken := willHaveToken || !r.Token.IsZero()
	if r.URL == nil {
		return badAddress("", AddressMissing, "no address is given")
	}
	if err := checkURL(r.URL); err != nil {
		return err
	}
	if !IsHTTPToken(r.EffectiveMethod()) {
		return fmt.Errorf("%w: %q", ErrMethod, text.Bound(r.Method, 40))
	}
	if err := CheckHeader(r.Header); err != nil {
		return err
	}
	if hasToken && r.Header.Get("Authorization") != "" {
		return ErrTwoAuthorizations
	}
	if !r.Token.IsZero() && !entra.IsBearerToken(r.Token.Reveal()) {
		return ErrTokenForm
	}
	if (hasToken || hasCredentials(r.Header)) && !r.AllowPlainHTTP {
		return r.checkPlainHTTP()
	}
	return nil
}

func (r Request) EffectiveMethod() string {
	switch {
	case r.Method != "":
		return r.Method
	case !r.Body.IsZero():
		return http.MethodPost
	}
	return http.MethodGet
}

func (r Request) checkPlainHTTP() error {
	if r.URL.Scheme == "https" || transport.Loopback(r.URL.Hostname()) {
		return nil
	}
	secure := *r.URL
	secure.Scheme = "https"
	return &AddressError{
		Address: DisplayAddress(r.URL.String()), Instead: DisplayAddress(secure.String()), kind: ErrPlainHTTP,
		Fault:  AddressInClear,
		Reason: "the token would cross the network unencrypted; whoever sees it can use it",
	}
}

// isCredential reports whether a header field opens doors: such fields are kept
// from plain http and from what is shown.
func isCredential(field string) bool {
	switch strings.ToLower(field) {
	case "authorization", "proxy-authorization", "x-ms-authorization-auxiliary", "x-auth-token",
		"cookie", "set-cookie",
		"x-api-key", "api-key", "x-functions-key", "ocp-apim-subscription-key":
		return true
	}
	return false
}

func hasCredentials(h http.Header) bool {
	for name := range h {
		if isCredential(name) {
			return true
		}
	}
	return false
}

// CheckHeader refuses what net/http would, without quoting a value: it may be
// a secret.
func CheckHeader(h http.Header) error {
	for name, values := range h {
		if !IsHTTPToken(name) {
			return fmt.Errorf("%w: the name %q", ErrHeader, text.Bound(name, 60))
		}
		for _, v := range values {
			if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
				return fmt.Errorf("%w: the value of %s holds a line break or a control character", ErrHeader, text.Bound(name, 60))
			}
		}
	}
	return nil
}

// IsHTTPToken reports whether s is a token of RFC 9110 section 5.6.2.
func IsHTTPToken(s string) bool {
	for i := range len(s) {
		if !isTokenByte(s[i]) {
			return false
		}
	}
	return s != ""
}

func isTokenByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}
