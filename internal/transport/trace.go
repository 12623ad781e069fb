package transport

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"m2m/internal/text"
)

// maxShown bounds what is repeated of a text of unknown origin, in bytes.
const maxShown = 300

// Exchange is one request and its response as a trace shows it: no body, no
// header, no query values, no user information.
type Exchange struct {
	// Method and URL are those of the request.
	Method, URL string
	// Status is the response's; 0 if there was none.
	Status int
	// Duration is the time to the response's headers.
	Duration time.Duration
	// Err is why there was no response.
	Err error
}

// String is the exchange on one line.
func (e Exchange) String() string {
	took := text.Duration(e.Duration)
	if e.Err != nil {
		return fmt.Sprintf("%s %s: no answer after %s: %s", e.Method, e.URL, took, text.OneLine(e.Err.Error(), maxShown))
	}
	return fmt.Sprintf("%s %s: %d after %s", e.Method, e.URL, e.Status, took)
}

// tracer is a RoundTripper under the trace of a Transport.
type tracer struct {
	transport *Transport
	next      http.RoundTripper
}

func (t tracer) RoundTrip(req *http.Request) (*http.Response, error) {
	return t.transport.traced(t.next, req)
}

// traced sends the request through next and reports it to the trace.
func (t *Transport) traced(next http.RoundTripper, req *http.Request) (*http.Response, error) {
	if t.config.Trace == nil {
		return next.RoundTrip(req)
	}
	start := time.Now()
	resp, err := next.RoundTrip(req)
	e := Exchange{Method: req.Method, URL: redactURL(req.URL), Duration: time.Since(start), Err: err}
	if resp != nil {
		e.Status = resp.StatusCode
	}
	t.config.Trace(e)
	return resp, err
}

// redactURL returns a URL without what may be secret in it.
func redactURL(u *url.URL) string {
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	if u.RawQuery != "" {
		return shown.String() + "?[redacted]"
	}
	return shown.String()
}
