package serve_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"m2m/internal/entra"
	"m2m/internal/jwks"
	"m2m/internal/serve"
	"m2m/internal/verify"
)

// readMetrics reads /metrics with Prometheus' own parser: each sample under its
// name and labels.
func readMetrics(t *testing.T, s *stage) map[string]float64 {
	t.Helper()
	got := s.raw(t, "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
	if got.status != http.StatusOK || got.header.Get("Content-Type") != "text/plain; version=0.0.4; charset=utf-8" {
		t.Fatalf("GET /metrics = %d, %s: %s", got.status, got.header.Get("Content-Type"), got.body)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(got.body))
	if err != nil {
		t.Fatal(err)
	}
	samples := map[string]float64{}
	for name, family := range families {
		if family.GetHelp() == "" || family.GetType() == dto.MetricType_UNTYPED {
			t.Errorf("%s has no help or no type", name)
		}
		for _, m := range family.GetMetric() {
			labels := ""
			for _, pair := range m.GetLabel() {
				labels += fmt.Sprintf(" %s=%s", pair.GetName(), pair.GetValue())
			}
			switch family.GetType() {
			case dto.MetricType_HISTOGRAM:
				samples[name+labels] = float64(m.GetHistogram().GetSampleCount())
			case dto.MetricType_COUNTER:
				samples[name+labels] = m.GetCounter().GetValue()
			default:
				samples[name+labels] = m.GetGauge().GetValue()
			}
		}
	}
	return samples
}

// TestMetrics counts requests of every kind.
func TestMetrics(t *testing.T) {
	keys := []jwks.State{{Version: entra.V2, Keys: 3, Age: 90e9, Fetches: 5, Failures: 2, Suppressed: 7, Skipped: 1},
		{Version: entra.V1, Age: -1}}
	verifier, err := verify.New(demoPolicy(), staticKeys(t), verify.Options{CacheBytes: verify.DefaultCacheBytes})
	if err != nil {
		t.Fatal(err)
	}
	s := raise(t, serve.Config{Verifier: verifier, Version: `v1 "x"`, Keys: func() []jwks.State { return keys }})
	good := s.token(t, appClaims(nil))
	for range 3 {
		s.get(t, good)
	}
	s.get(t, s.token(t, appClaims(claims{"aud": clientID})))
	s.get(t, s.token(t, appClaims(claims{"roles": nil})))
	s.get(t, "not.a.token")
	s.do(t, "GET /secure-data")
	s.do(t, "GET /secure-data?access_token=x")
	s.do(t, "DELETE /secure-data")
	s.do(t, "GET /nowhere")
	s.do(t, "GET /nowhere/else")
	s.do(t, "GET /healthz")
	got := readMetrics(t, s)
	for sample, want := range map[string]float64{
		"m2m_requests_total route=/secure-data outcome=answered":        3,
		"m2m_requests_total route=/secure-data outcome=unauthorized":    4,
		"m2m_requests_total route=/secure-data outcome=invalid_request": 2,
		"m2m_requests_total route=other outcome=invalid_request":        2,
		"m2m_requests_total route=/healthz outcome=answered":            1,
		"m2m_requests_total route=/readyz outcome=answered":             0,
		"m2m_rejections_total reason=audience":                          1,
		"m2m_rejections_total reason=permission":                        1,
		"m2m_rejections_total reason=form":                              1,
		"m2m_rejections_total reason=no_token":                          1,
		"m2m_rejections_total reason=malformed_request":                 1,
		"m2m_rejections_total reason=keys_out_of_reach":                 0,
		"m2m_verification_seconds":                                      6,
		"m2m_cache_hits_total":                                          2,
		"m2m_cache_misses_total":                                        4,
		"m2m_cache_entries":                                             1,
		"m2m_keys tenant= version=2.0":                                  3,
		"m2m_keys_age_seconds tenant= version=2.0":                      90,
		"m2m_keys_age_seconds tenant= version=1.0":                      -1,
		"m2m_key_fetches_total tenant= version=2.0":                     5,
		"m2m_key_fetch_failures_total tenant= version=2.0":              2,
		"m2m_key_fetches_suppressed_total tenant= version=2.0":          7,
		"m2m_keys_skipped tenant= version=2.0":                          1,
	} {
		if have, found := got[sample]; !found || have != want {
			t.Errorf("%s = %v (found: %v), want %v", sample, have, found, want)
		}
	}
	// Each route has a duration for each of its requests, and none of them for others.
	for route, want := range map[string]float64{"/secure-data": 9, "other": 2, "/healthz": 1, "/readyz": 0} {
		if have, found := got["m2m_request_duration_seconds route="+route]; !found || have != want {
			t.Errorf("durations of %s: %v (found: %v), want %v", route, have, found, want)
		}
	}
	if runtime.GOOS == "linux" {
		for _, name := range []string{"cpu_seconds_total", "virtual_memory_bytes", "resident_memory_bytes",
			"start_time_seconds", "open_fds", "max_fds"} {
			if got["process_"+name] < 0 || name != "cpu_seconds_total" && got["process_"+name] == 0 {
				t.Errorf("process_%s = %v", name, got["process_"+name])
			}
		}
	}
	build := 0
	for sample := range got {
		if strings.HasPrefix(sample, "m2m_build_info ") && strings.Contains(sample, `version=v1 "x"`) {
			build++
		}
	}
	if build != 1 {
		t.Errorf("no build info in %v", got)
	}
}

// TestMetricsOfAnOutage tells keys out of reach from bad tokens.
func TestMetricsOfAnOutage(t *testing.T) {
	o := &outage{}
	o.down.Store(true)
	authority, metadata := o.start(t)
	s := raise(t, serve.Config{
		Verifier: newVerifier(t, demoPolicy(), metadata), Keys: metadata.State,
		Ready: func(ctx context.Context) error { return metadata.Fetch(ctx, entra.V2) },
	})
	s.get(t, s.token(t, appClaims(claims{"iss": authority.URL() + "/v2.0"})))
	s.do(t, "GET /readyz")
	got := readMetrics(t, s)
	for sample, want := range map[string]float64{
		"m2m_requests_total route=/secure-data outcome=unknown": 1,
		"m2m_requests_total route=/readyz outcome=failed":       1,
		"m2m_rejections_total reason=keys_out_of_reach":         1,
		"m2m_keys tenant= version=2.0":                          0,
		"m2m_key_fetch_failures_total tenant= version=2.0":      got["m2m_key_fetches_total version=2.0"],
	} {
		if got[sample] != want {
			t.Errorf("%s = %v, want %v", sample, got[sample], want)
		}
	}
}

// TestLabelsAreBounded sends what an outsider can choose.
func TestLabelsAreBounded(t *testing.T) {
	s := raise(t, serve.Config{})
	before := len(readMetrics(t, s))
	for i := range 50 {
		s.do(t, fmt.Sprintf("GET /path-%d", i))
		s.do(t, fmt.Sprintf("METHOD%d /secure-data", i), fmt.Sprintf("Authorization: Scheme%d x", i))
	}
	if after := len(readMetrics(t, s)); after != before {
		t.Errorf("%d samples became %d", before, after)
	}
}

func TestMetricsAreLocal(t *testing.T) {
	api, err := serve.New(serve.Config{Verifier: newVerifier(t, demoPolicy(), staticKeys(t))})
	if err != nil {
		t.Fatal(err)
	}
	apart, err := serve.New(serve.Config{Verifier: newVerifier(t, demoPolicy(), staticKeys(t)), MetricsApart: true})
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		api          *serve.API
		remote, host string
		header       string
		want         int
	}{
		"IPv4":              {api, "127.0.0.1:4711", "127.0.0.1:8000", "", 200},
		"IPv6":              {api, "[::1]:4711", "[::1]:8000", "", 200},
		"mapped":            {api, "[::ffff:127.0.0.1]:4711", "localhost:8000", "", 200},
		"elsewhere":         {api, "192.0.2.1:4711", "localhost", "", 403},
		"elsewhere by IPv6": {api, "[2001:db8::1]:4711", "localhost", "", 403},
		"a Unix socket":     {api, "@", "localhost", "", 403},
		"another host":      {api, "127.0.0.1:4711", "api.example", "", 403},
		"nearly localhost":  {api, "127.0.0.1:4711", "localhost.example", "", 403},
		"forwarded for":     {api, "127.0.0.1:4711", "localhost", "X-Forwarded-For", 403},
		"forwarded host":    {api, "127.0.0.1:4711", "localhost", "X-Forwarded-Host", 403},
		"RFC 7239":          {api, "127.0.0.1:4711", "localhost", "Forwarded", 403},
		"via":               {api, "127.0.0.1:4711", "localhost", "Via", 403},
		"real IP":           {api, "127.0.0.1:4711", "localhost", "X-Real-IP", 403},
		"apart":             {apart, "127.0.0.1:4711", "localhost", "", 404},
	} {
		t.Run(name, func(t *testing.T) {
			r, w := httptest.NewRequest(http.MethodGet, "/metrics", nil), httptest.NewRecorder()
			r.RemoteAddr, r.Host = tc.remote, tc.host
			if tc.header != "" {
				r.Header.Set(tc.header, "127.0.0.1")
			}
			tc.api.ServeHTTP(w, r)
			if w.Code != tc.want {
				t.Errorf("status = %d, want %d: %s", w.Code, tc.want, w.Body)
			}
		})
	}
}
