package serve

import (
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"m2m/internal/serve/exposition"
	"m2m/internal/verify"
)

// outcome classifies a finished request for the metrics.
type outcome int

const (
	// answered: the handler succeeded.
	answered outcome = iota
	// unauthorized: no token, an invalid one, or one without the permission.
	unauthorized
	// unknown: the token could not be validated, because keys are out of reach.
	unknown
	// invalidRequest: no such path or method, a token in the wrong place, too large a
	// body, or one that never came.
	invalidRequest
	// failed: a fault of the API or its upstream, or not ready.
	failed
	outcomes
)

// String returns the label's value.
func (o outcome) String() string {
	return [outcomes]string{"answered", "unauthorized", "unknown", "invalid_request", "failed"}[o]
}

// otherRoute counts requests for unknown paths, and upstreamRoute those that the
// upstream answers. Labels never come from a request, so that a caller cannot
// create time series.
const (
	otherRoute    = "other"
	upstreamRoute = "upstream"
)

// metrics counts requests. Everything else is read from its source when the metrics
// are requested.
type metrics struct {
	requests     map[string]*[outcomes]atomic.Uint64 // by route; fixed when made
	rest         string                              // the route of other paths
	rejections   map[string]*atomic.Uint64           // by reason; fixed when made
	verification exposition.Histogram
	durations    map[string]*exposition.Histogram // by route; fixed when made
}

func newMetrics(routes []string, rest string) *metrics {
	m := &metrics{
		rest: rest, requests: map[string]*[outcomes]atomic.Uint64{}, rejections: map[string]*atomic.Uint64{},
		verification: exposition.NewHistogram(verificationBounds()), durations: map[string]*exposition.Histogram{},
	}
	for _, route := range append(routes, rest) {
		m.requests[route] = new([outcomes]atomic.Uint64)
		durations := exposition.NewHistogram(requestBounds())
		m.durations[route] = &durations
	}
	for _, reason := range rejectionReasons() {
		m.rejections[reason] = new(atomic.Uint64)
	}
	return m
}

// Reasons of rejections other than the verifier's checks.
const (
	reasonNoToken   = "no_token"
	reasonMalformed = "malformed_request"
	reasonTooLarge  = "too_large"
	reasonNoKeys    = "keys_out_of_reach"
)

// rejectionReasons returns all reasons: faults of the request, and the check that a
// token failed.
func rejectionReasons() []string {
	reasons := []string{reasonNoToken, reasonMalformed, reasonTooLarge, reasonNoKeys}
	for _, check := range []verify.Check{
		verify.CheckForm, verify.CheckAlgorithm, verify.CheckKey, verify.CheckSignature, verify.CheckIssuer, verify.CheckTenant,
		verify.CheckAudience, verify.CheckLifetime, verify.CheckKind, verify.CheckBinding,
		verify.CheckClient, verify.CheckPermission,
	} {
		reasons = append(reasons, string(check))
	}
	return reasons
}

func rejectionReason(why error) string {
	about := (*verify.Error)(nil)
	switch {
	case errors.Is(why, ErrNoToken):
		return reasonNoToken
	case errors.Is(why, ErrMalformed):
		return reasonMalformed
	case errors.As(why, new(*http.MaxBytesError)):
		return reasonTooLarge
	case errors.As(why, &about) && !errors.Is(why, verify.ErrUndecided):
		return string(about.Check)
	}
	return reasonNoKeys
}

// count adds a finished request.
func (m *metrics) count(route string, x *exchange, took time.Duration) {
	if m.requests[route] == nil {
		route = m.rest
	}
	m.requests[route][outcomeOf(x)].Add(1)
	m.durations[route].Observe(took)
	if x.rejected != nil {
		if reason := m.rejections[rejectionReason(x.rejected)]; reason != nil {
			reason.Add(1)
		}
	}
}

func outcomeOf(x *exchange) outcome {
	status := x.answer.status // 0 if nothing was sent
	switch {
	case x.panicked:
		return failed
	case x.rejected != nil && status == http.StatusServiceUnavailable:
		return unknown
	case x.rejected != nil && (status == http.StatusUnauthorized || status == http.StatusForbidden):
		return unauthorized
	case status >= 500:
		return failed
	case status >= 400:
		return invalidRequest
	}
	return answered
}

// verificationBounds are the upper ends of a histogram's buckets: a cached result takes
// microseconds, a signature a tenth of a millisecond, a fetch of keys a second.
func verificationBounds() []time.Duration {
	const us = time.Microsecond
	return []time.Duration{
		1 * us, 2 * us, 5 * us, 10 * us, 20 * us, 50 * us, 100 * us, 200 * us, 500 * us, 1000 * us,
		10 * time.Millisecond, 100 * time.Millisecond, time.Second, 10 * time.Second,
	}
}

// requestBounds are those of whole requests, from the gate's own to a stream's.
func requestBounds() []time.Duration {
	const ms = time.Millisecond
	return []time.Duration{
		ms / 10, ms / 2, 1 * ms, 5 * ms, 10 * ms, 25 * ms, 50 * ms, 100 * ms, 250 * ms, 500 * ms,
		time.Second, 2500 * ms, 5 * time.Second, 10 * time.Second, time.Minute,
	}
}
