package transport

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Client sends one request, as http.Client does. Redirects are its matter.
type Client interface {
	Do(*http.Request) (*http.Response, error)
}

// Limits bound one Fetch and add to what it asks for.
type Limits struct {
	// Time is for the whole exchange; 0 leaves it to the context.
	Time time.Duration
	// Bytes is how large a body may be.
	Bytes int64
	// ETag is that of the document which the caller has; empty if it has none.
	ETag string
	// Header is sent with the request; nil for none.
	Header http.Header
}

// StatusError is a response to Fetch with another status than 200.
type StatusError struct {
	// Status is the number, Text the whole status line, as the server wrote it.
	Status int
	Text   string
}

// Error names the status.
func (e *StatusError) Error() string { return fmt.Sprintf("it answers HTTP %d, not 200", e.Status) }

// SizeError is a body of more than Limits.Bytes.
type SizeError struct{ Limit int64 }

// Error names the limit.
func (e *SizeError) Error() string {
	return fmt.Sprintf("it sends more than %d KiB", e.Limit>>10)
}

// Fetch gets one document of bounded size, in bounded time. For a response of 304
// to Limits.ETag the body is nil and the tag is that one. Errors are *StatusError,
// *SizeError, those of the address (before anything is sent) and the client's.
func Fetch(ctx context.Context, client Client, address string, l Limits) (body []byte, etag string, err error) {
	if l.Time > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, l.Time)
		defer cancel()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, "", err
	}
	request.Header.Set("Accept", "application/json")
	for name, values := range l.Header {
		request.Header[name] = values
	}
	if l.ETag != "" {
		request.Header.Set("If-None-Match", l.ETag)
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = response.Body.Close() }() // only read from
	switch {
	case response.StatusCode == http.StatusNotModified && l.ETag != "":
		return nil, l.ETag, nil
	case response.StatusCode != http.StatusOK:
		return nil, "", &StatusError{response.StatusCode, response.Status}
	}
	body, err = io.ReadAll(io.LimitReader(response.Body, l.Bytes+1))
	switch {
	case err != nil:
		return nil, "", err
	case int64(len(body)) > l.Bytes:
		return nil, "", &SizeError{l.Bytes}
	}
	return body, response.Header.Get("ETag"), nil
}

// WithoutRedirects returns a copy of a client that follows no redirect: the
// response is the redirect itself.
func WithoutRedirects(client *http.Client) *http.Client {
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}
