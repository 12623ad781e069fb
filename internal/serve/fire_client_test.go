package serve_test

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"m2m/internal/serve"
)

// sendAndHold sends text on a connection of its own and returns what resets it.
func sendAndHold(t *testing.T, addr, text string) (leave func()) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	return sync.OnceFunc(func() {
		_ = conn.(*net.TCPConn).SetLinger(0)
		_ = conn.Close()
	})
}

// TestClientGone: clients vanish at every place of a request. What was begun for
// them ends, the upstream's part too, and others are answered.
func TestClientGone(t *testing.T) {
	const each = 40
	leaksNothing(t)
	waiting, ended := make(chan struct{}, each), make(chan struct{}, each)
	s := behind(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/base/waits" {
			_, _ = io.Copy(io.Discard, r.Body)
			return
		}
		waiting <- struct{}{}
		<-r.Context().Done()
		ended <- struct{}{}
	}, nil)
	good := "Host: a\r\nAuthorization: Bearer " + s.token(t, appClaims(nil)) + "\r\n"
	var all []func()
	for _, text := range []string{
		"", "GE", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\n" + good,
		"POST / HTTP/1.1\r\n" + good + "Content-Length: 10\r\n\r\nhalf",
		"POST / HTTP/1.1\r\n" + good + "Transfer-Encoding: chunked\r\n\r\nff\r\nhalf",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 10\r\n\r\nhalf",
		"GET / HTTP/1.1\r\n" + good + "\r\n",
		"GET /waits HTTP/1.1\r\n" + good + "\r\n",
	} {
		for range each {
			all = append(all, sendAndHold(t, s.addr, text))
		}
	}
	for range each {
		<-waiting
	}
	for _, leave := range all {
		leave()
	}
	for range each {
		<-ended
	}
	if got := s.do(t, "GET /", "Authorization: Bearer "+s.token(t, appClaims(nil))); got.status != http.StatusOK {
		t.Errorf("status %d, want 200", got.status)
	}
}

// TestSlowloris: 200 clients begin a request and never end it. Others are
// answered meanwhile, and the server hangs up on each of the 200.
func TestSlowloris(t *testing.T) {
	leaksNothing(t)
	api, err := serve.New(serve.Config{Verifier: newVerifier(t, demoPolicy(), staticKeys(t))})
	if err != nil {
		t.Fatal(err)
	}
	addr := listen(t, serve.Server{Handler: api, HeaderTimeout: time.Second})
	var slow sync.WaitGroup
	for range 200 {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		slow.Go(func() {
			defer conn.Close()
			_, _ = io.WriteString(conn, "GET /secure-data HTTP/1.1\r\nHost: a\r\nX-Slow: ")
			_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second))
			if _, err := io.Copy(io.Discard, conn); isTimeout(err) {
				t.Error("the server did not hang up")
			}
		})
	}
	client, token := keepAlive(t, 1), sign(t, appClaims(nil))
	for range 50 {
		if got, err := status(client, addr, token); got != http.StatusOK {
			t.Errorf("status %d %v, want 200", got, err)
		}
	}
	slow.Wait()
}

// metered is a listener that counts what the server reads, which is what a
// client can make it hold.
type metered struct {
	net.Listener
	read atomic.Int64
}

func (m *metered) Accept() (net.Conn, error) {
	conn, err := m.Listener.Accept()
	return &meteredConn{conn, m}, err
}

type meteredConn struct {
	net.Conn
	all *metered
}

func (c *meteredConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.all.read.Add(int64(n))
	return n, err
}

// TestEndlessRequests: whatever a client sends without an end, the server reads
// a bounded part of it and hangs up.
func TestEndlessRequests(t *testing.T) {
	leaksNothing(t)
	const body, drained = 1 << 20, 512 << 10 // the API's bound, and what net/http reads to spare a connection
	token := "Authorization: Bearer " + sign(t, appClaims(nil)) + "\r\n"
	const chunked = "Transfer-Encoding: chunked\r\n"
	const form = "Content-Type: application/x-www-form-urlencoded\r\n"
	chunk := "1000\r\n" + strings.Repeat("a", 0x1000) + "\r\n"
	for _, tt := range []struct {
		name, start, rest string
		upstream          bool
		want              string
		most              int64
	}{
		{"a header of 1 MB and more", "GET / HTTP/1.1\r\nX-A: ", strings.Repeat("a", 4096), false, "431", 32<<10 + 16<<10},
		{"headers", "GET / HTTP/1.1\r\n", strings.Repeat("X-A: b\r\n", 512), false, "431", 32<<10 + 16<<10},
		{"a path", "GET /", strings.Repeat("a", 4096), false, "431", 32<<10 + 16<<10},
		{"a body nobody asked for", "GET /secure-data HTTP/1.1\r\nHost: a\r\n" + token + chunked + "\r\n", chunk, false,
			"200", 32 << 10},
		{"a stranger's body", "GET /secure-data HTTP/1.1\r\nHost: a\r\n" + chunked + "\r\n", chunk, false, "401",
			32 << 10},
		{"a stranger's form", "POST /secure-data HTTP/1.1\r\nHost: a\r\n" + form + chunked + "\r\n", chunk, false, "405",
			32 << 10},
		{"a body of 1 GB, as it says", "POST /secure-data HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n", chunk,
			false, "413", drained + 16<<10},
		{"a body for the upstream", "POST / HTTP/1.1\r\nHost: a\r\n" + token + chunked + "\r\n", chunk, true, "413",
			body + drained + 16<<10},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			config := serve.Config{Verifier: newVerifier(t, demoPolicy(), staticKeys(t))}
			if tt.upstream {
				upstream := httptest.NewServer(
					http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
				defer upstream.Close()
				config.Upstream = &serve.Upstream{URL: parsed(t, upstream.URL)}
			}
			api, err := serve.New(config)
			if err != nil {
				t.Fatal(err)
			}
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			m := &metered{Listener: l}
			listenOn(t, serve.Server{Handler: api}, m)
			got := pour(t, l.Addr().String(), tt.start, tt.rest)
			if want := "HTTP/1.1 " + tt.want; !strings.HasPrefix(got, want) {
				t.Errorf("answer %.60q, want %s", got, want)
			}
			if read := m.read.Load(); read > tt.most {
				t.Errorf("the server read %d bytes, want at most %d", read, tt.most)
			}
		})
	}
}

// pour sends start, then rest again and again until the server hangs up, and
// returns what it answered.
func pour(t *testing.T, addr, start, rest string) string {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	answer := make(chan string)
	go func() {
		text, _ := io.ReadAll(conn) // a reset may follow the answer
		answer <- string(text)
	}()
	_, err = io.WriteString(conn, start)
	for err == nil {
		_, err = io.WriteString(conn, rest)
	}
	if isTimeout(err) {
		t.Error("the server did not hang up")
	}
	return <-answer
}

// exhausted is a listener of a process that has no descriptor left for a while.
type exhausted struct {
	net.Listener
	failures atomic.Int64 // still to come
}

func (e *exhausted) Accept() (net.Conn, error) {
	if e.failures.Add(-1) >= 0 {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: syscall.EMFILE}
	}
	return e.Listener.Accept()
}

// TestDescriptorsExhausted: a server that cannot accept tries again, says so in
// its log, and goes on when it can.
func TestDescriptorsExhausted(t *testing.T) {
	leaksNothing(t)
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l, log := &exhausted{Listener: inner}, &logbook{}
	l.failures.Store(4)
	listenOn(t, serve.Server{Handler: http.NotFoundHandler(), Logger: slog.New(slog.NewJSONHandler(log, nil))}, l)
	if got := untilHungUp(t, inner.Addr().String(), "GET / HTTP/1.0\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.0 404") {
		t.Errorf("answer %q, want 404", got)
	}
	if n := strings.Count(log.String(), syscall.EMFILE.Error()); n != 4 {
		t.Errorf("%d lines in the log, want 4: %s", n, log)
	}
}
