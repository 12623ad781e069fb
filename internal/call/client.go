package call

import (
	"context"
	"net/http"
	"time"
)

// Client sends requests. It holds no state of its own and may be used by
// several goroutines.
type Client struct {
	// Transport makes the connections: roots, proxies and limits are its.
	Transport http.RoundTripper
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Sleep waits between attempts; nil means a timer that the context ends.
	Sleep func(ctx context.Context, d time.Duration) error
}

// Check says what is wrong with a request before anything is sent, and before
// a token is acquired for it. The error is an *AddressError, or wraps
// ErrTwoAuthorizations, ErrTokenForm, ErrMethod or ErrHeader. A request that
// is going to have a token has to say so with willHaveToken.
func (r Request) Check(willHaveToken bool) error { return nil }

// Do sends the request and returns the answer, whatever its status. The answer
// must be closed. The error is that of Check, an *UnreachableError, or the
// body's own.
func (c *Client) Do(ctx context.Context, req Request) (*Answer, error) { return nil, nil }
