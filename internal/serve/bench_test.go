package serve_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"m2m/internal/serve"
)

// discard is an answer that nobody reads.
type discard struct{ header http.Header }

func (d discard) Header() http.Header       { return d.header }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}

// BenchmarkAPI measures the handler alone, without sockets: a token that was
// seen before, no token, and the health route, which shows what the rest costs.
func BenchmarkAPI(b *testing.B) {
	api, err := serve.New(serve.Config{Verifier: newVerifier(b, demoPolicy(), staticKeys(b))})
	if err != nil {
		b.Fatal(err)
	}
	good := "Bearer " + sign(b, appClaims(nil))
	for _, bench := range []struct{ name, path, authorization string }{
		{"valid", "/secure-data", good},
		{"no token", "/secure-data", ""},
		{"open", "/healthz", ""},
	} {
		b.Run(bench.name, func(b *testing.B) {
			r := httptest.NewRequest(http.MethodGet, bench.path, nil)
			if bench.authorization != "" {
				r.Header.Set("Authorization", bench.authorization)
			}
			b.ReportAllocs()
			for b.Loop() {
				api.ServeHTTP(discard{http.Header{}}, r)
			}
		})
	}
}
