package serve_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"m2m/internal/serve"
)

// events sends one event and is silent then.
func events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	_, _ = io.WriteString(w, "data: 1\n\n")
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

// TestDrainEndsStreams stops the gate while an event stream and a WebSocket run: both
// end as if the upstream had ended them, at once and before the gate has stopped.
func TestDrainEndsStreams(t *testing.T) {
	for _, kind := range []string{"event stream", "WebSocket"} {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, stop, ended := stoppableMemory(t, nil)
				response := m.open(t, kind)
				started := time.Now()
				stop()
				body, err := io.ReadAll(response.Body)
				if string(body) != "data: 1\n\n" || err != nil || time.Since(started) > time.Second {
					t.Errorf("read %q, %v after %s", body, err, time.Since(started))
				}
				if err := <-ended; err != nil {
					t.Errorf("Serve = %v", err)
				}
			})
		})
	}
}

// TestStreamEndsWithToken has a token of an hour.
func TestStreamEndsWithToken(t *testing.T) {
	for _, kind := range []string{"event stream", "WebSocket"} {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, stop, ended := stoppableMemory(t, func(u *serve.Upstream) { u.EndStreamsWithToken = true })
				started := time.Now()
				response := m.open(t, kind)
				body, err := io.ReadAll(response.Body)
				if took := time.Since(started); string(body) != "data: 1\n\n" || err != nil || took != time.Hour {
					t.Errorf("read %q, %v after %s, want 1h", body, err, took)
				}
				stop()
				<-ended
			})
		})
	}
}

// TestStreamOutlivesToken is the default.
func TestStreamOutlivesToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, stop, ended := stoppableMemory(t, nil)
		response := m.open(t, "event stream")
		lines := bufio.NewReader(response.Body)
		_, _ = lines.ReadString('\n')
		time.AfterFunc(10*time.Hour, stop)
		started := time.Now()
		if _, err := io.ReadAll(lines); err != nil || time.Since(started) != 10*time.Hour {
			t.Errorf("%v after %s, want 10h", err, time.Since(started))
		}
		<-ended
	})
}

// stoppableMemory is an API before an upstream of events, with what stops it.
func stoppableMemory(t *testing.T, change func(*serve.Upstream)) (m memory, stop context.CancelFunc, ended chan error) {
	front, back := newPipes(), newPipes()
	transport, caller := serve.UpstreamTransport(), &http.Transport{}
	transport.DialContext, caller.DialContext = back.dial, front.dial
	u := &serve.Upstream{URL: parsed(t, "http://example.com"), Transport: transport}
	if change != nil {
		change(u)
	}
	api, err := serve.New(serve.Config{Verifier: newVerifier(t, demoPolicy(), staticKeys(t)), Upstream: u})
	if err != nil {
		t.Fatal(err)
	}
	upstream := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" {
			events(w, r)
			return
		}
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\ndata: 1\n\n")
		_, _ = rw.ReadByte()
	})
	listenOn(t, serve.Server{Handler: upstream, ReadTimeout: 48 * time.Hour, WriteTimeout: 48 * time.Hour}, back)
	ctx, stop := context.WithCancel(t.Context())
	ended = make(chan error, 1)
	server := serve.Server{Handler: api, Draining: api.Drain, Stopping: api.EndStreams}
	go func() { ended <- server.Serve(ctx, front) }()
	t.Cleanup(func() { stop(); caller.CloseIdleConnections(); transport.CloseIdleConnections() })
	return memory{client: &http.Client{Transport: caller}, url: "http://example.com/x", token: sign(t, appClaims(nil))}, stop, ended
}

// open opens a stream and waits until nothing moves.
func (m memory) open(t *testing.T, kind string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, m.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+m.token)
	if kind == "WebSocket" {
		request.Header.Set("Connection", "Upgrade")
		request.Header.Set("Upgrade", "websocket")
	}
	response, err := m.client.Do(request)
	if err != nil || response.StatusCode != http.StatusOK && response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("%v, %v", response, err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	if kind != "WebSocket" && !strings.HasPrefix(response.Header.Get("Content-Type"), "text/event-stream") {
		t.Fatalf("headers %v", response.Header)
	}
	synctest.Wait()
	return response
}
