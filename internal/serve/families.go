package serve

import (
	"maps"
	"net/http"
	"runtime"
	"slices"

	"m2m/internal/jwks"
	"m2m/internal/serve/exposition"
	"m2m/internal/verify"
)

// Metrics serves the metrics in the text format of Prometheus, to every
// caller: serve it where only those who may read them can connect.
func (a *API) Metrics() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeBody(w, exposition.ContentType, http.StatusOK, []byte(a.families()))
	})
}

func (a *API) families() string {
	var e families
	e.Family("m2m_build_info", "gauge", "The build that runs; always 1.")
	e.Sample("m2m_build_info", 1, "version", a.config.Version, "goversion", runtime.Version())
	e.Family("go_goroutines", "gauge", "Goroutines that exist now.")
	e.Sample("go_goroutines", runtime.NumGoroutine())
	e.Process()
	e.requests(a.metrics)
	e.durations(a.metrics)
	if a.upstream != nil {
		e.One("m2m_streams", "gauge", "Event streams and WebSockets that run.", a.streams.count())
	}
	e.verification(&a.metrics.verification)
	e.cache(a.config.Verifier.CacheState())
	if a.config.Keys != nil {
		e.keys(a.config.Keys())
	}
	return e.String()
}

// families are the metrics of the gate.
type families struct{ exposition.Text }

func (e *families) requests(m *metrics) {
	e.Family("m2m_requests_total", "counter", "Requests by route and outcome.")
	for _, route := range slices.Sorted(maps.Keys(m.requests)) {
		for o := range outcomes {
			e.Sample("m2m_requests_total", m.requests[route][o].Load(), "route", route, "outcome", o.String())
		}
	}
	e.Family("m2m_rejections_total", "counter", "Rejected requests by reason: a fault of the request, or the check that its token failed.")
	for _, reason := range slices.Sorted(maps.Keys(m.rejections)) {
		e.Sample("m2m_rejections_total", m.rejections[reason].Load(), "reason", reason)
	}
}

func (e *families) verification(h *exposition.Histogram) {
	const name = "m2m_verification_seconds"
	e.Family(name, "histogram", "Time to validate a token, including waiting for keys.")
	e.Histogram(name, h)
}

func (e *families) durations(m *metrics) {
	const name = "m2m_request_duration_seconds"
	e.Family(name, "histogram", "Time from a request's headers to the end of its response.")
	for _, route := range slices.Sorted(maps.Keys(m.durations)) {
		e.Histogram(name, m.durations[route], "route", route)
	}
}

func (e *families) cache(c verify.CacheState) {
	e.One("m2m_cache_hits_total", "counter", "Tokens found in the cache of valid tokens.", c.Hits)
	e.One("m2m_cache_misses_total", "counter", "Tokens not found in the cache, including invalid ones.", c.Misses)
	e.One("m2m_cache_entries", "gauge", "Tokens in the cache.", c.Entries)
	e.One("m2m_cache_bytes", "gauge", "Estimated size of the cache.", c.Bytes)
}

func (e *families) keys(states []jwks.State) {
	for _, family := range []struct {
		name, kind, help string
		value            func(jwks.State) any
	}{
		{"m2m_keys", "gauge", "Usable signing keys.", func(s jwks.State) any { return s.Keys }},
		{"m2m_keys_skipped", "gauge", "Keys of the last key set that are not usable.", func(s jwks.State) any { return s.Skipped }},
		{"m2m_keys_age_seconds", "gauge", "Time since the keys were last fetched; -1 if they never were.", age},
		{"m2m_key_fetches_total", "counter", "Attempts to fetch keys.", func(s jwks.State) any { return s.Fetches }},
		{"m2m_key_fetch_failures_total", "counter", "Failed attempts to fetch keys.", func(s jwks.State) any { return s.Failures }},
		{"m2m_key_fetches_suppressed_total", "counter", "Fetches for an unknown key ID that were skipped because the last one was too recent.",
			func(s jwks.State) any { return s.Suppressed }},
	} {
		e.Family(family.name, family.kind, family.help)
		for _, state := range states {
			e.Sample(family.name, family.value(state), "tenant", state.Tenant, "version", string(state.Version))
		}
	}
}

func age(s jwks.State) any {
	if s.Age < 0 {
		return -1
	}
	return s.Age.Seconds()
}
