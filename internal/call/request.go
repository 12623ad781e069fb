package call

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"m2m/internal/entra"
)

// What makes a request impossible before anything is sent.
var (
	// ErrTwoAuthorizations says that a request has both a token and an
	// Authorization header of its own.
	ErrTwoAuthorizations = errors.New("the request has an Authorization header and a token")
	// ErrPlainHTTP says that credentials would cross a network unencrypted.
	ErrPlainHTTP = errors.New("credentials go over plain http only to this machine")
	// ErrTokenForm says that the token cannot stand in a header: it holds white
	// space, control characters or a second word.
	ErrTokenForm = errors.New("the token cannot be sent as a bearer token")
	// ErrMethod says that the method is not an HTTP token.
	ErrMethod = errors.New("the method is not an HTTP method")
	// ErrHeader says that a header's name or value is not allowed in HTTP.
	ErrHeader = errors.New("the header is not valid HTTP")
	// ErrNoTransport says that a Client was made without a Transport.
	ErrNoTransport = errors.New("the client has no transport")
)

// Request is one request and what is expected of its answer.
type Request struct {
	// Method is the HTTP method; empty means GET, or POST where Body is set.
	Method string
	// URL is absolute, http or https: see ResolveURL.
	URL *url.URL
	// Header holds the caller's own fields. Accept and User-Agent have defaults.
	Header http.Header
	// Body is what is sent; the zero value sends none.
	Body Body
	// Token is sent as a bearer token; the zero value sends none.
	Token entra.Secret
	// Expect is what the answer is held against; the zero value expects a 2xx status.
	Expect Expect
	// Follow follows redirects inside the origin of URL. Others are never followed.
	Follow bool
	// Retry says how often to try again; the zero value tries once.
	Retry Retry
	// AllowPlainHTTP lets credentials go over plain http to other machines.
	AllowPlainHTTP bool
}

// Retry says when a request is sent again: after a connection fault, a 429 or
// a 5xx status, and only if its body can be sent again. POST and PATCH are
// repeated too, because whoever asks for retries vouches for the request.
type Retry struct {
	// Max is the number of further attempts; 0 means none.
	Max int
	// Wait is the pause before the second attempt, doubled for each further
	// one; 0 means half a second. A Retry-After of the server's is longer or
	// shorter than that, and holds.
	Wait time.Duration
}
