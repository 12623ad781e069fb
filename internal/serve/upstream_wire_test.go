package serve_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"m2m/internal/serve"
)

// TestIdentityCannotBeSpoofedOverHTTP2 sends headers that HTTP/1.1 has no syntax
// for, and trailers, which come in a frame of their own.
func TestIdentityCannotBeSpoofedOverHTTP2(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(echo))
	defer upstream.Close()
	api, err := serve.New(serve.Config{
		Verifier: newVerifier(t, demoPolicy(), staticKeys(t)), Upstream: &serve.Upstream{URL: parsed(t, upstream.URL)},
	})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewUnstartedServer(api)
	front.EnableHTTP2 = true
	front.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	front.StartTLS()
	defer front.Close()
	request, err := http.NewRequest(http.MethodPost, front.URL+"/x", struct{ io.Reader }{strings.NewReader("hi")})
	if err != nil {
		t.Fatal(err)
	}
	lies := http.Header{"X-Auth-Roles": {"Admin", "Admin"}, "X_auth_roles": {"Admin"}, "x.auth.client.id": {"Admin"},
		"X`auth|roles": {"Admin"}}
	request.Header, request.Trailer = lies.Clone(), lies
	request.Header.Set("Authorization", "Bearer "+sign(t, appClaims(nil)))
	response, err := front.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.ProtoMajor != 2 || response.StatusCode != http.StatusOK {
		t.Fatalf("%s %s, %v", response.Proto, response.Status, err)
	}
	if strings.Contains(string(body), "Admin") || strings.Count(string(body), "X-Auth-") != 3 {
		t.Errorf("the upstream got\n%s", body)
	}
}

// TestHintsOfTheUpstream lets an upstream send an informational answer first, at
// which ReverseProxy forgets every header that was set before.
func TestHintsOfTheUpstream(t *testing.T) {
	s := behind(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Set("X-Request-Id", "the upstream's")
		fmt.Fprint(w, "hi")
	}, nil)
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: x\r\nX-Request-Id: abc\r\nAuthorization: Bearer %s\r\n\r\n",
		s.token(t, appClaims(nil)))
	r := bufio.NewReader(conn)
	for _, status := range []int{http.StatusEarlyHints, http.StatusOK} {
		response, err := http.ReadResponse(r, nil)
		if err != nil || response.StatusCode != status {
			t.Fatalf("%v, %v; want %d", response, err, status)
		}
		if got := response.Header; len(got["X-Request-Id"]) != 1 || got.Get("X-Request-Id") != "abc" ||
			len(got["X-Content-Type-Options"]) != 1 {
			t.Errorf("%d has %v", status, got)
		}
	}
}

// TestUpgrade carries a protocol of the upstream's own through the gate.
func TestUpgrade(t *testing.T) {
	s := behind(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		_ = rw.Flush()
		line, _ := rw.ReadString('\n')
		_, _ = io.WriteString(conn, "you said "+line)
	}, nil)
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn,
		"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nAuthorization: Bearer %s\r\n\r\n",
		s.token(t, appClaims(nil)))
	r := bufio.NewReader(conn)
	response, err := http.ReadResponse(r, nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("%v, %v", response, err)
	}
	fmt.Fprintln(conn, "hello")
	if line, err := r.ReadString('\n'); line != "you said hello\n" {
		t.Errorf("read %q, %v", line, err)
	}
	if ids := response.Header["X-Request-Id"]; len(ids) != 1 {
		t.Errorf("X-Request-Id = %q", ids)
	}
	_ = conn.Close()
	lines := s.log.lines(t, "request answered")
	for until := time.Now().Add(30 * time.Second); len(lines) == 0 &&
		time.Now().Before(until); lines = s.log.lines(t, "request answered") {
		<-time.After(5 * time.Millisecond)
	}
	if len(lines) != 1 || lines[0]["status"] != float64(http.StatusSwitchingProtocols) {
		t.Errorf("the log has %v", lines)
	}
}

// TestOnlyWebSocketsTakeOver asks for protocols that carry requests, which would
// reach the upstream with whatever headers the caller likes.
func TestOnlyWebSocketsTakeOver(t *testing.T) {
	s := behind(t, echo, nil)
	bearer := "Authorization: Bearer " + s.token(t, appClaims(nil))
	for _, headers := range [][]string{
		{"Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"},
		{"Connection: Upgrade", "Upgrade: h2c", "Upgrade: websocket"},
		{"Connection: Upgrade", "Upgrade: websocket, h2c"},
		{"Connection: Upgrade", "Upgrade: TLS/1.2"},
	} {
		got := s.do(t, "GET /", append(headers, bearer)...)
		if got.status != http.StatusOK || strings.Contains(got.body, "Upgrade") || strings.Contains(got.body, "Connection") ||
			strings.Contains(got.body, "Http2-Settings") {
			t.Errorf("%q: status %d, the upstream got\n%s", headers, got.status, got.body)
		}
	}
}
