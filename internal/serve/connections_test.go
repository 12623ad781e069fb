package serve_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"m2m/internal/serve"
)

// TestConnectionLimit opens more connections than the server takes: the others wait,
// the log says so once, and each gets its answer when one has closed.
func TestConnectionLimit(t *testing.T) {
	log := &logbook{}
	addr := listen(t, serve.Server{MaxConnections: 3, Handler: http.NotFoundHandler(), Logger: slog.New(slog.NewJSONHandler(log, nil))})
	var conns []net.Conn
	for range 6 {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		conns = append(conns, conn)
	}
	for i, conn := range conns {
		answer := make([]byte, 12)
		if _, err := io.ReadFull(conn, answer); err != nil || string(answer) != "HTTP/1.1 404" {
			t.Errorf("connection %d: %q, %v", i, answer, err)
		}
		_ = conn.Close()
	}
	if lines := log.lines(t, "connection limit reached: new connections wait until others close"); len(lines) != 1 || lines[0]["limit"] != 3.0 {
		t.Errorf("the log has %v", lines)
	}
}

// TestHealthWhileOthersStall holds connections open in every way that needs no token.
func TestHealthWhileOthersStall(t *testing.T) {
	const each = 50
	s := raise(t, serve.Config{})
	for _, stalled := range []string{
		"", "GET / HT", "GET /secure-data HTTP/1.1\r\nHost: a\r\nX-A: " + strings.Repeat("a", 16<<10),
		"POST /secure-data HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc",
		"GET /secure-data HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\na",
		"GET /secure-data HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\na",
	} {
		for range each {
			conn, err := net.Dial("tcp", s.addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprint(conn, stalled)
		}
	}
	if got := s.do(t, "GET /healthz"); got.status != http.StatusOK {
		t.Errorf("status %d", got.status)
	}
}

// TestNetLogger passes on what net/http reports of a stranger's bytes.
func TestNetLogger(t *testing.T) {
	var log bytes.Buffer
	serve.NetLogger(slog.New(slog.NewJSONHandler(&log, nil))).Printf("http: bad\x1b[2J\n%s", strings.Repeat("x ", 4096))
	var line struct{ Msg, Reason string }
	if err := json.Unmarshal(log.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	if line.Msg != "net/http" || !strings.HasPrefix(line.Reason, `http: bad\x1b[2J\n`) || len(line.Reason) > 200 {
		t.Errorf("logged %+v", line)
	}
}

// TestMethods has methods that only HTTP/2 has room for.
func TestMethods(t *testing.T) {
	api, err := serve.New(serve.Config{Verifier: newVerifier(t, demoPolicy(), staticKeys(t)),
		Upstream: &serve.Upstream{URL: parsed(t, "http://127.0.0.1:1")}})
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{"GET x", "G\tT", "GÉT", "GET/", `"GET"`, "GET\r\nX-A: b"} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Method = method
		r.Header.Set("Authorization", "Bearer "+sign(t, appClaims(nil)))
		w := httptest.NewRecorder()
		if api.ServeHTTP(w, r); w.Code != http.StatusBadRequest {
			t.Errorf("%q: status %d, want 400", method, w.Code)
		}
	}
}
