package serve

import (
	"context"
	"net/http"
	"time"
)

// readyWait is shorter than the patience of any orchestrator worth its name,
// and longer than a fetch of keys takes.
const readyWait = 2 * time.Second

type status struct {
	Status string `json:"status"`
}

// healthy says that the process runs, which is all that a restart could change.
func healthy(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, "application/json", http.StatusOK, status{"ok"})
}

// ready says whether tokens can be decided about: an API whose issuer's keys
// are out of reach answers 503 to everyone, so it should get no requests. Why
// goes to the log; the caller is a stranger.
func (a *API) ready(w http.ResponseWriter, r *http.Request) {
	if a.config.Ready == nil {
		writeJSON(w, "application/json", http.StatusOK, status{"ready"})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), readyWait)
	defer cancel()
	if err := a.config.Ready(ctx); err != nil {
		a.log.WarnContext(ctx, "not ready", "request_id", exchangeOf(r).id, "reason", quoted(err.Error()))
		w.Header().Set("Retry-After", retryAfter(err))
		Problem{Status: http.StatusServiceUnavailable, Detail: "tokens cannot be checked now"}.write(w, r)
		return
	}
	writeJSON(w, "application/json", http.StatusOK, status{"ready"})
}

// quietly keeps a route out of the access log.
func quietly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		exchangeOf(r).quiet = true
		next.ServeHTTP(w, r)
	})
}
