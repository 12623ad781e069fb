package serve

import (
	"fmt"
	"maps"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"m2m/internal/jwks"
	"m2m/internal/verify"
)

// Metrics serves the metrics in the text format of Prometheus, to every
// caller: serve it where only those who may read them can connect.
//
// The format is written without a library: docs/decisions/metrics-by-hand.md.
func (a *API) Metrics() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeBody(w, "text/plain; version=0.0.4; charset=utf-8", http.StatusOK, []byte(a.exposition()))
	})
}

func (a *API) exposition() string {
	var e exposition
	e.family("m2m_build_info", "gauge", "The build that runs; always 1.")
	e.sample("m2m_build_info", 1, "version", a.config.Version, "goversion", runtime.Version())
	e.family("go_goroutines", "gauge", "Goroutines that exist now.")
	e.sample("go_goroutines", runtime.NumGoroutine())
	e.process()
	e.requests(a.metrics)
	e.durations(a.metrics)
	if a.upstream != nil {
		e.one("m2m_streams", "gauge", "Event streams and WebSockets that run.", a.streams.count())
	}
	e.verification(&a.metrics.verification)
	e.cache(a.config.Verifier.CacheState())
	if a.config.Keys != nil {
		e.keys(a.config.Keys())
	}
	return e.String()
}

// exposition is a text in Prometheus' format 0.0.4.
type exposition struct{ strings.Builder }

func (e *exposition) family(name, kind, help string) {
	fmt.Fprintf(e, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

// sample writes one value; labels are names and values in turn.
func (e *exposition) sample(name string, value any, labels ...string) {
	e.WriteString(name)
	for i := 0; i+1 < len(labels); i += 2 {
		separator := ","
		if i == 0 {
			separator = "{"
		}
		fmt.Fprintf(e, `%s%s="%s"`, separator, labels[i], strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(labels[i+1]))
	}
	if len(labels) > 0 {
		e.WriteByte('}')
	}
	fmt.Fprintf(e, " %v\n", value)
}

// one writes a family of a single value.
func (e *exposition) one(name, kind, help string, value any) {
	e.family(name, kind, help)
	e.sample(name, value)
}

func (e *exposition) requests(m *metrics) {
	e.family("m2m_requests_total", "counter", "Requests by route and outcome.")
	for _, route := range slices.Sorted(maps.Keys(m.requests)) {
		for o := range outcomes {
			e.sample("m2m_requests_total", m.requests[route][o].Load(), "route", route, "outcome", o.String())
		}
	}
	e.family("m2m_rejections_total", "counter", "Rejected requests by reason: a fault of the request, or the check that its token failed.")
	for _, reason := range slices.Sorted(maps.Keys(m.rejections)) {
		e.sample("m2m_rejections_total", m.rejections[reason].Load(), "reason", reason)
	}
}

func (e *exposition) verification(h *histogram) {
	const name = "m2m_verification_seconds"
	e.family(name, "histogram", "Time to validate a token, including waiting for keys.")
	e.histogram(name, h)
}

func (e *exposition) durations(m *metrics) {
	const name = "m2m_request_duration_seconds"
	e.family(name, "histogram", "Time from a request's headers to the end of its response.")
	for _, route := range slices.Sorted(maps.Keys(m.durations)) {
		e.histogram(name, m.durations[route], "route", route)
	}
}

// histogram writes the samples of one histogram.
func (e *exposition) histogram(name string, h *histogram, labels ...string) {
	var count uint64
	for i, bound := range h.upper {
		count += h.buckets[i].Load()
		e.sample(name+"_bucket", count, slices.Concat(labels, []string{"le", strconv.FormatFloat(bound.Seconds(), 'g', -1, 64)})...)
	}
	count += h.buckets[len(h.upper)].Load()
	e.sample(name+"_bucket", count, slices.Concat(labels, []string{"le", "+Inf"})...)
	e.sample(name+"_sum", float64(h.sum.Load())/1e9, labels...)
	e.sample(name+"_count", count, labels...)
}

func (e *exposition) cache(c verify.CacheState) {
	e.one("m2m_cache_hits_total", "counter", "Tokens found in the cache of valid tokens.", c.Hits)
	e.one("m2m_cache_misses_total", "counter", "Tokens not found in the cache, including invalid ones.", c.Misses)
	e.one("m2m_cache_entries", "gauge", "Tokens in the cache.", c.Entries)
	e.one("m2m_cache_bytes", "gauge", "Estimated size of the cache.", c.Bytes)
}

func (e *exposition) keys(states []jwks.State) {
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
		e.family(family.name, family.kind, family.help)
		for _, state := range states {
			e.sample(family.name, family.value(state), "tenant", state.Tenant, "version", string(state.Version))
		}
	}
}

func age(s jwks.State) any {
	if s.Age < 0 {
		return -1
	}
	return s.Age.Seconds()
}
