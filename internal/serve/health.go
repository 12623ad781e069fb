package serve

import (
	"context"
	"net/http"
	"time"
)

// readyWait is shorter than the patience of any orchestrator worth its name,
// and longer than a fetch of keys takes.
const readyWait = 2 * time.Second

// Status is the answer of /healthz and /readyz where all is well.
type Status struct {
	Status string `json:"status" doc:"In one word." example:"ok"`
}

// healthy says that the process runs, which is all that a restart could change.
func healthy(context.Context, *none) (*reply[Status], error) {
	return &reply[Status]{Status{"ok"}}, nil
}

// ready says whether tokens can be decided about: an API whose issuer's keys
// are out of reach answers 503 to everyone, so it should get no requests. Why
// goes to the log; the caller is a stranger.
//
// Keys of v2.0 stand for those of v1.0 too: both come from the same host, and the
// latter are fetched when a token first needs them.
func (a *API) ready(ctx context.Context, _ *none) (*reply[Status], error) {
	if a.draining.Load() {
		return nil, &fault{problem: Problem{Status: http.StatusServiceUnavailable, Detail: "this API is about to stop"}}
	}
	if a.config.Ready != nil {
		ctx, cancel := context.WithTimeout(ctx, readyWait)
		defer cancel()
		if err := a.config.Ready(ctx); err != nil {
			a.log.WarnContext(ctx, "not ready", "request_id", exchangeIn(ctx).id, "reason", quoted(err.Error()))
			return nil, &fault{Problem{Status: http.StatusServiceUnavailable, Detail: "tokens cannot be checked now"}, retryAfter(err)}
		}
	}
	return &reply[Status]{Status{"ready"}}, nil
}

// Drain makes readiness say no from now on, while everything else goes on, so
// that load balancers send requests elsewhere before the API stops.
func (a *API) Drain() { a.draining.Store(true) }

// quietly keeps a route out of the access log.
func quietly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		exchangeOf(r).quiet = true
		next.ServeHTTP(w, r)
	})
}
