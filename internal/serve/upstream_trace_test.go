package serve_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"m2m/internal/serve"
)

// TestUpstreamIsPartOfTheTrace follows a trace from the caller through the log
// to the upstream.
func TestUpstreamIsPartOfTheTrace(t *testing.T) {
	const traceID = "0af7651916cd43dd8448eb211c80319c"
	var got http.Header
	upstream := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header })
	log := &logbook{}
	server := httptest.NewServer(upstream)
	t.Cleanup(server.Close)
	s := raise(t, serve.Config{
		Upstream: &serve.Upstream{URL: parsed(t, server.URL)}, AccessLog: true,
		Logger: slog.New(slog.NewJSONHandler(log, nil)),
	})
	token := s.token(t, appClaims(nil))
	s.do(t, "GET /orders", "Authorization: Bearer "+token, "Traceparent: 00-"+traceID+"-b7ad6b7169203331-01",
		"Tracestate: a=1", "Tracestate: b=2")
	lines := log.lines(t, "request answered")
	if len(lines) != 1 || lines[0]["trace_id"] != traceID {
		t.Fatalf("log = %v, want the trace %s", lines, traceID)
	}
	span, _ := lines[0]["span_id"].(string)
	if want := "00-" + traceID + "-" + span + "-01"; got.Get("Traceparent") != want || got.Get("Tracestate") != "a=1,b=2" {
		t.Errorf("the upstream got %q, %q; want %q", got.Get("Traceparent"), got.Get("Tracestate"), want)
	}
	s.do(t, "GET /orders", "Authorization: Bearer "+token,
		"Traceparent: 00-"+strings.ToUpper(traceID)+"-b7ad6b7169203331-01", "Tracestate: a=1")
	if strings.Contains(strings.ToLower(got.Get("Traceparent")), traceID) || got.Values("Tracestate") != nil {
		t.Errorf("the upstream got %q, %q of a trace that is not valid", got.Get("Traceparent"), got.Values("Tracestate"))
	}
}
