package call

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"m2m/internal/entra"
	"m2m/internal/text"
	"m2m/internal/transport"
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
	// Expect is what the answer is checked against; the zero value expects a 2xx status.
	Expect Expect
	// KeepJSON keeps the body for Answer.JSON.
	KeepJSON bool
	// Follow follows redirects inside the origin of URL. Others are never followed.
	Follow bool
	// Retry says how often to try again; the zero value tries once.
	Retry Retry
	// AllowPlainHTTP lets credentials go over plain http to other machines.
	AllowPlainHTTP bool
}

// Retry says when a request is sent again: after a connection fault, a 429 or
// a 5xx status. POST and PATCH are repeated too, because the caller asked for
// retries.
type Retry struct {
	// Max is the number of further attempts; 0 means none.
	Max int
	// Wait is the pause before the second attempt, doubled for each further
	// one; 0 means half a second. A Retry-After of the server's is longer or
	// shorter than that, and holds.
	Wait time.Duration
}

// Body is the content of a request. The zero value is no content.
type Body struct {
	open   func() (io.ReadCloser, error)
	length int64 // -1: unknown
}

// BytesBody sends b, as often as needed.
func BytesBody(b []byte) Body {
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
	return Body{open: open, length: int64(len(b))}
}

// FileBody sends what open returns, which is called for each attempt. length
// is in bytes; -1 means unknown.
func FileBody(open func() (io.ReadCloser, error), length int64) Body {
	return Body{open: open, length: length}
}

// IsZero reports whether there is no content.
func (b Body) IsZero() bool { return b.open == nil }

// Open returns the content from its beginning; only for a body that is not zero.
func (b Body) Open() (io.ReadCloser, error) { return b.open() }

// sentBody remembers why the content could not be read, which net/http reports
// as if the connection had failed. The transport reads it in a goroutine that
// may outlive the exchange.
type sentBody struct {
	io.ReadCloser
	mu  sync.Mutex
	err error
}

func (b *sentBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		b.mu.Lock()
		b.err = err
		b.mu.Unlock()
	}
	return n, err
}

// bodyFault returns what reading a request's content failed with, or nil.
func bodyFault(r io.Reader) error {
	b, ok := r.(*sentBody)
	if !ok {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

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
		return fmt.Errorf("%w: %s", ErrMethod, text.Quote(r.Method))
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
	if r.AllowPlainHTTP || !transport.InClear(r.URL) {
		return nil
	}
	if hasToken {
		return r.inClear("the token")
	}
	if fields := transport.Credentials(r.Header); len(fields) > 0 {
		return r.inClear("the header " + text.Quote(fields[0]))
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

// inClear is the error of a credential that would cross a network unencrypted.
func (r Request) inClear(what string) error {
	secure := *r.URL
	secure.Scheme = "https"
	return &AddressError{
		Address: DisplayAddress(r.URL.String()), Instead: DisplayAddress(secure.String()), kind: ErrPlainHTTP,
		Fault:  AddressInClear,
		Reason: what + " would cross the network unencrypted; anyone who sees it can use it",
	}
}

// CheckHeader rejects what net/http would, without quoting a value: it may be
// a secret.
func CheckHeader(h http.Header) error {
	for name, values := range h {
		if !IsHTTPToken(name) {
			return fmt.Errorf("%w: the name %s", ErrHeader, text.Quote(name))
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
