package serve_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"m2m/internal/serve"
)

// TestRequireInRequire asks two inner routes at once for one request, each with
// a token of its own, as a handler for batches does. None may see the
// other's caller, nor the outer one theirs, nor any of them one that was rejected.
func TestRequireInRequire(t *testing.T) {
	verifier := newVerifier(t, demoPolicy(), staticKeys(t))
	const outer, a, b = "a0000000-0000-4000-8000-000000000000", "a0000000-0000-4000-8000-00000000000a",
		"a0000000-0000-4000-8000-00000000000b"
	caller := func(r *http.Request) string {
		token, ok := serve.TokenFrom(r.Context())
		if !ok {
			return "nobody"
		}
		return token.ClientID
	}
	inner := serve.Require(verifier, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got, want := caller(r), r.Header.Get("Want"); got != want {
			t.Errorf("the inner handler found %s, want %s", got, want)
		}
	}))
	batch := func(w http.ResponseWriter, r *http.Request) {
		var group sync.WaitGroup
		for client, want := range map[string]int{a: http.StatusOK, b: http.StatusOK, "": http.StatusUnauthorized} {
			part := r.Clone(r.Context())
			part.Header.Set("Want", client)
			part.Header.Set("Authorization", "Bearer "+sign(t, appClaims(claims{"azp": client})))
			group.Go(func() {
				answer := httptest.NewRecorder()
				if inner.ServeHTTP(answer, part); answer.Code != want {
					t.Errorf("%q: status %d, want %d", client, answer.Code, want)
				}
			})
		}
		group.Wait()
		if got := caller(r); got != outer {
			t.Errorf("the outer handler found %s, want %s", got, outer)
		}
	}
	request := httptest.NewRequest(http.MethodPost, "/batch", nil)
	if got := caller(request); got != "nobody" {
		t.Errorf("before the gate: %s", got)
	}
	request.Header.Set("Authorization", "Bearer "+sign(t, appClaims(claims{"azp": outer})))
	answer := httptest.NewRecorder()
	if serve.Require(verifier, http.HandlerFunc(batch)).ServeHTTP(answer, request); answer.Code != http.StatusOK {
		t.Fatalf("status %d: %s", answer.Code, answer.Body)
	}
}
