package token

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"m2m/internal/text"
	"m2m/internal/transport"
)

// Outage is an answer that neither grants nor rejects: 408, 429 or 5xx after
// every retry, a redirect, or something that is not Entra's. It matches
// ErrUnavailable and, with errors.Is, its cause, such as ErrRedirect.
type Outage struct {
	// Address is the host that answered.
	Address string
	// Status is the HTTP status; 0 if nothing was sent.
	Status int
	// RetryAfter is how long the server asked to wait; 0 if it did not say.
	RetryAfter time.Duration
	// Refusal is the OAuth error in the answer, if it held one.
	Refusal *Refusal
	// Err says what is wrong with the answer; nil if the status says it all.
	Err error
}

// Error says what was answered.
func (e *Outage) Error() string {
	var b strings.Builder
	b.WriteString(e.Address)
	if e.Status != 0 {
		fmt.Fprintf(&b, " answered %d %s", e.Status, http.StatusText(e.Status))
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	if e.Refusal != nil {
		b.WriteString(": " + e.Refusal.Error())
	}
	return b.String()
}

// Unwrap returns what is wrong with the answer. The OAuth error inside is not
// unwrapped: an outage is no refusal.
func (e *Outage) Unwrap() error { return e.Err }

// Is reports whether target is ErrUnavailable.
func (e *Outage) Is(target error) bool { return target == ErrUnavailable }

// Transient reports whether the same request may succeed a moment later.
func (e *Outage) Transient() bool {
	switch e.Status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	}
	return e.Status >= 500
}

// outageOf returns the outage that an answer is; nil if it grants or refuses,
// which is for MSAL and refusedBy to say.
func outageOf(address string, status int, h http.Header, body []byte) *Outage {
	outage := &Outage{Address: address, Status: status}
	switch {
	case status >= 300 && status < 400:
		outage.Err = ErrRedirect
		if to, err := url.Parse(h.Get("Location")); err == nil && to.Host != "" {
			outage.Err = fmt.Errorf("%w: it leads to %s", ErrRedirect, text.OneLine(to.Host, maxShown))
		}
		return outage
	case !outage.Transient() && status < 500:
		return nil
	}
	outage.RetryAfter = retryAfter(h)
	outage.Refusal = parseRefusal(status, h, body)
	return outage
}

// maxRetryAfter bounds what a server can ask for.
const maxRetryAfter = 24 * time.Hour

// retryAfter is how long a server asks to wait; 0 if it does not ask.
func retryAfter(h http.Header) time.Duration {
	d, _ := transport.RetryAfter(h, time.Now())
	return min(d, maxRetryAfter)
}
