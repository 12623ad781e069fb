package token

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"m2m/internal/entra"
	"m2m/internal/input"
	"m2m/internal/text"
	"m2m/internal/transport"
)

// The pauses between attempts.
const (
	maxAttempts  = 4
	firstPause   = 250 * time.Millisecond
	longestPause = time.Second
)

// maxAnswer bounds an answer. Entra's are a few kilobytes.
const maxAnswer = 1 << 20

// What can be wrong with a server that is about to receive a secret, or with its
// answer. They reach the caller inside an *Outage.
var (
	ErrPlainHTTP       = errors.New("the address is not https, and a secret would cross the network in clear")
	ErrRedirect        = errors.New("the answer is a redirect, which is not followed: the secret would go with it")
	ErrForeignEndpoint = errors.New("the discovery document names a token endpoint on a host that does not belong to the authority")
	ErrNotEntra        = errors.New("the response is not from Entra")
	ErrAnswerSize      = errors.New("the answer is larger than a token response can be")
	ErrRetryTooFar     = errors.New("the server asks to wait longer than there is time")
)

// tokenEndpoint is the transport under MSAL: it sends to https alone, follows
// no redirect, bounds answers, and sends again what may succeed the next time.
// Its errors are *Outage, *UnreachableError, *SettingError or the context's.
type tokenEndpoint struct {
	// authority bounds the hosts that a discovery document may name.
	authority entra.Authority

	next  http.RoundTripper
	wait  func(context.Context, time.Duration) error
	debug func(string)
}

// RoundTrip implements http.RoundTripper. Sending a client-credentials request
// twice is safe: another token is issued, and nothing else changes.
func (e *tokenEndpoint) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer func() { _ = req.Body.Close() }() // attempts send copies from GetBody
	}
	if req.URL.Scheme != "https" {
		return nil, &Outage{Address: req.URL.Host, Err: ErrPlainHTTP}
	}
	if !mayReceiveSecrets(e.authority, req.URL) {
		return nil, &Outage{Address: req.URL.Host, Err: fmt.Errorf("%w, %s", ErrForeignEndpoint, e.authority.Origin)}
	}
	var resp *http.Response
	var failure error
	ended := transport.Retry{
		Attempts: maxAttempts, Backoff: transport.Backoff{First: firstPause, Longest: longestPause}, Sleep: e.wait,
		BeforePause: func(attempt int, pause time.Duration) {
			e.debug(fmt.Sprintf("attempt %d of %d failed, the next one in %s: %s",
				attempt, maxAttempts, text.Duration(pause), text.OneLine(failure.Error(), maxShown)))
		},
	}.Do(req.Context(), func(int) transport.Attempt {
		resp, failure = e.attempt(req)
		pause := askedPause(failure)
		return transport.Attempt{Again: retryable(failure), After: pause, Asked: pause > 0}
	})
	if ended == nil {
		return resp, failure
	}
	if !errors.Is(ended, transport.ErrNoTimeToRetry) {
		return nil, ended
	}
	var outage *Outage
	if deadline, ok := req.Context().Deadline(); ok && errors.As(failure, &outage) && outage.RetryAfter > 0 {
		outage.Err = fmt.Errorf("%w: it asks for %s, and %s is left", ErrRetryTooFar,
			text.Duration(outage.RetryAfter), text.Duration(time.Until(deadline).Round(time.Second)))
	}
	return nil, failure
}

// mayReceiveSecrets reports whether a host may receive what the authority may: its own
// host, a login host of the same cloud, or that of a region below one.
func mayReceiveSecrets(a entra.Authority, u *url.URL) bool {
	host := strings.TrimSuffix(text.LowerASCII(u.Host), ":443")
	if "https://"+host == a.Origin {
		return true
	}
	own, isEntra := a.Cloud()
	if !isEntra {
		return false
	}
	cloud, ok := entra.CloudByHost(host)
	if !ok {
		_, parent, _ := strings.Cut(host, ".")
		cloud, ok = entra.CloudByHost(parent)
	}
	return ok && cloud.Name == own.Name
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
	body = withoutSecrets(req, resp.StatusCode, body)
	if outage := outageOf(req.URL.Host, resp.StatusCode, resp.Header, body); outage != nil {
		return nil, outage
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

func readAnswer(resp *http.Response) ([]byte, error) {
	defer func() { _ = resp.Body.Close() }() // read to its end or given up
	body, err := input.Read(resp.Body, maxAnswer)
	if errors.Is(err, input.ErrTooLarge) {
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
	case err == nil, errors.Is(err, context.DeadlineExceeded):
		return false
	case errors.As(err, &outage):
		return outage.Transient()
	case errors.As(err, &fault):
		switch fault.Fault {
		case transport.FaultRefused, transport.FaultClosed, transport.FaultOther:
			return true
		}
	}
	return false
}

// askedPause is how long the server asks to wait, and a little more, so that many
// clients do not come back at once; 0 if it does not ask.
func askedPause(failure error) time.Duration {
	var outage *Outage
	if !errors.As(failure, &outage) || outage.RetryAfter == 0 {
		return 0
	}
	return outage.RetryAfter + rand.N(firstPause)
}
