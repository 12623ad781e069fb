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

// TestBearerLeavesTheBody reads a form ahead, whose rest is longer than what is
// read ahead, and hands all of it on.
func TestBearerLeavesTheBody(t *testing.T) {
	for _, length := range []int{0, 3, 64 << 10, 200_000} {
		body := strings.Repeat("ab=", length/3)
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Authorization", "Bearer abc")
		if _, err := serve.Bearer(r); err != nil {
			t.Fatalf("Bearer = %v", err)
		}
		if got, err := io.ReadAll(r.Body); err != nil || string(got) != body {
			t.Errorf("%d bytes and %v are left of %d", len(got), err, len(body))
		}
	}
}
