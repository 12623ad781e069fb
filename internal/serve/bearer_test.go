package serve_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"m2m/internal/serve"
)

func TestBearerSentinels(t *testing.T) {
	for header, want := range map[string]error{
		"Basic dTpw": serve.ErrNoToken, "Bearer": serve.ErrMalformed, "Bearer a,b": serve.ErrMalformed,
		"":                                   serve.ErrMalformed,
		"Digest username=\"a\", realm=\"b\"": serve.ErrNoToken, "Digest a=b,\tbearer c": serve.ErrMalformed,
		"Bearers abc": serve.ErrNoToken, "bEaReR abc": nil,
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", header)
		if _, err := serve.Bearer(r); !errors.Is(err, want) {
			t.Errorf("%q: Bearer = %v, want %v", header, err, want)
		}
	}
}

// TestRequireLeavesTheBody reads a form ahead, whose rest is longer than what is
// read ahead; the handler still gets all of it.
func TestRequireLeavesTheBody(t *testing.T) {
	var got string
	gate := serve.Require(newVerifier(t, demoPolicy(), staticKeys(t)), http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = string(body)
	}))
	for _, length := range []int{0, 3, 64 << 10, 200_000} {
		body := strings.Repeat("ab=", length/3)
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Authorization", "Bearer "+sign(t, appClaims(nil)))
		w := httptest.NewRecorder()
		if gate.ServeHTTP(w, r); w.Code != http.StatusOK || got != body {
			t.Errorf("status %d, %d bytes are left of %d", w.Code, len(got), len(body))
		}
	}
}
