package serve_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/serve"
	"m2m/internal/verify"
)

func TestSecureDataShape(t *testing.T) {
	s := raise(t, serve.Config{Verifier: newVerifier(t, verify.Policy{
		Tenants: []string{tenantID}, Audiences: []string{audience}, AllowUser: true,
	}, staticKeys(t))})
	for name, tc := range map[string]struct {
		claims claims
		want   string
	}{
		"app with role": {appClaims(nil),
			`{"message":"Access granted","client_id":"` + clientID + `","scopes":null,"roles":["Data.Read"]}`},
		"app without a role": {appClaims(claims{"roles": nil}),
			`{"message":"Access granted","client_id":"` + clientID + `","scopes":null,"roles":null}`},
		"user": {userClaims(nil),
			`{"message":"Access granted","client_id":"` + clientID + `","scopes":"Data.Read Data.Write","roles":null}`},
	} {
		t.Run(name, func(t *testing.T) {
			got := s.get(t, s.token(t, tc.claims))
			if got.status != http.StatusOK {
				t.Fatalf("status = %d, want 200: %s", got.status, got.body)
			}
			if diff := cmp.Diff(tc.want, strings.TrimSpace(got.body)); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
			for header, want := range map[string]string{
				"Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
			} {
				if got.header.Get(header) != want {
					t.Errorf("%s = %q, want %q", header, got.header.Get(header), want)
				}
			}
		})
	}
}

// TestAnswers is the table of rejections, one row for each reason.
func TestAnswers(t *testing.T) {
	s := raise(t, serve.Config{Realm: "orders"})
	good := s.token(t, appClaims(nil))
	const (
		bare      = `Bearer realm="orders"`
		malformed = `Bearer realm="orders", error="invalid_request", error_description="`
		invalid   = `Bearer realm="orders", error="invalid_token", error_description="`
		lacking   = `Bearer realm="orders", error="insufficient_scope", error_description="`
	)
	for name, tc := range map[string]struct {
		request   string
		headers   []string
		status    int
		code      any // of the problem document
		challenge string
	}{
		"no credentials": {"GET /secure-data", nil, 401, nil, bare},
		"another scheme": {"GET /secure-data", []string{"Authorization: Basic dTpw"}, 401, nil, bare},
		"no scheme":      {"GET /secure-data", []string{"Authorization: " + good}, 401, nil, bare},
		"cookie":         {"GET /secure-data", []string{"Cookie: access_token=" + good}, 401, nil, bare},
		"two headers": {"GET /secure-data",
			[]string{"Authorization: Bearer " + good, "Authorization: Bearer " + good}, 400, "invalid_request", malformed},
		"two headers, one good": {"GET /secure-data", []string{"Authorization: Basic dTpw", "Authorization: Bearer " + good},
			400, "invalid_request", malformed},
		"comma list": {"GET /secure-data", []string{"Authorization: Bearer " + good + ", Bearer " + good}, 400,
			"invalid_request", malformed},
		"comma list of schemes": {"GET /secure-data", []string{"Authorization: Basic dTpw, Bearer " + good}, 400,
			"invalid_request", malformed},
		"empty token":    {"GET /secure-data", []string{"Authorization: Bearer "}, 400, "invalid_request", malformed},
		"empty header":   {"GET /secure-data", []string{"Authorization:"}, 400, "invalid_request", malformed},
		"token in query": {"GET /secure-data?access_token=" + good, nil, 400, "invalid_request", malformed},
		"header and query": {"GET /secure-data?a=b&access%5Ftoken=" + good, []string{"Authorization: Bearer " + good},
			400, "invalid_request", malformed},
		"no JWT": {"GET /secure-data", []string{"Authorization: Bearer abc"}, 401, "invalid_token", invalid},
		"expired": {"GET /secure-data",
			[]string{"Authorization: Bearer " + s.token(t, appClaims(claims{"iat": 1000, "nbf": 1000, "exp": 4600}))}, 401,
			"invalid_token", invalid},
		"another audience": {"GET /secure-data",
			[]string{"Authorization: Bearer " + s.token(t, appClaims(claims{"aud": clientID}))}, 401, "invalid_token", invalid},
		"bad signature": {"GET /secure-data", []string{"Authorization: Bearer " + good[:len(good)-8] + "AAAAAAAA"},
			401, "invalid_token", invalid},
		"role missing": {"GET /secure-data",
			[]string{"Authorization: Bearer " + s.token(t, appClaims(claims{"roles": nil}))}, 403, "insufficient_scope",
			lacking},
		"another role": {"GET /secure-data",
			[]string{"Authorization: Bearer " + s.token(t, appClaims(claims{"roles": []string{"Data.Write"}}))}, 403,
			"insufficient_scope", lacking},
		"unknown path":      {"GET /nowhere", nil, 404, nil, ""},
		"path with a slash": {"GET /secure-data/", []string{"Authorization: Bearer " + good}, 404, nil, ""},
		"path not clean":    {"GET //secure-data", []string{"Authorization: Bearer " + good}, 404, nil, ""},
		"method":            {"DELETE /secure-data", nil, 405, nil, ""},
		"method and query":  {"DELETE /secure-data?access_token=" + good, nil, 400, "invalid_request", malformed},
	} {
		t.Run(name, func(t *testing.T) {
			got := s.do(t, tc.request, tc.headers...)
			if got.status != tc.status {
				t.Fatalf("status = %d, want %d: %s", got.status, tc.status, got.body)
			}
			if p := got.problem(t); p["error"] != tc.code || p["checks"] != nil {
				t.Errorf("problem = %v, want the error %v and no checks", p, tc.code)
			}
			challenge := got.header.Get("WWW-Authenticate")
			exact := tc.challenge == bare || tc.challenge == ""
			if !strings.HasPrefix(challenge, tc.challenge) || exact && challenge != tc.challenge {
				t.Errorf("WWW-Authenticate = %q, want %q", challenge, tc.challenge)
			}
		})
	}
}

// TestOneSentenceForAll holds every 401 invalid_token to the same words.
func TestOneSentenceForAll(t *testing.T) {
	s := raise(t, serve.Config{})
	bodies := map[string]bool{}
	for _, c := range []claims{
		appClaims(claims{"aud": clientID}), appClaims(claims{"exp": 1}), appClaims(claims{"iss": "https://evil.test/"}),
		appClaims(claims{"tid": clientID}), appClaims(claims{"idtyp": "user"}), appClaims(claims{"ver": "3.0"}),
	} {
		got := s.get(t, s.token(t, c), "X-Request-Id: same")
		if got.status != http.StatusUnauthorized {
			t.Errorf("status = %d, want 401", got.status)
		}
		bodies[got.header.Get("WWW-Authenticate")+got.body] = true
	}
	if len(bodies) != 1 {
		t.Errorf("%d different answers, want one: %v", len(bodies), bodies)
	}
}

// TestWhatIsRequired names missing scopes where a client can ask for them, and
// missing roles in words, for which RFC 6750 has no parameter.
func TestWhatIsRequired(t *testing.T) {
	policy := demoPolicy()
	policy.Scopes = []string{"Data.Read", "Data.Write"}
	s := raise(t, serve.Config{Verifier: newVerifier(t, policy, staticKeys(t)), Policy: policy,
		Discovery: serve.Discovery{Scope: "api://orders/.default"}})
	for name, tc := range map[string]struct {
		claims    claims
		challenge string
	}{
		"user": {userClaims(claims{"scp": "Other"}), `Bearer realm="m2m", error="insufficient_scope", ` +
			`error_description="the token is valid, but it lacks permission: this API requires scp one of Data.Read, Data.Write", ` +
			`scope="api://orders/Data.Read api://orders/Data.Write"`},
		"app": {appClaims(claims{"roles": nil}), `Bearer realm="m2m", error="insufficient_scope", ` +
			`error_description="the token is valid, but it lacks permission: this API requires roles Data.Read"`},
	} {
		t.Run(name, func(t *testing.T) {
			got := s.get(t, s.token(t, tc.claims))
			if diff := cmp.Diff(tc.challenge, got.header.Get("WWW-Authenticate")); got.status != http.StatusForbidden ||
				diff != "" {
				t.Errorf("%d, challenge (-want +got):\n%s", got.status, diff)
			}
		})
	}
}

func TestExplainRejections(t *testing.T) {
	s := raise(t, serve.Config{ExplainRejections: true})
	got := s.get(t, s.token(t, appClaims(claims{"aud": "https://other.test"})))
	p := got.problem(t)
	if got.status != http.StatusUnauthorized || !strings.HasPrefix(p["detail"].(string), "audience: ") {
		t.Errorf("got %d %v, want 401 and a detail about the audience", got.status, p["detail"])
	}
	checks, _ := p["checks"].([]any)
	statuses := map[any]any{}
	for _, c := range checks {
		check := c.(map[string]any)
		statuses[check["name"]] = check["status"]
	}
	if statuses["audience"] != "fail" || statuses["signature"] != "pass" || len(checks) != 12 {
		t.Errorf("checks = %v, want 12 with audience failed and signature passed", statuses)
	}
}

func TestNewRejectsConfig(t *testing.T) {
	verifier := newVerifier(t, demoPolicy(), staticKeys(t))
	for name, tc := range map[string]struct {
		config serve.Config
		want   error
	}{
		"no verifier":    {serve.Config{}, serve.ErrNoVerifier},
		"quoted realm":   {serve.Config{Verifier: verifier, Realm: `a"b`}, serve.ErrRealm},
		"two-line realm": {serve.Config{Verifier: verifier, Realm: "a\r\nb"}, serve.ErrRealm},
		"good":           {serve.Config{Verifier: verifier, Realm: "a b"}, nil},
	} {
		if _, err := serve.New(tc.config); !errors.Is(err, tc.want) {
			t.Errorf("%s: New = %v, want %v", name, err, tc.want)
		}
	}
}
