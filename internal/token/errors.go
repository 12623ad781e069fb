package token

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"m2m/internal/text"
	"m2m/internal/transport"
)

// maxShown bounds in bytes what an error repeats of a foreign value.
const maxShown = 200

// The three kinds of failure. Every error of this package matches exactly one of
// them with errors.Is, or a context's error.
var (
	// ErrSettings says that a setting, or a file that one names, cannot work.
	// Nothing was sent.
	ErrSettings = errors.New("a setting cannot work")
	// ErrRefused says that the identity provider rejected the request.
	ErrRefused = errors.New("the identity provider rejected the request")
	// ErrUnavailable says that the outcome is unknown: the network, TLS, a
	// time-out, or an unusable answer.
	ErrUnavailable = errors.New("the identity provider gave no usable answer")
)

// SettingError is a setting that cannot work, found before anything was sent.
// It matches ErrSettings and, with errors.Is, its own cause, such as
// entra.ErrScopeNotDefault.
type SettingError struct {
	// Setting says in words which setting it is: "tenant", "client secret".
	Setting string
	// Found is what was given; empty where it must not be shown.
	Found string
	// Err is what is wrong with it.
	Err error
}

// Error says which setting fails, what was found and what is wrong with it.
func (e *SettingError) Error() string {
	if e.Found == "" {
		return e.Setting + ": " + e.Err.Error()
	}
	return e.Setting + " " + text.QuoteGiven(e.Found) + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *SettingError) Unwrap() error { return e.Err }

// Is reports whether target is ErrSettings.
func (e *SettingError) Is(target error) bool { return target == ErrSettings }

// settingError makes a *SettingError; nil if err is nil.
func settingError(setting, found string, err error) error {
	if err == nil {
		return nil
	}
	return &SettingError{Setting: setting, Found: found, Err: err}
}

// UnreachableError is an identity provider that gave no answer. It matches
// ErrUnavailable.
type UnreachableError struct{ Cause *transport.Error }

// Error says which server gave no answer, and why.
func (e *UnreachableError) Error() string { return e.Cause.Error() }

// Unwrap returns why.
func (e *UnreachableError) Unwrap() error { return e.Cause }

// Is reports whether target is ErrUnavailable.
func (e *UnreachableError) Is(target error) bool { return target == ErrUnavailable }

// networkFault converts an error of a transport: to a *SettingError for a CA file,
// the context's if the caller gave up, and else an *UnreachableError.
func networkFault(req *http.Request, err error) error {
	var file *transport.CAFileError
	var proxy *transport.ProxySettingError
	switch {
	case errors.As(err, &file):
		return caFileError(file)
	case errors.As(err, &proxy):
		return proxy
	case errors.Is(err, context.Canceled):
		return err
	}
	return &UnreachableError{transport.Diagnose(req.URL.Host, err)}
}

func caFileError(e *transport.CAFileError) error {
	return settingError("CA file", e.Path, e.Err)
}

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

// Unwrap returns what is wrong with the answer. It leaves out the OAuth error
// inside, because an outage is not a refusal.
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

// outageOf returns the outage that an answer is; nil if it may grant or reject.
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
