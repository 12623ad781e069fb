package serve_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"m2m/internal/serve"
)

// early is an upstream that answers when a part of the body has come, and a
// transport that reads on in it, as those of net/http do.
type early struct{}

func (early) RoundTrip(r *http.Request) (*http.Response, error) {
	_, err := io.ReadFull(r.Body, make([]byte, 4))
	go func() { _, _ = io.Copy(io.Discard, r.Body) }()
	return &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{}, Body: http.NoBody}, err
}

// TestEarlyAnswer: what still reads the body then must not touch the
// connection. Chance decides how late that is, hence the many requests.
func TestEarlyAnswer(t *testing.T) {
	api, err := serve.New(serve.Config{
		Verifier: newVerifier(t, demoPolicy(), staticKeys(t)),
		Upstream: &serve.Upstream{URL: parsed(t, "http://example.com"), Transport: early{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(api)
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	m := memory{client: server.Client(), url: server.URL, token: sign(t, appClaims(nil))}
	for range 200 {
		body, rest := io.Pipe()
		go func() { _, _ = rest.Write([]byte("half")) }()
		response, _ := m.post(t, body)
		_ = rest.Close()
		if response.StatusCode != http.StatusForbidden {
			t.Fatalf("status %d, want the upstream's 403", response.StatusCode)
		}
	}
}

// TestTooLong is a body of unknown length that is longer than the API takes.
func TestTooLong(t *testing.T) {
	inMemory(t, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) },
		func(t *testing.T, m memory) {
			body := io.MultiReader(strings.NewReader(strings.Repeat("x", serve.DefaultMaxBody)), &dripping{1, time.Second})
			if response, _ := m.post(t, body); response.StatusCode != http.StatusRequestEntityTooLarge {
				t.Errorf("status %d, want 413", response.StatusCode)
			}
			if strings.Contains(m.log.String(), "upstream failed") {
				t.Errorf("the log blames the upstream:\n%s", m.log)
			}
		})
}
