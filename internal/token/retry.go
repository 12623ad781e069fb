package token

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"

	"m2m/internal/text"
	"m2m/internal/transport"
)

// The pauses between attempts: a quarter of a second, then a half, then one,
// each times a random factor, so that many clients do not come back at once.
const (
	maxAttempts = 4
	firstPause  = 250 * time.Millisecond
)

// maxAnswer bounds an answer. Entra's are a few kilobytes.
const maxAnswer = 1 << 20

// What can be wrong with a place that is about to receive a secret, or with
// its answer. They reach the caller inside an *Outage.
var (
	ErrPlainHTTP   = errors.New("the address is not https, and a secret would cross the network in clear")
	ErrRedirect    = errors.New("the answer is a redirect, which is not followed: the secret would go with it")
	ErrNotEntra    = errors.New("the answer is not one of Entra's")
	ErrAnswerSize  = errors.New("the answer is larger than a token response can be")
	ErrRetryTooFar = errors.New("the server asks to wait longer than there is time")
)

// tokenEndpoint is the transport under MSAL: it sends to https alone, follows
// no redirect, bounds answers, and sends again what may succeed the next time.
// Its errors are *Outage, *unasked, *SettingError or the context's.
type tokenEndpoint struct {
	next  http.RoundTripper
	wait  func(context.Context, time.Duration) error
	debug func(string)
}

// RoundTrip implements http.RoundTripper. Sending a client-credentials request
// twice is safe: it changes nothing but the number of tokens in the world.
func (e *tokenEndpoint) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer func() { _ = req.Body.Close() }() // attempts send copies from GetBody
	}
	if req.URL.Scheme != "https" {
		return nil, &Outage{Address: req.URL.Host, Err: ErrPlainHTTP}
	}
	for attempt := 1; ; attempt++ {
		resp, err := e.attempt(req)
		if err == nil || attempt == maxAttempts || !retryable(err) {
			return resp, err
		}
		if err := e.pause(req.Context(), attempt, err); err != nil {
			return nil, err
		}
	}
}

// attempt sends the request once and reads the whole answer.
func (e *tokenEndpoint) attempt(req *http.Request) (*http.Response, error) {
	again := req.Clone(req.Context())
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		again.Body = body
	}
	resp, err := e.next.RoundTrip(again)
	if err != nil {
		return nil, networkFault(req, err)
	}
	body, err := readAnswer(resp)
	if ended := req.Context().Err(); ended != nil {
		// A server that sees the connection close may still finish its answer,
		// empty, and the transport may still deliver it.
		return nil, networkFault(req, ended)
	}
	if errors.Is(err, ErrAnswerSize) {
		return nil, &Outage{Address: req.URL.Host, Status: resp.StatusCode, Err: err}
	}
	if err != nil {
		return nil, networkFault(req, err)
	}
	body = withoutEcho(req, resp.StatusCode, body)
	if outage := outageOf(req.URL.Host, resp.StatusCode, resp.Header, body); outage != nil {
		return nil, outage
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

func readAnswer(resp *http.Response) ([]byte, error) {
	defer func() { _ = resp.Body.Close() }() // read to its end or given up
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		err = ErrAnswerSize
	}
	return body, err
}

// retryable reports whether the same request may succeed a moment later.
func retryable(err error) bool {
	var (
		outage *Outage
		fault  *transport.Error
	)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return false
	case errors.As(err, &outage):
		return outage.transient()
	case errors.As(err, &fault):
		switch fault.Fault {
		case transport.FaultRefused, transport.FaultClosed, transport.FaultOther:
			return true
		}
	}
	return false
}

// pause waits before the next attempt. If there is no time for it, it returns
// the failure at once instead of letting the context run out over it.
func (e *tokenEndpoint) pause(ctx context.Context, attempt int, failure error) error {
	d := time.Duration((0.5 + rand.Float64()) * float64(firstPause<<(attempt-1)))
	var outage *Outage
	asked := errors.As(failure, &outage) && outage.RetryAfter > 0
	if asked {
		d = outage.RetryAfter + time.Duration(rand.Float64()*float64(firstPause))
	}
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline)
		if asked && outage.RetryAfter >= left {
			outage.Err = fmt.Errorf("%w: it asks for %s, and %s is left",
				ErrRetryTooFar, outage.RetryAfter, left.Round(time.Second))
			return outage
		}
		if d >= left {
			return failure
		}
	}
	e.debug(fmt.Sprintf("attempt %d of %d failed, the next one in %s: %s",
		attempt, maxAttempts, d.Round(time.Millisecond), text.OneLine(failure.Error(), maxQuoted)))
	return e.wait(ctx, d)
}

// sleep is the pause of a Client that has no Wait of its own.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
