package serve_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"m2m/internal/serve"
)

// behind starts an upstream and an API in front of it.
func behind(t *testing.T, upstream http.HandlerFunc, change func(*serve.Upstream), changes ...func(*serve.Config)) *stage {
	t.Helper()
	server := httptest.NewServer(upstream)
	t.Cleanup(server.Close)
	u := &serve.Upstream{URL: parsed(t, server.URL+"/base/")}
	if change != nil {
		change(u)
	}
	c := serve.Config{Upstream: u, MaxBody: 1000, AccessLog: true}
	for _, change := range changes {
		change(&c)
	}
	return raise(t, c)
}

func parsed(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// echo answers with what it got: the request line, then headers and trailers,
// sorted, then the body.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var lines []string
	for name, values := range r.Header {
		lines = append(lines, fmt.Sprintf("%s: %q", name, values))
	}
	for name, values := range r.Trailer {
		lines = append(lines, fmt.Sprintf("trailer %s: %q", name, values))
	}
	slices.Sort(lines)
	w.Header().Set("X-Request-Id", "the upstream's")
	fmt.Fprintf(w, "%s %s\n%s\n\n%s", r.Method, r.RequestURI, strings.Join(lines, "\n"), body)
}

func TestUpstreamLearnsWhoCalls(t *testing.T) {
	s := behind(t, echo, nil)
	token := s.token(t, appClaims(claims{"roles": []string{"Data.Read", "a,b c"}}))
	got := s.do(t, "POST /orders?x=1&y=%20", "Authorization: Bearer "+token, "X-Request-Id: abc", "Content-Length: 2",
		"X-Other: kept", "", "hi")
	want := []string{
		"POST /base/orders?x=1&y=%20", `X-Auth-Client-Id: ["` + clientID + `"]`, `X-Auth-Tenant-Id: ["` + tenantID + `"]`,
		`X-Auth-Roles: ["Data.Read,a%2Cb%20c"]`, `X-Request-Id: ["abc"]`, `X-Forwarded-Host: ["api.test"]`,
		`X-Forwarded-Proto: ["http"]`, `X-Other: ["kept"]`, "\n\nhi",
	}
	for _, w := range want {
		if !strings.Contains(got.body, w) {
			t.Errorf("the upstream got\n%s\nwhich lacks %q", got.body, w)
		}
	}
	if got.status != http.StatusOK || strings.Contains(got.body, "Authorization") {
		t.Errorf("status %d, the upstream got\n%s", got.status, got.body)
	}
	if ids := got.header["X-Request-Id"]; !slices.Equal(ids, []string{"abc"}) {
		t.Errorf("X-Request-Id of the answer = %q", ids)
	}
}

func TestUpstreamGetsTheTokenOnRequest(t *testing.T) {
	var got string
	s := behind(t, func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get("Authorization") },
		func(u *serve.Upstream) { u.ForwardToken = true })
	token := s.token(t, appClaims(nil))
	if a := s.do(t, "GET /", "Authorization: Bearer "+token); a.status != http.StatusOK || got != "Bearer "+token {
		t.Errorf("status %d; the upstream did not get the token as it was sent", a.status)
	}
}

// TestIdentityCannotBeSpoofed sends our headers in every spelling that some
// server behind would fold into ours, and tries to have ours taken out.
func TestIdentityCannotBeSpoofed(t *testing.T) {
	s := behind(t, echo, nil)
	token := s.token(t, appClaims(nil))
	chunked := []string{"Transfer-Encoding: chunked", "Trailer: X-Auth-Roles", "", "0", "X-Auth-Roles: Admin"}
	for name, headers := range map[string][]string{
		"as it is":            {"X-Auth-Roles: Admin", "X-Auth-Client-Id: Admin", "X-Auth-Tenant-Id: Admin"},
		"twice":               {"X-Auth-Roles: Admin", "X-Auth-Roles: Admin"},
		"lower case":          {"x-auth-roles: Admin"},
		"underscores":         {"X_Auth_Roles: Admin", "X-Auth_Roles: Admin", "x_auth_client_id: Admin"},
		"dots":                {"X.Auth.Roles: Admin", "X-Auth.Client-Id: Admin"},
		"other punctuation":   {"X~Auth~Roles: Admin", "X!Auth|Tenant^Id: Admin"},
		"named by Connection": {"Connection: X-Auth-Roles, X-Auth-Client-Id, X-Auth-Tenant-Id"},
		"named by two":        {"Connection: keep-alive, x-auth-roles", "Connection: X-Auth-Client-Id"},
		"a trailer":           chunked,
		"forwarded by the caller": {"X-Forwarded-For: Admin", "X-Forwarded-Host: Admin", "Forwarded: for=Admin",
			"X_Forwarded_For: Admin", "X-Forwarded-User: Admin"},
	} {
		t.Run(name, func(t *testing.T) {
			got := s.do(t, "POST /", append([]string{"Authorization: Bearer " + token}, headers...)...)
			if got.status != http.StatusOK || strings.Contains(got.body, "Admin") {
				t.Errorf("status %d, the upstream got\n%s", got.status, got.body)
			}
			if n := strings.Count(got.body, "X-Auth-"); n != 3 {
				t.Errorf("%d identity headers, want 3:\n%s", n, got.body)
			}
			if !strings.Contains(got.body, `X-Auth-Roles: ["Data.Read"]`) {
				t.Errorf("the caller's role is missing:\n%s", got.body)
			}
		})
	}
}

// TestClientAddress sends the headers that tell a caller's address, in the spellings
// that servers fold into one.
func TestClientAddress(t *testing.T) {
	headers := []string{"X-Real-Ip: 6.6.6.6", "x-real-ip: 6.6.6.6", "X_Real_Ip: 6.6.6.6", "True-Client-Ip: 6.6.6.6",
		"Cf-Connecting-Ip: 6.6.6.6", "CF-Connecting-IPv6: 6.6.6.6", "X-Client-Ip: 6.6.6.6", "Fastly-Client-Ip: 6.6.6.6",
		"X-Cluster-Client-Ip: 6.6.6.6", "Forwarded: for=6.6.6.6", "X-Forwarded: 6.6.6.6", "X-Forwarded-For: 6.6.6.6",
		"X-Forwarded-Host: 6.6.6.6", "X-Forwarded-Proto: 6.6.6.6", "X-Forwarded-Port: 6.6.6.6", "X-Forwarded-Prefix: 6.6.6.6",
		"X.Forwarded.For: 6.6.6.6", "X-Envoy-External-Address: 6.6.6.6", "X-Original-URL: /6.6.6.6", "X-Rewrite-URL: /6.6.6.6"}
	s := behind(t, echo, nil)
	token := s.token(t, appClaims(nil))
	got := s.do(t, "GET /", append(headers, "Authorization: Bearer "+token)...)
	if got.status != http.StatusOK || strings.Contains(got.body, "6.6.6.6") {
		t.Errorf("status %d, the upstream got\n%s", got.status, got.body)
	}
	if !strings.Contains(got.body, `X-Forwarded-For: ["127.0.0.1"]`) {
		t.Errorf("the upstream got\n%s, which lacks the socket's address", got.body)
	}

	s = behind(t, echo, func(u *serve.Upstream) { u.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	got = s.do(t, "GET /", append(headers, "Authorization: Bearer "+s.token(t, appClaims(nil)))...)
	for _, want := range []string{`X-Forwarded-For: ["6.6.6.6, 127.0.0.1"]`, `X-Forwarded-Host: ["6.6.6.6"]`,
		`X-Forwarded-Proto: ["6.6.6.6"]`, `X-Real-Ip: ["6.6.6.6" "6.6.6.6"]`, `Forwarded: ["for=6.6.6.6"]`} {
		if !strings.Contains(got.body, want) {
			t.Errorf("the upstream got\n%s, which lacks %s", got.body, want)
		}
	}
	for _, not := range []string{"X_Real_Ip", "X.Forwarded.For", "X-Original-Url", "X-Rewrite-Url"} {
		if strings.Contains(got.body, not) {
			t.Errorf("the upstream got\n%s, with %s", got.body, not)
		}
	}

	s = behind(t, echo, func(u *serve.Upstream) { u.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} })
	got = s.do(t, "GET /", append(headers, "Authorization: Bearer "+s.token(t, appClaims(nil)))...)
	if got.status != http.StatusOK || strings.Contains(got.body, "6.6.6.6") {
		t.Errorf("from another proxy: status %d, the upstream got\n%s", got.status, got.body)
	}
}

func TestUpstreamIsBehindTheGate(t *testing.T) {
	asked := make(chan string, 100)
	s := behind(t, func(_ http.ResponseWriter, r *http.Request) { asked <- r.RequestURI }, nil)
	bearer := "Authorization: Bearer " + s.token(t, appClaims(nil))
	for _, tt := range []struct {
		line    string
		headers []string
		want    int
	}{
		{"GET /orders", nil, 401},
		{"OPTIONS /orders", nil, 401},
		{"GET /auth/", nil, 401},
		{"GET //healthz", nil, 401},
		{"GET /healthz", nil, 200},
		{"GET /readyz", nil, 200},
		{"GET /orders?access_token=x", []string{bearer}, 400},
		{"GET /orders", []string{"Authorization: Bearer " + s.token(t, appClaims(claims{"roles": nil}))}, 403},
		{"GET /../x", []string{bearer}, 400},
		{"GET /a/%2e%2E/x", []string{bearer}, 400},
		{"GET /a/..%2fx", []string{bearer}, 400},
		{`GET /a/..%5Cx`, []string{bearer}, 400},
		{"GET /a/..;/x", []string{bearer}, 400},
		{"GET /./x", []string{bearer}, 400},
		{"GET /..%00/x", []string{bearer}, 400},
		{"GET /%252e%252e/x", []string{bearer}, 400},
		{"GET /a/..%3b/x", []string{bearer}, 400},
		{"GET x:../../admin", []string{bearer}, 400},
		{"GET x:http://elsewhere.test/admin", []string{bearer}, 400},
		{"CONNECT elsewhere.test:80", []string{bearer}, 400},
		{"CONNECT /x", []string{bearer}, 400},
	} {
		if got := s.do(t, tt.line, tt.headers...); got.status != tt.want {
			t.Errorf("%s %d headers: status %d, want %d", tt.line, len(tt.headers), got.status, tt.want)
		}
	}
	if len(asked) != 0 {
		t.Errorf("the upstream was asked for %s", <-asked)
	}
	if got := s.do(t, "GET http://elsewhere.test/x?y", bearer); got.status != 200 || <-asked != "/base/x?y" {
		t.Errorf("a URL as the target: status %d, or another path", got.status)
	}
	for _, path := range []string{"/secure-data", "/docs", "/a..b/..c", "//x", "/%41%2f"} {
		if got := s.do(t, "GET "+path, bearer); got.status != 200 || <-asked != "/base"+path {
			t.Errorf("%s: status %d, or another path", path, got.status)
		}
	}
}

func TestUpstreamFaults(t *testing.T) {
	for _, tt := range []struct {
		name     string
		upstream http.HandlerFunc
		headers  []string
		want     int
	}{
		{"hangs up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, nil, 502},
		{"never begins", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, nil, 504},
		{"sent too much", echo, []string{"Transfer-Encoding: chunked", "", "3e9", strings.Repeat("x", 1001), "0"}, 413},
		{"said to send too much", echo, []string{"Content-Length: 1001"}, 413},
		{"its own answer", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusTeapot) }, nil,
			http.StatusTeapot},
	} {
		t.Run(tt.name, func(t *testing.T) {
			transport := serve.UpstreamTransport()
			if tt.want == http.StatusGatewayTimeout {
				transport.ResponseHeaderTimeout = 50 * time.Millisecond
			}
			s := behind(t, tt.upstream, func(u *serve.Upstream) { u.Transport = transport })
			got := s.do(t, "POST /", append([]string{"Authorization: Bearer " + s.token(t, appClaims(nil))}, tt.headers...)...)
			if got.status != tt.want {
				t.Fatalf("status %d, want %d: %s", got.status, tt.want, got.body)
			}
			if tt.want != http.StatusTeapot {
				got.problem(t)
			}
			if lines := s.log.lines(t, "upstream failed"); tt.want > 500 && (len(lines) != 1 || lines[0]["reason"] == "") {
				t.Errorf("the log has %v", lines)
			}
		})
	}
}

// TestUpstreamStreams holds an exchange open beyond the server's time-outs: each
// event is there before the next one is made.
func TestUpstreamStreams(t *testing.T) {
	next := make(chan struct{})
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			fmt.Fprintf(w, "data: %d\n\n", i)
			_ = http.NewResponseController(w).Flush()
			<-next
		}
	}))
	defer upstream.Close()
	api, err := serve.New(serve.Config{
		Verifier: newVerifier(t, demoPolicy(), staticKeys(t)), Upstream: &serve.Upstream{URL: parsed(t, upstream.URL)},
	})
	if err != nil {
		t.Fatal(err)
	}
	addr := listen(t, serve.Server{Handler: api, WriteTimeout: 20 * time.Millisecond, ReadTimeout: 20 * time.Millisecond})
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", sign(t, appClaims(nil)))
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(response.Body)
	for i := range 3 {
		for lines.Scan() && lines.Text() == "" {
		}
		if want := fmt.Sprintf("data: %d", i); lines.Text() != want {
			t.Fatalf("read %q, %v; want %q", lines.Text(), lines.Err(), want)
		}
		<-time.After(50 * time.Millisecond) // longer than the server's time-outs: they are what is tested
		next <- struct{}{}
	}
}

func TestUpstreamAddress(t *testing.T) {
	for _, address := range []string{"", "ftp://x/", "http://", "http://u:p@x/", "http://x/?q", "http://x/#f",
		"http://x/a/../b", "x:80"} {
		u, _ := url.Parse(address)
		_, err := serve.New(serve.Config{Verifier: newVerifier(t, demoPolicy(), staticKeys(t)),
			Upstream: &serve.Upstream{URL: u}})
		if err != serve.ErrUpstream { //nolint:errorlint // it is returned as it is
			t.Errorf("%q: %v, want ErrUpstream", address, err)
		}
	}
}
