package serve_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"m2m/internal/serve"
)

// memory is an API before an upstream, with no socket in between: in a bubble of
// synctest the time-outs pass at once, and only when everybody waits.
type memory struct {
	client *http.Client
	url    string
	log    *logbook
	token  string
}

// inMemory runs test against the API, once for each protocol that both sides speak.
func inMemory(t *testing.T, upstream http.HandlerFunc, test func(*testing.T, memory)) {
	certified := httptest.NewUnstartedServer(nil)
	certified.EnableHTTP2 = true
	certified.StartTLS()
	defer certified.Close()
	trusting := certified.Client().Transport.(*http.Transport)
	t.Run("HTTP/1.1", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { test(t, newMemory(t, upstream, "http", nil, &http.Transport{})) })
	})
	t.Run("HTTP/2", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { test(t, newMemory(t, upstream, "https", certified.TLS, trusting.Clone())) })
	})
}

func newMemory(t *testing.T, upstream http.HandlerFunc, scheme string, certificate *tls.Config,
	caller *http.Transport) memory {
	front, back, log := newPipes(), newPipes(), &logbook{}
	transport := serve.UpstreamTransport()
	transport.DialContext, caller.DialContext = back.dial, front.dial
	transport.TLSClientConfig = caller.TLSClientConfig.Clone()
	api, err := serve.New(serve.Config{
		Verifier: newVerifier(t, demoPolicy(), staticKeys(t)), Logger: slog.New(slog.NewJSONHandler(log, nil)),
		AccessLog: true,
		Upstream:  &serve.Upstream{URL: parsed(t, scheme+"://example.com"), Transport: transport},
	})
	if err != nil {
		t.Fatal(err)
	}
	listenOn(t, serve.Server{Handler: upstream, TLS: certificate, ReadTimeout: 48 * time.Hour, WriteTimeout: 48 * time.Hour}, back)
	listenOn(t, serve.Server{Handler: api, TLS: certificate}, front)
	t.Cleanup(func() { caller.CloseIdleConnections(); transport.CloseIdleConnections() })
	return memory{&http.Client{Transport: caller}, scheme + "://example.com/x", log, sign(t, appClaims(nil))}
}

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	here, there := net.Pipe()
	p.conns <- there
	return here, nil
}

// post sends a body, a form if it is short, and returns the answer, and how long it took to begin.
func (m memory) post(t *testing.T, body io.Reader) (*http.Response, time.Duration) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, m.url, body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+m.token)
	if request.ContentLength > 0 {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	started := time.Now()
	response, err := m.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	if strings.HasPrefix(m.url, "https:") != (response.ProtoMajor == 2) {
		t.Fatalf("%s over %s", m.url, response.Proto)
	}
	return response, time.Since(started)
}

// dripping is a body of n bytes, each of which takes its time.
type dripping struct {
	n     int
	pause time.Duration
}

func (d *dripping) Read(p []byte) (int, error) {
	if d.n == 0 {
		return 0, io.EOF
	}
	d.n--
	<-time.After(d.pause)
	p[0] = 'x'
	return 1, nil
}

// TestSlowUpload takes longer than every time-out together, but never pauses for
// as long as one. An answer without a body must find its way too.
func TestSlowUpload(t *testing.T) {
	inMemory(t, func(w http.ResponseWriter, r *http.Request) {
		if n, err := io.Copy(io.Discard, r.Body); n == 60 && err == nil {
			w.WriteHeader(http.StatusNoContent)
		}
	}, func(t *testing.T, m memory) {
		if response, took := m.post(t, &dripping{60, 20 * time.Second}); response.StatusCode != http.StatusNoContent {
			t.Errorf("status %d after %s, want 204", response.StatusCode, took)
		}
	})
}

// TestSlowAnswer is the same the other way. The gate has read the whole of a form
// before the upstream gets it.
func TestSlowAnswer(t *testing.T) {
	inMemory(t, func(w http.ResponseWriter, _ *http.Request) {
		for range 60 {
			<-time.After(20 * time.Second)
			_, _ = io.WriteString(w, "x")
			_ = http.NewResponseController(w).Flush()
		}
	}, func(t *testing.T, m memory) {
		for _, form := range []string{"", "a=b"} {
			response, _ := m.post(t, strings.NewReader(form))
			if body, err := io.ReadAll(response.Body); len(body) != 60 || err != nil {
				t.Errorf("form %q: %d bytes, %v; want 60", form, len(body), err)
			}
		}
	})
}

// TestSlowCaller takes an answer in parts, and each for longer than the upstream
// may be silent, which meanwhile waits. Its body ends after the answer has begun.
func TestSlowCaller(t *testing.T) {
	const parts, part = 10, 1 << 20 // more than an HTTP/2 client takes before anybody reads it
	inMemory(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(parts*part))
		_, _ = w.Write(make([]byte, parts*part))
	}, func(t *testing.T, m memory) {
		response, _ := m.post(t, &dripping{1, 5 * time.Second})
		for range parts {
			<-time.After(45 * time.Second)
			if n, err := io.CopyN(io.Discard, response.Body, part); err != nil {
				t.Fatalf("%d bytes, %v", n, err)
			}
		}
	})
}

// TestSilentWebSocket says nothing for an hour. Then it is still there.
func TestSilentWebSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(t, func(w http.ResponseWriter, _ *http.Request) {
			conn, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
			_, _ = io.CopyN(conn, rw, 2)
		}, "http", nil, &http.Transport{})
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, m.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header = http.Header{"Authorization": {"Bearer " + m.token}, "Connection": {"Upgrade"},
			"Upgrade": {"websocket"}}
		response, err := m.client.Do(request)
		if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
			t.Fatalf("%v, %v", response, err)
		}
		socket := response.Body.(io.ReadWriteCloser)
		defer socket.Close()
		<-time.After(time.Hour)
		_, _ = io.WriteString(socket, "hi")
		if got, err := io.ReadAll(socket); string(got) != "hi" {
			t.Errorf("read %q, %v", got, err)
		}
	})
}

func TestSilentUpstream(t *testing.T) {
	inMemory(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}, func(t *testing.T, m memory) {
		response, took := m.post(t, &dripping{3, 20 * time.Second})
		got := (&stage{}).read(t, response)
		if p := got.problem(t); got.status != http.StatusGatewayTimeout ||
			p["detail"] != "the upstream did not answer in time" || took != 90*time.Second {
			t.Errorf("%d %v after %s, want 504 after the body's 60 s and 30 s", got.status, p, took)
		}
		if lines := m.log.lines(t, "upstream failed"); len(lines) != 1 ||
			lines[0]["reason"] != "the upstream did not begin its response in time" {
			t.Errorf("the log has %v", lines)
		}
	})
}

// TestSilentStream says nothing for hours in the middle of its response, whatever kind
// of response it is, and with a body that the caller does not end.
func TestSilentStream(t *testing.T) {
	inMemory(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for range 3 {
			_, _ = io.WriteString(w, "half")
			_ = http.NewResponseController(w).Flush()
			<-time.After(5 * time.Hour)
		}
	}, func(t *testing.T, m memory) {
		response, _ := m.post(t, nil)
		if body, err := io.ReadAll(response.Body); string(body) != "halfhalfhalf" || err != nil {
			t.Errorf("read %q, %v", body, err)
		}
	})
}

// TestSlowFirstByte begins to answer just in time, then drips.
func TestSlowFirstByte(t *testing.T) {
	inMemory(t, func(w http.ResponseWriter, _ *http.Request) {
		<-time.After(29 * time.Second)
		for range 5 {
			_, _ = io.WriteString(w, "x")
			_ = http.NewResponseController(w).Flush()
			<-time.After(time.Minute)
		}
	}, func(t *testing.T, m memory) {
		response, took := m.post(t, nil)
		if body, err := io.ReadAll(response.Body); string(body) != "xxxxx" || err != nil || took != 29*time.Second {
			t.Errorf("read %q, %v; it began after %s", body, err, took)
		}
	})
}

// TestUpstreamLeaves in the middle of the caller's body.
func TestUpstreamLeaves(t *testing.T) {
	inMemory(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = r.Body.Read(make([]byte, 1))
		panic(http.ErrAbortHandler)
	}, func(t *testing.T, m memory) {
		response, _ := m.post(t, &dripping{60, 20 * time.Second})
		got := (&stage{}).read(t, response)
		if p := got.problem(t); got.status != http.StatusBadGateway || p["detail"] != "the upstream did not answer" {
			t.Errorf("%d %v, want 502", got.status, p)
		}
		if lines := m.log.lines(t, "upstream failed"); len(lines) != 1 {
			t.Errorf("the log has\n%s", m.log)
		}
	})
}

// TestCallerStops in the middle of its body, which is no fault of the upstream's.
func TestCallerStops(t *testing.T) {
	inMemory(t, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) },
		func(t *testing.T, m memory) {
			body, rest := io.Pipe()
			go func() { _, _ = rest.Write([]byte("half")) }()
			response, took := m.post(t, body)
			_ = rest.Close()
			got := (&stage{}).read(t, response)
			if p := got.problem(t); got.status != http.StatusRequestTimeout ||
				p["detail"] != "the request did not arrive whole in time" || took != 30*time.Second {
				t.Errorf("%d %v after %s, want 408 after 30 s", got.status, p, took)
			}
			if strings.Contains(m.log.String(), "upstream failed") {
				t.Errorf("the log blames the upstream:\n%s", m.log)
			}
		})
}

func TestCallerLeaves(t *testing.T) {
	inMemory(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, func(t *testing.T, m memory) {
		m.client.Timeout = 10 * time.Second
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, m.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+m.token)
		if response, err := m.client.Do(request); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("%v, %v", response, err)
		}
		synctest.Wait()
		if lines := m.log.lines(t, "request answered"); len(lines) != 1 ||
			lines[0]["status"] != float64(http.StatusRequestTimeout) || strings.Contains(m.log.String(), "upstream failed") {
			t.Errorf("the log has\n%s", m.log)
		}
	})
}
