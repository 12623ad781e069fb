package serve_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/serve"
)

func TestRejectionIsLogged(t *testing.T) {
	s := raise(t, serve.Config{})
	s.get(t, s.token(t, appClaims(claims{"aud": "https://other.test"})), "X-Request-Id: req-1")
	lines := s.log.lines(t, "request rejected")
	if len(lines) != 1 {
		t.Fatalf("%d lines, want 1: %s", len(lines), s.log)
	}
	line := lines[0]
	for _, name := range []string{"time", "remote", "duration", "expected", "found", "reason", "trace_id", "span_id"} {
		if line[name] == nil {
			t.Errorf("the line has no %s", name)
		}
		delete(line, name)
	}
	want := map[string]any{
		"level": "WARN", "msg": "request rejected", "request_id": "req-1", "method": "GET", "path": "/secure-data",
		"status": 401.0, "check": "audience",
		"claimed": map[string]any{"kid": keyID, "iss": issuer, "aud": "https://other.test", "tid": tenantID,
			"client_id": clientID},
	}
	if diff := cmp.Diff(want, line); diff != "" {
		t.Errorf("line (-want +got):\n%s", diff)
	}
}

func TestAccessLogAndClaims(t *testing.T) {
	s := raise(t, serve.Config{LogClaims: []string{"sub", "azp", "appid", "scp", "roles", "exp"}})
	many := slices.Repeat([]string{"Data.Read"}, 40)
	s.get(t, s.token(t, appClaims(claims{"exp": 4102444800, "iat": 4102444800 - 3600, "nbf": 4102444800 - 3600})))
	s.get(t, s.token(t, appClaims(nil)))
	s.get(t, s.token(t, appClaims(claims{"roles": many})))
	s.do(t, "GET /healthz")
	s.do(t, "GET /nowhere")
	lines := s.log.lines(t, "request answered")
	if len(lines) != 3 || len(s.log.lines(t, "request rejected")) != 1 {
		t.Fatalf("%d lines, want 3 and the rejection: %s", len(lines), s.log)
	}
	got := lines[0]["claims"].(map[string]any)
	if exp, _ := got["exp"].(string); len(exp) != 10 {
		t.Errorf("exp = %v, want epoch seconds", got["exp"])
	}
	delete(got, "exp")
	want := map[string]any{"sub": objectID, "azp": clientID, "appid": nil, "scp": nil, "roles": []any{"Data.Read"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	roles := lines[1]["claims"].(map[string]any)["roles"].([]any)
	if len(roles) != 33 || roles[32] != "… 8 more" {
		t.Errorf("40 roles are logged as %v, want 32 and how many more", roles)
	}
	if lines[0]["client_id"] != clientID || lines[2]["path"] != "/nowhere" || lines[2]["status"] != 404.0 {
		t.Errorf("lines = %v", lines)
	}
}

func TestQuietByDefault(t *testing.T) {
	s := raise(t, serve.Config{})
	if got := s.get(t, s.token(t, appClaims(nil))); got.status != http.StatusOK {
		t.Fatalf("status = %d, want 200", got.status)
	}
	if got := s.log.String(); got != "" {
		t.Errorf("log = %q, want nothing", got)
	}
}

// TestNoInjection sends text that would begin a line of its own, move the
// cursor, or carry a token, everywhere where a log line takes text from callers.
// The handler writes text as it is, which no handler of slog does.
func TestNoInjection(t *testing.T) {
	log := &logbook{}
	s := raise(t, serve.Config{LogClaims: []string{"name", "roles"}, Logger: slog.New(naive{log})})
	s.log = log // for noLeak
	token := s.token(t, appClaims(nil))
	evil := "x\r\nINFO forged\x1b[2J\u202e\u2028"
	s.do(t, "GET /a%0D%0AINFO%20forged%1B%5B2J/"+token)
	s.do(t, "GET /%E2%80%AE"+strings.Repeat("%0A", 9000))
	s.get(t, s.token(t, appClaims(claims{"iss": evil, "aud": evil, "tid": evil, "azp": evil})))
	s.get(t, s.token(t, appClaims(claims{"name": evil + token, "roles": []string{"Data.Read", evil}})),
		"X-Request-Id: "+token)
	s.get(t, token, "X-Request-Id: a b")
	if n := strings.Count(log.String(), "\n"); n != 5 {
		t.Errorf("%d lines, want 5", n)
	}
	if i := strings.IndexFunc(log.String(), func(c rune) bool { return c != '\n' && !unicode.IsPrint(c) }); i >= 0 {
		t.Errorf("a character that moves the cursor at %d: %q", i, log)
	}
	for line := range strings.Lines(log.String()) {
		if len(line) > 2000 {
			t.Errorf("a line of %d bytes", len(line))
		}
	}
}

func TestRequestID(t *testing.T) {
	s := raise(t, serve.Config{})
	for _, tc := range []struct {
		sent  []string
		taken bool
	}{
		{[]string{"X-Request-Id: 4f2a-9c.B_1:/+="}, true},
		{[]string{"x-request-id: " + strings.Repeat("a", 64)}, true},
		{[]string{"X-Request-Id: " + strings.Repeat("a", 65)}, false},
		{[]string{"X-Request-Id: a b"}, false},
		{[]string{"X-Request-Id: a\"b"}, false},
		{[]string{"X-Request-Id: \u00e9"}, false},
		{[]string{"X-Request-Id:"}, false},
		{[]string{"X-Request-Id: a", "X-Request-Id: b"}, false},
		{nil, false},
	} {
		got := s.do(t, "GET /healthz", tc.sent...).header["X-Request-Id"]
		if len(got) != 1 || got[0] == "" {
			t.Fatalf("sent %q: X-Request-Id = %q, want one", tc.sent, got)
		}
		taken := slices.ContainsFunc(tc.sent, func(sent string) bool { return strings.HasSuffix(sent, " "+got[0]) })
		if taken != tc.taken {
			t.Errorf("sent %q: X-Request-Id = %q, taken over: %t, want %t", tc.sent, got[0], taken, tc.taken)
		}
	}
}

// TestRequireAlone is the gate as a reader would use it, with no API around it.
func TestRequireAlone(t *testing.T) {
	gate := serve.Require(newVerifier(t, demoPolicy(), staticKeys(t)),
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			token, ok := serve.TokenFrom(r.Context())
			if !ok {
				t.Error("no token in the context")
				return
			}
			_, _ = w.Write([]byte(token.ClientID))
		}))
	server := httptest.NewServer(gate)
	defer server.Close()
	for header, want := range map[string]struct {
		status int
		body   string
	}{
		"":                                  {401, ""},
		"Bearer " + sign(t, appClaims(nil)): {200, clientID},
	} {
		s := &stage{addr: strings.TrimPrefix(server.URL, "http://")}
		headers := []string{}
		if header != "" {
			headers = append(headers, "Authorization: "+header)
		}
		if got := s.do(t, "GET /orders", headers...); got.status != want.status || want.body != "" && got.body != want.body {
			t.Errorf("got %d %q, want %d %q", got.status, got.body, want.status, want.body)
		}
	}
	if _, ok := serve.TokenFrom(t.Context()); ok {
		t.Error("a context of nobody has a token")
	}
}

// TestTraceInLog finds the caller's trace in the log, and a new one where the
// caller's is not valid.
func TestTraceInLog(t *testing.T) {
	s := raise(t, serve.Config{})
	const traceID = "0af7651916cd43dd8448eb211c80319c"
	s.do(t, "GET /secure-data", "Traceparent: 00-"+traceID+"-b7ad6b7169203331-01")
	s.do(t, "GET /secure-data", "Traceparent: 00-"+strings.ToUpper(traceID)+"-b7ad6b7169203331-01")
	lines := s.log.lines(t, "request rejected")
	if len(lines) != 2 || lines[0]["trace_id"] != traceID || lines[0]["span_id"] == "b7ad6b7169203331" {
		t.Fatalf("log = %v, want the trace of the caller and a span of ours", lines)
	}
	if id, _ := lines[1]["trace_id"].(string); len(id) != 32 || strings.EqualFold(id, traceID) {
		t.Errorf("trace_id = %q, want a new one", id)
	}
}
