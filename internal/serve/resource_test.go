package serve_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/serve"
	"m2m/internal/verify"
)

func resources(t *testing.T, ids ...string) (all []serve.Resource) {
	t.Helper()
	for _, id := range ids {
		r, err := serve.ParseResource(id)
		if err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		all = append(all, r)
	}
	return all
}

func discovery(t *testing.T, ids ...string) serve.Discovery {
	return serve.Discovery{Resources: resources(t, ids...), Name: "Orders", Scope: "https://orders.test/mcp/.default",
		Issuers: func() ([]string, bool) { return []string{issuer}, true }}
}

func TestParseResource(t *testing.T) {
	for id, metadata := range map[string]string{
		"https://orders.test":      "https://orders.test/.well-known/oauth-protected-resource",
		"https://orders.test:8443": "https://orders.test:8443/.well-known/oauth-protected-resource",
		"https://orders.test/mcp":  "https://orders.test/.well-known/oauth-protected-resource/mcp",
		"https://orders.test/a/b":  "https://orders.test/.well-known/oauth-protected-resource/a/b",
		"http://127.0.0.1:8000":    "http://127.0.0.1:8000/.well-known/oauth-protected-resource",
		"http://localhost:8000/x":  "http://localhost:8000/.well-known/oauth-protected-resource/x",
		"http://[::1]:8000":        "http://[::1]:8000/.well-known/oauth-protected-resource",
	} {
		r, err := serve.ParseResource(id)
		if err != nil || r.MetadataURL() != metadata || r.String() != id {
			t.Errorf("%s: %s, %v; want %s", id, r.MetadataURL(), err, metadata)
		}
	}
	for id, want := range map[string]error{
		"": serve.ErrResourceURL, "/mcp": serve.ErrResourceURL, "orders.test/mcp": serve.ErrResourceURL, "api://x": serve.ErrResourceURL,
		"https:///mcp": serve.ErrResourceURL, "https://:80": serve.ErrResourceURL, "http://orders.test": serve.ErrResourceScheme,
		"https://orders.test/": serve.ErrResourceSlash, "https://orders.test/mcp/": serve.ErrResourceSlash,
		"https://Orders.test": serve.ErrResourceForm, "HTTPS://orders.test": serve.ErrResourceForm,
		"https://u@orders.test": serve.ErrResourceForm, "https://orders.test/a?b": serve.ErrResourceForm,
		"https://orders.test/#": serve.ErrResourceForm, "https://orders.test/a/../b": serve.ErrResourceForm,
		"https://orders.test//a": serve.ErrResourceForm, "https://orders.test/a b": serve.ErrResourceForm,
	} {
		if _, err := serve.ParseResource(id); err != want { //nolint:errorlint // it is returned as it is
			t.Errorf("%q: %v, want %v", id, err, want)
		}
	}
}

// TestMetadata asks for the documents without a token, at the API and before an upstream.
func TestMetadata(t *testing.T) {
	const root, prefix = "/.well-known/oauth-protected-resource", "https://orders.test"
	want := func(resource string) map[string]any {
		return map[string]any{
			"resource": resource, "authorization_servers": []any{issuer}, "scopes_supported": []any{"https://orders.test/mcp/.default"},
			"bearer_methods_supported": []any{"header"}, "resource_name": "Orders",
		}
	}
	api := raise(t, serve.Config{Policy: demoPolicy(), Discovery: discovery(t, prefix, prefix+"/mcp")})
	gate := behind(t, func(http.ResponseWriter, *http.Request) { t.Error("the upstream was asked") }, nil, func(c *serve.Config) {
		c.Policy, c.Discovery = demoPolicy(), discovery(t, prefix, prefix+"/mcp")
	})
	for name, s := range map[string]*stage{"the API": api, "before an upstream": gate} {
		for path, resource := range map[string]string{root: prefix, root + "/mcp": prefix + "/mcp"} {
			got := s.do(t, "GET "+path)
			var document map[string]any
			if err := json.Unmarshal([]byte(got.body), &document); err != nil || got.status != http.StatusOK {
				t.Fatalf("%s, %s: status %d, %v", name, path, got.status, err)
			}
			if diff := cmp.Diff(want(resource), document); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", name, path, diff)
			}
			if got.header.Get("Access-Control-Allow-Origin") != "*" || got.header.Get("Content-Type") != "application/json" {
				t.Errorf("%s, %s: headers %v", name, path, got.header)
			}
		}
		for request, status := range map[string]int{
			"OPTIONS " + root: 204, "HEAD " + root + "/mcp": 200, "POST " + root: 405, "GET " + root + "/": 404, "GET " + root + "/mcp/": 404,
			"GET " + root + "/other": 404, "GET /.well-known/oauth-authorization-server": 404, "POST " + root + "/mcp": 405,
			"GET /.well-known/openid-configuration": 404, "GET /.well-known/openid-configuration/mcp": 404,
			"GET /.well-known/oauth-authorization-server/mcp": 404,
		} {
			if got := s.do(t, request); got.status != status {
				t.Errorf("%s, %s: status %d, want %d", name, request, got.status, status)
			}
		}
	}
	if got := gate.do(t, "GET /.well-known/other"); got.status != http.StatusUnauthorized {
		t.Errorf("another well-known name: status %d, want 401", got.status)
	}
	off := discovery(t, prefix)
	off.Off = true
	s := raise(t, serve.Config{Policy: demoPolicy(), Discovery: off})
	if got := s.do(t, "GET /secure-data"); got.header.Get("WWW-Authenticate") != `Bearer realm="m2m"` {
		t.Errorf("metadata is off: challenge %s", got.header.Get("WWW-Authenticate"))
	}
	if got := s.do(t, "GET "+root); got.status != http.StatusNotFound {
		t.Errorf("metadata is off: status %d", got.status)
	}
}

// TestChallengeNamesTheResource has the longest resource that covers the path.
func TestChallengeNamesTheResource(t *testing.T) {
	const host, root = "https://orders.test", `resource_metadata="https://orders.test/.well-known/oauth-protected-resource`
	for _, tt := range []struct {
		resources []string
		path      string
		header    string
		want      string
	}{
		{[]string{host}, "/", "", root + `"`},
		{[]string{host}, "/mcp/x", "", root + `"`},
		{[]string{host, host + "/mcp"}, "/mcp", "", root + `/mcp"`},
		{[]string{host, host + "/mcp"}, "/mcp/x", "", root + `/mcp"`},
		{[]string{host, host + "/mcp"}, "/mcpx", "", root + `"`},
		{[]string{host, host + "/mcp", host + "/mcp/a"}, "/mcp/a/b", "", root + `/mcp/a"`},
		{[]string{host + "/mcp"}, "/", "", ""},
		{[]string{host + "/mcp"}, "/mcpx", "X-Forwarded-Host: evil.test", ""},
		{[]string{host}, "/", "X-Forwarded-Host: evil.test", root + `"`},
		{[]string{host, host + "/mcp"}, "/auth", "X-Forwarded-Uri: /mcp/x?y", root + `/mcp"`},
		{[]string{host, host + "/mcp"}, "/auth", "X-Original-URI: /mcp", root + `/mcp"`},
		{[]string{host, host + "/mcp"}, "/auth", "X-Forwarded-Uri: https://evil.test/x", root + `"`},
		{nil, "/", "", ""},
	} {
		s := behind(t, echo, nil, func(c *serve.Config) { c.Policy, c.Discovery = demoPolicy(), discovery(t, tt.resources...) })
		challenge := s.do(t, "GET "+tt.path, tt.header).header.Get("WWW-Authenticate")
		want := `Bearer realm="m2m", scope="https://orders.test/mcp/.default"`
		if tt.want != "" {
			want += ", " + tt.want
		}
		if challenge != want {
			t.Errorf("%v, %s %s: %s, want %s", tt.resources, tt.path, tt.header, challenge, want)
		}
	}
}

// TestChallengeScopes has the scopes that a client should ask for next.
func TestChallengeScopes(t *testing.T) {
	policy := func(change func(*verify.Policy)) verify.Policy {
		p := verify.Policy{Tenants: []string{tenantID}, Audiences: []string{audience}}
		change(&p)
		return p
	}
	both := func(p *verify.Policy) {
		p.Roles, p.Scopes = []string{"Data.Read"}, []string{"orders.read", "orders.write"}
	}
	for name, tt := range map[string]struct {
		policy verify.Policy
		claims claims
		status int
		want   string // the scope; empty for none
	}{
		"app without a token": {policy(func(p *verify.Policy) { p.Roles = []string{"Data.Read"} }), nil, 401,
			"https://orders.test/mcp/.default"},
		"only scopes are required": {policy(func(p *verify.Policy) { p.Scopes = []string{"a", "b"} }), nil, 401,
			"https://orders.test/mcp/a https://orders.test/mcp/b"},
		"both are required":             {policy(both), nil, 401, "https://orders.test/mcp/.default"},
		"invalid":                       {policy(both), appClaims(claims{"aud": clientID}), 401, "https://orders.test/mcp/.default"},
		"app without the role":          {policy(both), appClaims(claims{"roles": nil}), 403, ""},
		"app where scopes are required": {policy(func(p *verify.Policy) { p.Scopes = []string{"a"} }), appClaims(nil), 403, ""},
		"user without a scope": {policy(both), userClaims(nil), 403,
			"https://orders.test/mcp/orders.read https://orders.test/mcp/orders.write"},
		"user without one of all": {policy(func(p *verify.Policy) { both(p); p.RequireAll = true }), userClaims(claims{"scp": "orders.read"}),
			403, "https://orders.test/mcp/orders.write"},
	} {
		t.Run(name, func(t *testing.T) {
			s := raise(t, serve.Config{Verifier: newVerifier(t, tt.policy, staticKeys(t)), Policy: tt.policy,
				Discovery: discovery(t, "https://orders.test")})
			var headers []string
			if tt.claims != nil {
				headers = []string{"Authorization: Bearer " + s.token(t, tt.claims)}
			}
			got := s.do(t, "GET /secure-data", headers...)
			challenge := got.header.Get("WWW-Authenticate")
			_, scope, _ := strings.Cut(challenge, `, scope="`)
			scope, _, _ = strings.Cut(scope, `"`)
			if got.status != tt.status || scope != tt.want || !strings.Contains(challenge, "resource_metadata=") {
				t.Errorf("status %d, challenge %s; want %d and the scope %q", got.status, challenge, tt.status, tt.want)
			}
		})
	}
}
