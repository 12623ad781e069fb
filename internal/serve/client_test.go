package serve_test

import (
	"net/http"
	"strings"
	"testing"

	"m2m/internal/serve"
	"m2m/internal/verify"
)

// TestClientNotAllowed is about the app of a valid token that is not on the list.
func TestClientNotAllowed(t *testing.T) {
	const other = "2b7f6c11-0d3e-4a95-9c58-7e1f4d2a8b60"
	policy := demoPolicy()
	policy.Clients = []string{other}
	s := raise(t, serve.Config{Verifier: newVerifier(t, policy, staticKeys(t))})
	const detail = "the token is valid, but it lacks permission: its app is not one that may call this API"
	for name, caller := range map[string]claims{
		"with the role":    appClaims(nil),
		"without the role": appClaims(claims{"roles": nil}),
	} {
		got := s.get(t, s.token(t, caller))
		problem := got.problem(t)
		if got.status != http.StatusForbidden || problem["detail"] != detail || problem["error"] != "insufficient_scope" {
			t.Errorf("%s: %d %v", name, got.status, problem)
		}
		want := `Bearer realm="m2m", error="insufficient_scope", error_description="` + detail + `"`
		if challenge := got.header.Get("WWW-Authenticate"); challenge != want {
			t.Errorf("%s: WWW-Authenticate = %s, want %s", name, challenge, want)
		}
		if strings.Contains(got.body, other) {
			t.Errorf("%s: the answer names an app that may call", name)
		}
	}
	if got := s.get(t, s.token(t, appClaims(claims{"azp": other}))); got.status != http.StatusOK {
		t.Errorf("the app on the list: %d %s", got.status, got.body)
	}
	for _, line := range s.log.lines(t, "request rejected") {
		if line["check"] != string(verify.CheckClient) || line["found"] != `"`+clientID+`"` && line["found"] != clientID {
			t.Errorf("log line %v", line)
		}
	}
}

// TestRoot leads to the page of the API, also behind a proxy with a path prefix.
func TestRoot(t *testing.T) {
	s := raise(t, serve.Config{})
	for request, want := range map[string]struct {
		status          int
		location, allow string
	}{
		"GET /":     {http.StatusFound, "docs", ""},
		"HEAD /":    {http.StatusFound, "docs", ""},
		"POST /":    {http.StatusMethodNotAllowed, "", "GET, HEAD, OPTIONS"},
		"GET /?a=b": {http.StatusFound, "docs", ""},
		"GET //":    {http.StatusNotFound, "", ""},
		"GET /docs": {http.StatusOK, "", ""},
	} {
		got := s.do(t, request)
		if got.status != want.status || got.header.Get("Location") != want.location || got.header.Get("Allow") != want.allow {
			t.Errorf("%s = %d, Location %q, Allow %q; want %+v", request, got.status, got.header.Get("Location"), got.header.Get("Allow"), want)
		}
	}
}
