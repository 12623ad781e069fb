package call

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"time"

	"m2m/internal/text"
	"m2m/internal/transport"
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

// Do sends the request and returns the answer, whatever its status. The answer
// must be closed. The error is that of Check, an *UnreachableError, ErrNoTransport,
// the body's own or the transport's about its CA file. The context bounds the reading of the body too.
func (c *Client) Do(ctx context.Context, req Request) (*Answer, error) {
	if c.Transport == nil {
		return nil, ErrNoTransport
	}
	if err := req.Check(false); err != nil {
		return nil, err
	}
	var (
		answer   *Answer
		err      error
		attempts int
	)
	ended := transport.Retry{
		Attempts: req.Retry.Max + 1,
		Backoff:  req.Retry.backoff(),
		Sleep:    c.Sleep,
		Now:      c.Now,
		BeforePause: func(int, time.Duration) {
			if answer != nil {
				answer.discard()
			}
		},
	}.Do(ctx, func(attempt int) transport.Attempt {
		attempts = attempt
		answer, err = c.follow(ctx, req)
		return attemptOf(answer, err)
	})
	// An answer whose Retry-After ends after the context is returned as it is:
	// waiting could only end in a time-out that hides it.
	if ended != nil && !errors.Is(ended, transport.ErrNoTimeToRetry) {
		return nil, unreachable(req.URL, ended, attempts)
	}
	var u *UnreachableError
	switch {
	case errors.As(err, &u):
		u.attempts = attempts
	case answer != nil:
		answer.Attempts = attempts
	}
	return answer, err
}

// follow sends the request and goes where it is redirected, inside the origin.
// It does not use http.Client, which follows redirects to other hosts and
// leaves it to a list of header names what goes with them.
func (c *Client) follow(ctx context.Context, req Request) (*Answer, error) {
	next := hop{method: req.EffectiveMethod(), url: req.URL, body: req.Body}
	var seen []Redirect
	for {
		answer, err := c.send(ctx, req, next)
		if err != nil {
			return nil, err
		}
		redirect, target := next.redirect(answer, req, len(seen))
		if redirect != nil {
			seen = append(seen, *redirect)
		}
		answer.Redirects = seen
		if target == nil {
			return answer, nil
		}
		answer.discard()
		next = *target
	}
}

// send makes one exchange.
func (c *Client) send(ctx context.Context, req Request, h hop) (*Answer, error) {
	watch := newStopwatch(c.now)
	hr, err := newHTTPRequest(httptrace.WithClientTrace(ctx, watch.trace()), req, h)
	if err != nil {
		return nil, err
	}
	resp, err := c.Transport.RoundTrip(hr)
	if err != nil {
		if cause := bodyFault(hr.Body); cause != nil {
			return nil, fmt.Errorf("reading what is to be sent: %w", cause)
		}
		if errors.Is(err, transport.ErrCAFile) || errors.Is(err, transport.ErrProxySetting) {
			return nil, err // nothing was sent: it says nothing of the API
		}
		return nil, unreachable(h.url, err, 1)
	}
	return newAnswer(resp, req, h, watch), nil
}

func newHTTPRequest(ctx context.Context, req Request, h hop) (*http.Request, error) {
	hr := (&http.Request{
		Method: h.method, URL: h.url, Host: req.Header.Get("Host"), Header: header(req),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(ctx)
	if h.body.IsZero() {
		return hr, nil
	}
	body, err := h.body.Open()
	if err != nil {
		return nil, err
	}
	hr.Body, hr.ContentLength = &sentBody{ReadCloser: body}, h.body.length
	if h.body.length == 0 {
		hr.Body = http.NoBody
	}
	hr.GetBody = h.body.Open
	return hr, nil
}

func header(req Request) http.Header {
	h := http.Header{}
	for name, values := range req.Header {
		for _, v := range values {
			h.Add(name, v)
		}
	}
	h.Del("Host")
	for name, value := range map[string]string{"Accept": "*/*", "User-Agent": "m2m"} {
		if _, set := h[name]; !set {
			h.Set(name, value)
		}
	}
	if !req.Token.IsZero() {
		h.Set("Authorization", "Bearer "+req.Token.Reveal())
	}
	return h
}

func (c *Client) now() time.Time {
	if c.Now == nil {
		return time.Now()
	}
	return c.Now()
}

const (
	defaultWait = 500 * time.Millisecond
	longestWait = 30 * time.Second
)

// attemptOf says whether another attempt may succeed, and how long the answer
// asks to wait for it.
func attemptOf(a *Answer, err error) (ended transport.Attempt) {
	ended.Again = mayRecover(a, err)
	if a != nil {
		ended.After, ended.Asked = a.RetryAfter()
	}
	return ended
}

// mayRecover reports whether a failure is one that another attempt can mend.
func mayRecover(a *Answer, err error) bool {
	var u *UnreachableError
	switch {
	case errors.As(err, &u):
		return !u.Cause.Fault.Lasting()
	case err != nil || a == nil:
		return false
	}
	return a.Status == http.StatusTooManyRequests || a.Status >= 500
}

func (r Retry) backoff() transport.Backoff {
	if r.Wait <= 0 {
		return transport.Backoff{First: defaultWait, Longest: longestWait}
	}
	return transport.Backoff{First: r.Wait, Longest: longestWait}
}

// RetryAfter returns how long the server asks to wait; ok is false where it asks
// for nothing that can be read.
func (a *Answer) RetryAfter() (d time.Duration, ok bool) {
	return transport.RetryAfter(a.Header, a.ReceivedAt)
}

// ErrUnreachable says that no answer came, or not all of it.
var ErrUnreachable = errors.New("the API cannot be reached")

// UnreachableError says which address gave no answer, and why. It wraps
// ErrUnreachable and the cause.
type UnreachableError struct {
	// Cause is what went wrong on the way.
	Cause *transport.Error
	// Address is the scheme, host and port that were tried.
	Address string
	// Partial reports that an answer had begun.
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
