package serve_test

import (
	"net/http"
	"testing"

	"m2m/internal/serve"
	"m2m/internal/verify"
)

// TestForwardAuthByAnyMethod asks as proxies do that keep the request's method.
func TestForwardAuthByAnyMethod(t *testing.T) {
	s := raise(t, serve.Config{})
	good := "Authorization: Bearer " + s.token(t, appClaims(nil))
	for _, method := range []string{"HEAD", "OPTIONS", "POST", "DELETE", "TRACE", "BREW", "*"} {
		if got := s.do(t, method+" /auth"); got.status != http.StatusUnauthorized {
			t.Errorf("%s without a token: status %d, want 401", method, got.status)
		}
		if got := s.do(t, method+" /auth", good); got.status != http.StatusOK ||
			got.header.Get("X-Auth-Roles") != "Data.Read" {
			t.Errorf("%s with a token: status %d, %v, want 200", method, got.status, got.header)
		}
	}
}

func TestForwardAuth(t *testing.T) {
	s := raise(t, serve.Config{Verifier: newVerifier(t, verify.Policy{
		Tenants: []string{tenantID}, Audiences: []string{audience}, Roles: []string{"Data.Read"},
		Scopes: []string{"Data.Read"},
	}, staticKeys(t))})
	good := s.token(t, appClaims(nil))
	for _, tt := range []struct {
		name    string
		headers []string
		status  int
		roles   string
	}{
		{"an app", []string{"Authorization: Bearer " + good}, 200, "Data.Read"},
		{"a user, who has no roles", []string{"Authorization: Bearer " + s.token(t, userClaims(nil))}, 200, ""},
		{"nobody", nil, 401, ""},
		{"no token", []string{"Authorization: Bearer x"}, 401, ""},
		{"no role", []string{"Authorization: Bearer " + s.token(t, appClaims(claims{"roles": nil}))}, 403, ""},
		{"two headers", []string{"Authorization: Bearer " + good, "Authorization: Bearer " + good}, 401, ""},
		{"a disguised header", []string{"Authorization: Bearer " + good, "X_Auth.Roles: Admin"}, 401, ""},
		{"a list", []string{"Authorization: Bearer " + good + ", Bearer " + good}, 401, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := s.do(t, "GET /auth", append(tt.headers, "X-Auth-Roles: Admin")...)
			if got.status != tt.status {
				t.Fatalf("status %d, want %d: %s", got.status, tt.status, got.body)
			}
			if tt.status != http.StatusOK {
				got.problem(t)
				if got.header.Get("WWW-Authenticate") == "" || got.header["X-Auth-Roles"] != nil {
					t.Errorf("headers %v", got.header)
				}
				return
			}
			if got.body != "" {
				t.Errorf("body %q", got.body)
			}
			for name, want := range map[string]string{"X-Auth-Client-Id": clientID, "X-Auth-Tenant-Id": tenantID,
				"X-Auth-Roles": tt.roles} {
				if values := got.header[name]; len(values) != 1 || values[0] != want {
					t.Errorf("%s = %q, want %q", name, values, want)
				}
			}
		})
	}
}
