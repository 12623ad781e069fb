package serve_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"m2m/internal/serve"
)

// start runs a server and returns its address, what ends it, and its result.
func start(t *testing.T, server serve.Server) (addr string, stop context.CancelFunc, ended chan error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	ended = make(chan error, 1)
	go func() { ended <- server.Serve(ctx, l) }()
	return l.Addr().String(), cancel, ended
}

// TestDrainWaits ends the server while a request is under way: the request is
// finished, its context lives on, new connections are refused, and only then
// does Serve return.
func TestDrainWaits(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	addr, stop, ended := start(t, serve.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-release
		if err := r.Context().Err(); err != nil {
			t.Errorf("the request's context: %v", err)
		}
		_, _ = io.WriteString(w, "finished")
	})})
	got := make(chan string, 1)
	go func() {
		response, err := http.Get("http://" + addr)
		if err != nil {
			got <- err.Error()
			return
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		got <- string(body)
	}()
	<-entered
	stop()
	untilRefused(t, addr)
	select {
	case err := <-ended:
		t.Fatalf("Serve returned %v with a request under way", err)
	default:
	}
	close(release)
	if body := <-got; body != "finished" {
		t.Errorf("the request got %q", body)
	}
	if err := <-ended; err != nil {
		t.Errorf("Serve = %v, want nil", err)
	}
}

// untilRefused waits until nobody listens at addr any more.
func untilRefused(t *testing.T, addr string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			return
		}
		_ = conn.Close()
	}
	t.Fatal("the server still listens")
}

func TestDrainGivesUp(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	defer close(release)
	addr, stop, ended := start(t,
		serve.Server{DrainTimeout: time.Millisecond, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			close(entered)
			<-release
		})})
	go func() {
		if response, err := http.Get("http://" + addr); err == nil {
			_ = response.Body.Close()
		}
	}()
	<-entered
	stop()
	if err := <-ended; !errors.Is(err, serve.ErrDrain) {
		t.Errorf("Serve = %v, want ErrDrain", err)
	}
}

func TestServeEndedBefore(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := (serve.Server{Handler: http.NotFoundHandler()}).Serve(ctx, l); err != nil {
		t.Errorf("Serve = %v, want nil", err)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("the listener is still open")
	}
}

func TestServeOnClosedListener(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	if err := (serve.Server{Handler: http.NotFoundHandler()}).Serve(t.Context(), l); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Serve = %v, want net.ErrClosed", err)
	}
}

// TestSlowHeaders holds half a request open: the server hangs up by itself.
func TestSlowHeaders(t *testing.T) {
	addr := listen(t, serve.Server{Handler: http.NotFoundHandler(), HeaderTimeout: 20 * time.Millisecond})
	untilHungUp(t, addr, "GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ")
}

// TestSlowBody announces a form and sends half of it: with a token it has as long as
// the time-out, without one it has an answer at once.
func TestSlowBody(t *testing.T) {
	verifier := newVerifier(t, demoPolicy(), staticKeys(t))
	api, err := serve.New(serve.Config{Verifier: verifier})
	if err != nil {
		t.Fatal(err)
	}
	addr := listen(t, serve.Server{Handler: api, ReadTimeout: 50 * time.Millisecond})
	header := "Authorization: Bearer " + sign(t, appClaims(nil)) + "\r\n"
	got := untilHungUp(t, addr, strings.TrimSuffix(form("GET", header, "a=b&c=d"), "=d"))
	if !strings.HasPrefix(got, "HTTP/1.1 400 ") {
		t.Errorf("answer = %q, want 400", got)
	}
	addr = listen(t, serve.Server{Handler: api, ReadTimeout: time.Hour, HeaderTimeout: time.Hour})
	for _, request := range []string{form("GET", "", "a=b&c=d"), form("POST", "Expect: 100-continue\r\n", "a=b&c=d"),
		strings.Replace(form("GET", "", "a=b&c=d"), "/secure-data", "/nowhere", 1)} {
		got = untilHungUp(t, addr, strings.TrimSuffix(request, "=d"))
		if !strings.HasPrefix(got, "HTTP/1.1 40") {
			t.Errorf("answer = %q, want 401, 404 or 405", got)
		}
	}
}

// TestIdle keeps a connection open after an answer.
func TestIdle(t *testing.T) {
	addr := listen(t, serve.Server{Handler: http.NotFoundHandler(), IdleTimeout: 20 * time.Millisecond})
	got := untilHungUp(t, addr, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	if !strings.HasPrefix(got, "HTTP/1.1 404 ") {
		t.Errorf("answer = %q, want 404", got)
	}
}

// TestSlowReader asks and never reads: the handler is not held up for ever.
func TestSlowReader(t *testing.T) {
	failed := make(chan error, 1)
	addr := listen(t,
		serve.Server{WriteTimeout: 20 * time.Millisecond,
			Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				for block := make([]byte, 1<<20); ; {
					if _, err := w.Write(block); err != nil {
						failed <- err
						return
					}
				}
			})})
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; !isTimeout(err) {
		t.Errorf("writing = %v, want a time-out", err)
	}
}

// untilHungUp sends text and returns what comes back until the server hangs up.
func untilHungUp(t *testing.T, addr, text string) string {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(bufio.NewReader(conn))
	if errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
		t.Fatal("the server did not hang up")
	}
	return string(got)
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// TestTLS serves https with a certificate that is passed in, over HTTP/2 too.
func TestTLS(t *testing.T) {
	lender := httptest.NewTLSServer(http.NotFoundHandler()) // for its certificate
	defer lender.Close()
	api, err := serve.New(serve.Config{Verifier: newVerifier(t, demoPolicy(), staticKeys(t))})
	if err != nil {
		t.Fatal(err)
	}
	addr := listen(t, serve.Server{Handler: api, TLS: &tls.Config{Certificates: lender.TLS.Certificates}})
	client := lender.Client()
	client.Transport.(*http.Transport).ForceAttemptHTTP2 = true
	request, err := http.NewRequest(http.MethodGet, "https://"+addr+"/secure-data", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+sign(t, appClaims(nil)))
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK || response.ProtoMajor != 2 {
		t.Errorf("got %s %s, want HTTP/2 and 200", response.Proto, response.Status)
	}
	old := client.Transport.(*http.Transport).TLSClientConfig.Clone()
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	if conn, err := tls.Dial("tcp", addr, old); err == nil {
		_ = conn.Close()
		t.Error("TLS 1.1 is served")
	}
}
