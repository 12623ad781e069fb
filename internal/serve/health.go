package serve

import (
	"context"
	"net/http"
	"time"

	"m2m/internal/jwks"
	"m2m/internal/text"
)

// readyWait is shorter than the probe time-outs of orchestrators and longer than a
// fetch of keys.
const readyWait = 2 * time.Second

// Status is the successful response of /healthz and /readyz.
type Status struct {
	Status string `json:"status" doc:"In one word." example:"ok"`
}

// healthy reports that the process runs: nothing else could be fixed by a restart.
func healthy(context.Context, *noInput) (*reply[Status], error) {
	return &reply[Status]{Status{"ok"}}, nil
}

// ready reports whether tokens can be validated: an API whose issuer's keys are out
// of reach answers 503 to everyone, so it should get no requests. The reason is only
// logged, because the caller is not authenticated.
//
// Only the keys of v2.0 are checked: those of v1.0 come from the same host and are
// fetched when a token first needs them.
func (a *API) ready(ctx context.Context, _ *noInput) (*reply[Status], error) {
	if a.draining.Load() {
		return nil, &fault{problem: Problem{Status: http.StatusServiceUnavailable, Detail: "this API is about to stop"}}
	}
	if a.config.Ready != nil {
		ctx, cancel := context.WithTimeout(ctx, readyWait)
		defer cancel()
		if err := a.config.Ready(ctx); err != nil {
			a.log.WarnContext(ctx, "not ready", "request_id", exchangeIn(ctx).id, "reason", text.Bound(text.Redact(jwks.ErrorText(err)), maxCause))
			return nil, &fault{Problem{Status: http.StatusServiceUnavailable, Detail: "tokens cannot be checked now"}, retryAfter(err)}
		}
	}
	return &reply[Status]{Status{"ready"}}, nil
}

// Drain makes /readyz answer 503 from now on, so that load balancers send requests
// elsewhere before the API stops. Everything else goes on.
func (a *API) Drain() { a.draining.Store(true) }

// EndStreams ends the event streams and WebSockets of the upstream, which could go on for
// hours: their clients connect again, elsewhere.
func (a *API) EndStreams() { a.streams.end() }

// withoutAccessLog keeps next out of the access log.
func withoutAccessLog(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		exchangeOf(r).quiet = true
		next.ServeHTTP(w, r)
	})
}
