package serve

import (
	"errors"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"m2m/internal/verify"
)

// outcome is what became of a request.
type outcome int

const (
	// answered: the handler did what it is for.
	answered outcome = iota
	// refused: no token, a bad one, or one without the permission.
	refused
	// undecided: nobody could tell, because keys are out of reach.
	undecided
	// rejected: no such path or method, too large a body, or one that never came.
	rejected
	// failed: a fault on this side, or not ready.
	failed
	outcomes
)

// String is the outcome as a label.
func (o outcome) String() string {
	return [outcomes]string{"answered", "refused", "undecided", "rejected", "failed"}[o]
}

// otherRoute counts requests for paths that are none of the API's. Labels never
// come from a request, so that nobody outside can make more of them.
// Where an upstream answers them, they are counted as its.
const (
	otherRoute    = "other"
	upstreamRoute = "upstream"
)

// metrics count what the API does. Only what is counted here is held; the rest
// is asked for when it is read.
type metrics struct {
	requests     map[string]*[outcomes]atomic.Uint64 // by route; fixed when made
	rest         string                              // the route of other paths
	refusals     map[string]*atomic.Uint64           // by reason; fixed when made
	verification histogram
}

func newMetrics(routes []string, rest string) *metrics {
	m := &metrics{rest: rest, requests: map[string]*[outcomes]atomic.Uint64{}, refusals: map[string]*atomic.Uint64{}}
	for _, route := range append(routes, rest) {
		m.requests[route] = new([outcomes]atomic.Uint64)
	}
	for _, reason := range refusalReasons() {
		m.refusals[reason] = new(atomic.Uint64)
	}
	return m
}

// The reasons of refusals that are not checks of the verifier.
const (
	reasonNoToken   = "no_token"
	reasonMalformed = "malformed_request"
	reasonTooLarge  = "too_large"
	reasonNoKeys    = "keys_out_of_reach"
)

// refusalReasons are all there are: the request's own faults, and the check that
// a token did not pass.
func refusalReasons() []string {
	reasons := []string{reasonNoToken, reasonMalformed, reasonTooLarge, reasonNoKeys}
	for _, check := range []verify.Check{
		verify.CheckForm, verify.CheckAlgorithm, verify.CheckKey, verify.CheckSignature, verify.CheckIssuer, verify.CheckTenant,
		verify.CheckAudience, verify.CheckLifetime, verify.CheckKind, verify.CheckClient, verify.CheckPermission,
	} {
		reasons = append(reasons, string(check))
	}
	return reasons
}

func reasonOf(why error) string {
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

// count adds one exchange that has ended.
func (m *metrics) count(path string, x *exchange) {
	route, known := m.requests[path]
	if !known {
		route = m.requests[m.rest]
	}
	route[outcomeOf(x)].Add(1)
	if x.refused != nil {
		if reason := m.refusals[reasonOf(x.refused)]; reason != nil {
			reason.Add(1)
		}
	}
}

func outcomeOf(x *exchange) outcome {
	status := x.answer.status // 0 if nothing was sent
	switch {
	case x.panicked:
		return failed
	case x.refused != nil && status == http.StatusServiceUnavailable:
		return undecided
	case x.refused != nil:
		return refused
	case status >= 500:
		return failed
	case status >= 400:
		return rejected
	}
	return answered
}

// bounds are the upper ends of the histogram's buckets: a remembered token takes
// microseconds, a signature a tenth of a millisecond, a fetch of keys a second.
func bounds() [14]time.Duration {
	const us = time.Microsecond
	return [...]time.Duration{
		1 * us, 2 * us, 5 * us, 10 * us, 20 * us, 50 * us, 100 * us, 200 * us, 500 * us, 1000 * us,
		10 * time.Millisecond, 100 * time.Millisecond, time.Second, 10 * time.Second,
	}
}

// histogram counts durations. Its zero value is empty.
type histogram struct {
	buckets [15]atomic.Uint64 // one for each bound, and one for what is above
	sum     atomic.Int64      // nanoseconds
}

func (h *histogram) observe(d time.Duration) {
	upper := bounds()
	i, _ := slices.BinarySearch(upper[:], d)
	h.buckets[i].Add(1)
	h.sum.Add(int64(max(d, 0)))
}
