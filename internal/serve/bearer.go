package serve

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"m2m/internal/entra"
)

// Errors of [Bearer].
var (
	// ErrNoToken says that the request carries no bearer token: no
	// Authorization header, or one of another scheme. RFC 6750 section 3.1
	// answers it with 401 and no error code.
	ErrNoToken = errors.New("the request has no bearer token")
	// ErrMalformed says that the request carries a token in a way that is not
	// one header, one scheme, one token. RFC 6750 section 3.1 answers it with
	// 400 invalid_request.
	ErrMalformed = errors.New("the request does not carry its token properly")
)

// Bearer takes the access token out of a request. It must be in one
// Authorization header, of the scheme Bearer (in either case), one or more
// spaces, and one token.
//
// A token in the query, or in two headers, is rejected even where one of them is
// valid: two parts of a system that each pick another one can be played against
// each other (RFC 6750 section 2, RFC 9700 section 4.3.2). The body is not read.
//
// The error wraps ErrNoToken or ErrMalformed.
func Bearer(r *http.Request) (entra.Secret, error) {
	if hasParameter(r.URL.RawQuery) {
		return entra.Secret{}, fmt.Errorf("%w: there is one in the query of the URL, where logs and histories keep it", ErrMalformed)
	}
	switch values := r.Header["Authorization"]; len(values) {
	case 0:
		return entra.Secret{}, fmt.Errorf("%w: it has no Authorization header", ErrNoToken)
	case 1:
		return parseCredentials(values[0])
	default:
		return entra.Secret{}, fmt.Errorf("%w: it has %d Authorization headers, expected one", ErrMalformed, len(values))
	}
}

// parseCredentials reads the value of an Authorization header:
// "Bearer" 1*SP b64token (RFC 6750 section 2.1, RFC 9110 section 11.4). Which
// characters a token may have is left to the verifier, who looks at each anyway.
func parseCredentials(value string) (entra.Secret, error) {
	end := strings.IndexFunc(value, func(r rune) bool { return !isTchar(r) })
	if end < 0 {
		end = len(value)
	}
	scheme, rest := value[:end], value[end:]
	switch {
	case value == "":
		return entra.Secret{}, fmt.Errorf("%w: its Authorization header is empty", ErrMalformed)
	case !strings.EqualFold(scheme, "Bearer") && listsBearer(rest):
		return entra.Secret{}, fmt.Errorf("%w: its Authorization header is a list, expected one scheme", ErrMalformed)
	case !strings.EqualFold(scheme, "Bearer"):
		return entra.Secret{}, fmt.Errorf("%w: its Authorization header does not begin with Bearer and a space", ErrNoToken)
	}
	token := strings.TrimLeft(rest, " ")
	switch {
	case strings.Trim(rest, " \t") == "":
		return entra.Secret{}, fmt.Errorf("%w: there is nothing after Bearer", ErrMalformed)
	case len(token) == len(rest):
		return entra.Secret{}, fmt.Errorf("%w: expected a space after Bearer", ErrMalformed)
	case strings.IndexByte(token, ' ') >= 0, strings.IndexByte(token, ',') >= 0, strings.IndexByte(token, '\t') >= 0:
		return entra.Secret{}, fmt.Errorf("%w: there is more than one token after Bearer", ErrMalformed)
	}
	return entra.NewSecret(token), nil
}

// listsBearer reports whether a later element of a comma list has the scheme, as in
// "Basic dTpw, Bearer eyJ…", which some proxies make of two headers.
func listsBearer(rest string) bool {
	_, rest, found := strings.Cut(rest, ",")
	for found {
		var element string
		element, rest, found = strings.Cut(rest, ",")
		scheme, _, _ := strings.Cut(strings.TrimLeft(element, " \t"), " ")
		if strings.EqualFold(scheme, "Bearer") {
			return true
		}
	}
	return false
}

// hasParameter reports whether a query or a form names access_token, however
// the name is escaped. A semicolon separates too, because servers behind this
// one may think so.
func hasParameter(encoded string) bool {
	for encoded != "" {
		pair := encoded
		if i := strings.IndexAny(encoded, "&;"); i >= 0 {
			pair, encoded = encoded[:i], encoded[i+1:]
		} else {
			encoded = ""
		}
		name, _, _ := strings.Cut(pair, "=")
		if decoded, err := url.QueryUnescape(name); err == nil {
			name = decoded
		}
		if name == "access_token" {
			return true
		}
	}
	return false
}

// isToken reports whether s is a token (RFC 9110 section 5.6.2).
func isToken(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return !isTchar(r) }) < 0
}

// isTchar reports whether c is allowed in the name of a scheme (RFC 9110
// section 5.6.2).
func isTchar(c rune) bool {
	return isAlphanumeric(c) || strings.ContainsRune("!#$%&'*+-.^_`|~", c)
}

func isAlphanumeric(c rune) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
