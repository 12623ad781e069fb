package serve_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"m2m/internal/serve"
)

// stage is an API behind a real socket, and everything that it logged. At the
// end of its test it looks for each token that was sent in each line and answer.
type stage struct {
	addr string
	log  *logbook

	mu      sync.Mutex
	tokens  []string
	answers bytes.Buffer
}

// logbook is a log that several goroutines write.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logbook) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// lines returns the JSON lines with that message.
func (l *logbook) lines(t *testing.T, message string) []map[string]any {
	t.Helper()
	var found []map[string]any
	for line := range strings.Lines(l.String()) {
		fields := map[string]any{}
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("log line %q: %v", line, err)
		}
		if fields["msg"] == message {
			found = append(found, fields)
		}
	}
	return found
}

// raise starts an API with the demo policy; c may change the rest.
func raise(t *testing.T, c serve.Config) *stage {
	t.Helper()
	s := &stage{log: &logbook{}}
	if c.Verifier == nil {
		c.Verifier = newVerifier(t, demoPolicy(), staticKeys(t))
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	api, err := serve.New(c)
	if err != nil {
		t.Fatal(err)
	}
	s.addr = listen(t, serve.Server{Handler: api, Logger: c.Logger})
	t.Cleanup(func() { s.noLeak(t) })
	return s
}

// listen runs a server on a free loopback port until the test ends.
func listen(t *testing.T, server serve.Server) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listenOn(t, server, l)
	return l.Addr().String()
}

// listenOn runs a server on a listener until the test ends.
func listenOn(t *testing.T, server serve.Server, l net.Listener) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
}

// token signs claims and remembers the token for noLeak.
func (s *stage) token(t *testing.T, c claims) string {
	t.Helper()
	token := sign(t, c)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens = append(s.tokens, token)
	return token
}

func (s *stage) noLeak(t *testing.T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, token := range s.tokens {
		for i, part := range strings.Split(token, ".")[1:] {
			if strings.Contains(s.log.String(), part) {
				t.Errorf("part %d of a token is in the log", i+1)
			}
			if strings.Contains(s.answers.String(), part) {
				t.Errorf("part %d of a token is in an answer", i+1)
			}
		}
	}
}

// answer is a response that was read to its end.
type answer struct {
	status int
	header http.Header
	body   string
}

// raw sends bytes as they are and reads one answer. No client tidies them up.
func (s *stage) raw(t *testing.T, request string) answer {
	t.Helper()
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	// A server that has seen enough may close before it has read everything.
	go func() { _, _ = io.WriteString(conn, request) }()
	method, _, _ := strings.Cut(request, " ")
	response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("reading the answer: %v", err)
	}
	return s.read(t, response)
}

func (s *stage) read(t *testing.T, response *http.Response) answer {
	t.Helper()
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("reading the body: %v", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers.Write(body)
	_ = response.Header.Write(&s.answers)
	return answer{response.StatusCode, response.Header, string(body)}
}

// do sends a request line and headers, each given as one line.
func (s *stage) do(t *testing.T, requestLine string, headers ...string) answer {
	t.Helper()
	lines := append([]string{requestLine + " HTTP/1.1", "Host: api.test", "Connection: close"}, headers...)
	return s.raw(t, strings.Join(lines, "\r\n")+"\r\n\r\n")
}

// get asks for the protected data with a token.
func (s *stage) get(t *testing.T, token string, headers ...string) answer {
	t.Helper()
	return s.do(t, "GET /secure-data", append(headers, "Authorization: Bearer "+token)...)
}

// problem decodes a problem document and checks what all of them share.
func (a answer) problem(t *testing.T) map[string]any {
	t.Helper()
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type = %q, want application/problem+json", got)
	}
	var p map[string]any
	if err := json.Unmarshal([]byte(a.body), &p); err != nil {
		t.Fatalf("body %q: %v", a.body, err)
	}
	if p["status"] != float64(a.status) || p["title"] != http.StatusText(a.status) || p["type"] != "about:blank" {
		t.Errorf("problem %v does not repeat the status %d", p, a.status)
	}
	if id := a.header.Get("X-Request-Id"); id == "" || p["request_id"] != id {
		t.Errorf("request_id = %v, header %q", p["request_id"], id)
	}
	return p
}
