package call_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"m2m/internal/call"
	"m2m/internal/call/calltest"
	"m2m/internal/explain"
	"m2m/internal/transport"
)

func unreachable(t *testing.T, err error, fault transport.Fault, hint string) *call.UnreachableError {
	t.Helper()
	var u *call.UnreachableError
	if !errors.As(err, &u) || !errors.Is(err, call.ErrUnreachable) {
		t.Fatalf("error %v, want an *UnreachableError", err)
	}
	if u.Cause.Fault != fault {
		t.Errorf("fault %q, want %q (%v)", u.Cause.Fault, fault, err)
	}
	if hints := strings.Join(explain.CommandLine.Hints(u), "\n"); !strings.Contains(hints, hint) {
		t.Errorf("hints %q, want %q in them", hints, hint)
	}
	return u
}

func TestUnreachable(t *testing.T) {
	ok := func(http.ResponseWriter, *http.Request) {}
	plain, secure := calltest.Serve(t, ok), calltest.ServeTLS(t, ok)
	hangsUp := calltest.Listen(t, func(c net.Conn) { _, _ = http.ReadRequest(bufio.NewReader(c)) })
	nonsense := calltest.Listen(t, func(c net.Conn) {
		_, _ = http.ReadRequest(bufio.NewReader(c))
		_, _ = io.WriteString(c, "220 mail.example.org ESMTP\r\n\r\n")
	})
	trusting := &http.Transport{}
	trusting.TLSClientConfig = secure.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	trusting.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, secure.Listener.Addr().String())
	}
	t.Cleanup(trusting.CloseIdleConnections)
	noNames := &http.Transport{DialContext: (&net.Dialer{Resolver: &net.Resolver{
		PreferGo: true,
		Dial:     func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no resolver") },
	}}).DialContext}
	proxied := &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: calltest.ClosedPort(t)})}
	closed := calltest.ClosedPort(t)

	for _, tt := range []struct {
		name      string
		transport http.RoundTripper
		address   string
		fault     transport.Fault
		text      string
		hint      string
		cause     error
	}{
		{"refused", nil, "http://" + closed, transport.FaultRefused,
			"no answer from http://" + closed + ": the connection was refused", "m2m serve", syscall.ECONNREFUSED},
		{"unknown authority", nil, secure.URL, transport.FaultUnknownCA, "is not trusted here", "--ca-file", nil},
		{"another name", trusting, "https://other.example", transport.FaultHostname, "not other.example",
			"host name that the certificate holds", nil},
		{"TLS to plain http", nil, strings.Replace(plain.URL, "http:", "https:", 1), transport.FaultProtocol,
			"does not speak TLS", "http://", nil},
		{"no such name", noNames, "https://api.example.invalid", transport.FaultDNS, "the host name could not be resolved",
			"spelling", nil},
		{"proxy", proxied, "https://api.example.org", transport.FaultProxy, "the proxy failed: ", "NO_PROXY",
			syscall.ECONNREFUSED},
		{"hangs up", nil, "http://" + hangsUp, transport.FaultClosed, "closed early", "--retry", io.EOF},
		{"not HTTP", nil, "http://" + nonsense, transport.FaultOther, "malformed HTTP", "check the network", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := calltest.Client(t)
			if tt.transport != nil {
				c.Transport = tt.transport
			}
			_, err := c.Do(context.Background(), calltest.Request(t, tt.address))
			unreachable(t, err, tt.fault, tt.hint)
			if !strings.Contains(err.Error(), tt.text) {
				t.Errorf("text %q, want %q in it", err, tt.text)
			}
			if tt.cause != nil && !errors.Is(err, tt.cause) {
				t.Errorf("the error does not wrap %v: %v", tt.cause, err)
			}
		})
	}
}

func TestTimeout(t *testing.T) {
	release := make(chan struct{})
	s := calltest.Serve(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	defer close(release)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err := calltest.Client(t).Do(ctx, calltest.Request(t, s.URL))
	unreachable(t, err, transport.FaultTimeout, "--timeout")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the error does not wrap the context's: %v", err)
	}
}

func TestTimeoutInTheBody(t *testing.T) {
	s := calltest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "begin")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	a, err := calltest.Client(t).Do(ctx, calltest.Request(t, s.URL))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	var got strings.Builder
	u := unreachable(t, a.WriteBody(&got), transport.FaultTimeout, "--timeout")
	if got.String() != "begin" || !u.Partial {
		t.Errorf("body %q, partial %v", got.String(), u.Partial)
	}
}

func TestCancelled(t *testing.T) {
	arrived := make(chan struct{})
	s := calltest.Serve(t, func(_ http.ResponseWriter, r *http.Request) { close(arrived); <-r.Context().Done() })
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-arrived; cancel() }()
	_, err := calltest.Client(t).Do(ctx, calltest.Request(t, s.URL))
	unreachable(t, err, transport.FaultCancelled, "")
}

func TestBodyThatBreaksOff(t *testing.T) {
	for name, answer := range map[string]string{
		"length": "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegin",
		"chunks": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegin\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			address := calltest.Listen(t, func(c net.Conn) {
				_, _ = http.ReadRequest(bufio.NewReader(c))
				_, _ = io.WriteString(c, answer)
			})
			req := calltest.Request(t, "http://"+address)
			req.Expect.Body = []string{"end"}
			a := calltest.Do(t, calltest.Client(t), req)
			var got strings.Builder
			err := a.WriteBody(&got)
			u := unreachable(t, err, transport.FaultClosed, "--retry")
			if got.String() != "begin" || !u.Partial || !strings.Contains(err.Error(), "is not complete") {
				t.Errorf("body %q, partial %v, %v", got.String(), u.Partial, err)
			}
			if err := a.Evaluate().Err(); err == nil ||
				!strings.Contains(err.Error(), "5 bytes without it before the connection broke") {
				t.Errorf("Judge: %v", err)
			}
		})
	}
}

func TestUnreachableCountsAttempts(t *testing.T) {
	c := calltest.Client(t)
	c.Sleep = func(context.Context, time.Duration) error { return nil }
	req := calltest.Request(t, "http://"+calltest.ClosedPort(t))
	req.Retry.Max = 2
	if _, err := c.Do(context.Background(), req); err == nil || !strings.HasSuffix(err.Error(), "(after 3 attempts)") {
		t.Errorf("Do: %v", err)
	}
}
