package call_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"m2m/internal/call"
	"m2m/internal/call/calltest"
	"m2m/internal/entra"
)

func TestDoSendsTheRequest(t *testing.T) {
	type seen struct{ method, path, auth, accept, agent, own, host, body string }
	arrived := make(chan seen, 1)
	s := calltest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		arrived <- seen{r.Method, r.RequestURI, r.Header.Get("Authorization"), r.Header.Get("Accept"), r.UserAgent(),
			r.Header.Get("X-Own"), r.Host, string(body)}
		w.Header().Set("X-Answer", "yes")
		w.WriteHeader(http.StatusCreated)
	})
	address, _ := url.Parse(s.URL + "/a%2Fb?q=1")
	for _, tt := range []struct {
		name string
		req  call.Request
		want seen
	}{
		{"defaults", call.Request{URL: address}, seen{"GET", "/a%2Fb?q=1", "", "*/*", "m2m", "", address.Host, ""}},
		{
			"everything", call.Request{
				URL: address, Token: entra.NewSecret("abc"), Body: call.BytesBody([]byte("content")),
				Header: http.Header{"X-Own": {"1"}, "Accept": {"text/plain"}, "User-Agent": {"mine"}, "Host": {"other.example"}},
			},
			seen{"POST", "/a%2Fb?q=1", "Bearer abc", "text/plain", "mine", "1", "other.example", "content"},
		},
		{"method and stream", call.Request{URL: address, Method: "PUT", Body: streamed(strings.NewReader("s"))},
			seen{"PUT", "/a%2Fb?q=1", "", "*/*", "m2m", "", address.Host, "s"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := calltest.Do(t, calltest.Client(t), tt.req)
			if got := <-arrived; got != tt.want {
				t.Errorf("the server saw\n %+v, want\n %+v", got, tt.want)
			}
			if a.Status != 201 || a.StatusText() != "201 Created" || a.Header.Get("X-Answer") != "yes" || a.Attempts != 1 {
				t.Errorf("answer: %+v", a)
			}
			if a.SentToken() == tt.req.Token.IsZero() || a.RemoteAddr != address.Host {
				t.Errorf("SentToken %v, RemoteAddr %s", a.SentToken(), a.RemoteAddr)
			}
		})
	}
}

func TestCheckRefusesBeforeSending(t *testing.T) {
	parse := func(s string) *url.URL { u, _ := url.Parse(s); return u }
	remote, local := parse("http://api.example.org/x"), parse("http://127.0.0.1:1/x")
	secret := entra.NewSecret("abc")
	for _, tt := range []struct {
		name string
		req  call.Request
		want error
	}{
		{"no address", call.Request{}, call.ErrAddress},
		{"password", call.Request{URL: parse("http://a:b@127.0.0.1/")}, call.ErrAddress},
		{"token in clear", call.Request{URL: remote, Token: secret}, call.ErrPlainHTTP},
		{"own authorization in clear", call.Request{URL: remote, Header: http.Header{"Authorization": {"Basic x"}}},
			call.ErrPlainHTTP},
		{"cookie in clear", call.Request{URL: remote, Header: http.Header{"cookie": {"x"}}}, call.ErrPlainHTTP},
		{"a name that begins like loopback", call.Request{URL: parse("http://127.0.0.1.example.org/"), Token: secret},
			call.ErrPlainHTTP},
		{"a name that begins like it", call.Request{URL: parse("http://localhost.example/"), Token: secret},
			call.ErrPlainHTTP},
		{"all interfaces", call.Request{URL: parse("http://0.0.0.0/"), Token: secret}, call.ErrPlainHTTP},
		{"two tokens", call.Request{URL: local, Token: secret, Header: http.Header{"Authorization": {"Bearer x"}}},
			call.ErrTwoAuthorizations},
		{"token with a line break", call.Request{URL: local, Token: entra.NewSecret("a\r\nX: y")}, call.ErrTokenForm},
		{"token with the scheme", call.Request{URL: local, Token: entra.NewSecret("Bearer abc")}, call.ErrTokenForm},
		{"method", call.Request{URL: local, Method: "GET /"}, call.ErrMethod},
		{"header name", call.Request{URL: local, Header: http.Header{"X Y": {"1"}}}, call.ErrHeader},
		{"header value", call.Request{URL: local, Header: http.Header{"X": {"hunter2\r\nY: 1"}}}, call.ErrHeader},
	} {
		t.Run(tt.name, func(t *testing.T) {
			never := &call.Client{Transport: calltest.RoundTripper(func(*http.Request) (*http.Response, error) {
				t.Error("the request was sent")
				return nil, io.EOF
			})}
			_, err := never.Do(context.Background(), tt.req)
			if !errors.Is(err, tt.want) {
				t.Fatalf("Do: %v, want %v", err, tt.want)
			}
			if strings.Contains(err.Error(), "abc") || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error shows a secret: %v", err)
			}
		})
	}
}

func TestCheckAllows(t *testing.T) {
	for _, tt := range []struct {
		address string
		allow   bool
		token   bool
	}{
		{"https://api.example.org/", false, true},
		{"http://localhost:8000/", false, true},
		{"http://api.localhost:8000/", false, true},
		{"http://LOCALHOST/", false, true},
		{"http://api.localhost.:8000/", false, true},
		{"http://127.9.9.9/", false, true},
		{"http://[::1]/", false, true},
		{"http://[::ffff:127.0.0.1]/", false, true},
		{"http://api.example.org/", true, true},
		{"http://api.example.org/", false, false},
	} {
		r := calltest.Request(t, tt.address)
		r.AllowPlainHTTP = tt.allow
		if err := r.Check(tt.token); err != nil {
			t.Errorf("Check(%s): %v", tt.address, err)
		}
	}
	if err := calltest.Request(t, "http://api.example.org/").Check(true); !errors.Is(err, call.ErrPlainHTTP) {
		t.Errorf("Check with a token to come: %v", err)
	}
}

func TestDoWithoutTransport(t *testing.T) {
	if _, err := (&call.Client{}).Do(context.Background(), calltest.Request(t, "http://127.0.0.1:1")); !errors.Is(err,
		call.ErrNoTransport) {
		t.Errorf("Do: %v", err)
	}
}

func TestBodyStreamsUnchanged(t *testing.T) {
	content := make([]byte, 5<<20)
	_, _ = rand.Read(content)
	s := calltest.ServeTLS(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(content) })
	for _, peek := range []bool{false, true} {
		a := calltest.Do(t, calltest.ClientOf(s), calltest.Request(t, s.URL))
		if peek {
			if head, complete := a.Head(); complete || !bytes.Equal(head, content[:64<<10]) {
				t.Errorf("Head: %d bytes, complete %v", len(head), complete)
			}
		}
		var got bytes.Buffer
		if err := a.WriteBody(&got); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), content) {
			t.Errorf("peek %v: %d bytes came, not the %d that were sent", peek, got.Len(), len(content))
		}
		if err := a.WriteBody(io.Discard); !errors.Is(err, call.ErrBodyRead) {
			t.Errorf("the second WriteBody: %v", err)
		}
	}
}

func TestHeadOfASmallBody(t *testing.T) {
	s := calltest.Serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "small") })
	a := calltest.Do(t, calltest.Client(t), calltest.Request(t, s.URL))
	if head, complete := a.Head(); string(head) != "small" || !complete {
		t.Errorf("Head = %q, %v", head, complete)
	}
	var got strings.Builder
	if err := a.WriteBody(&got); err != nil || got.String() != "small" {
		t.Errorf("WriteBody after Head: %q, %v", got.String(), err)
	}
}

type brokenWriter struct{}

var errDiskFull = errors.New("disk full")

func (brokenWriter) Write([]byte) (int, error) { return 0, errDiskFull }

func TestWriteBodyReportsTheWriter(t *testing.T) {
	s := calltest.Serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "x") })
	err := calltest.Do(t, calltest.Client(t), calltest.Request(t, s.URL)).WriteBody(brokenWriter{})
	if !errors.Is(err, errDiskFull) || errors.Is(err, call.ErrUnreachable) {
		t.Errorf("WriteBody: %v", err)
	}
}

func TestContentThatCannotBeRead(t *testing.T) {
	s := calltest.Serve(t, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	req := calltest.Request(t, s.URL)
	req.Body = streamed(io.MultiReader(strings.NewReader("begin"), failing{}))
	if _, err := calltest.Client(t).Do(context.Background(), req); !errors.Is(err, errDiskFull) ||
		errors.Is(err, call.ErrUnreachable) {
		t.Errorf("Do: %v", err)
	}
}

// streamed is a body whose length is not known.
func streamed(r io.Reader) call.Body {
	return call.FileBody(func() (io.ReadCloser, error) { return io.NopCloser(r), nil }, -1)
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errDiskFull }
