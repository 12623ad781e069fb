package transport_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode"

	"m2m/internal/transport"
)

// closedPort returns an address on which nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// listen answers each request with bytes of its own and hangs up.
func listen(t *testing.T, answer string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = http.ReadRequest(bufio.NewReader(conn))
				_, _ = io.WriteString(conn, answer)
			}()
		}
	}()
	return l.Addr().String()
}

// get asks through an http.Client, as most callers do.
func get(t *testing.T, config transport.Config, address string) error {
	t.Helper()
	own := transport.New(config)
	defer own.CloseIdleConnections()
	resp, err := (&http.Client{Transport: own}).Get(address)
	if err == nil {
		resp.Body.Close()
	}
	return err
}

func through(proxy string) func(*http.Request) (*url.URL, error) {
	return http.ProxyURL(&url.URL{Scheme: "http", Host: proxy})
}

func TestFaults(t *testing.T) {
	inADay, yesterday := time.Now().Add(24*time.Hour), time.Now().Add(-24*time.Hour)
	root := issue(t, "m2m test root", true, inADay, nil)
	middle := issue(t, "m2m test intermediate", true, inADay, root)
	roots := caFile(t, root.cert)
	withMiddle := serveTLS(t,
		&tls.Config{Certificates: []tls.Certificate{chain(issue(t, "127.0.0.1", false, inADay, middle), middle)}})
	another := serveTLS(t,
		&tls.Config{Certificates: []tls.Certificate{chain(issue(t, "other.example", false, inADay, root))}})
	outdated := serveTLS(t,
		&tls.Config{Certificates: []tls.Certificate{chain(issue(t, "127.0.0.1", false, yesterday, root))}})
	old := serveTLS(t, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	plain := httptest.NewServer(http.HandlerFunc(noContent))
	t.Cleanup(plain.Close)
	choosy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	t.Cleanup(choosy.Close)
	nowhere, hangsUp, nonsense := closedPort(t), listen(t, ""), listen(t, "220 mail.example.org ESMTP\r\n\r\n")
	host := func(s *httptest.Server) string {
		return strings.TrimPrefix(strings.TrimPrefix(s.URL, "https://"), "http://")
	}

	for _, tt := range []struct {
		name    string
		config  transport.Config
		url     string
		fault   transport.Fault
		address string
		reason  string
	}{
		{"nothing listens", transport.Config{}, "http://" + nowhere, transport.FaultRefused, nowhere,
			"the connection was refused"},
		{"proxy down", transport.Config{Proxy: through(nowhere)}, "https://api.example.org", transport.FaultProxy,
			"api.example.org",
			"the proxy failed: " + nowhere + ": the connection was refused"},
		{"proxy refuses the tunnel", transport.Config{Proxy: through(host(choosy))}, "https://api.example.org",
			transport.FaultProxy, "api.example.org",
			"the proxy failed: " + host(choosy) + ": it answered CONNECT with 407 Proxy Authentication Required"},
		{"unknown authority", transport.Config{}, withMiddle.URL, transport.FaultUnknownCA, host(withMiddle),
			`"CN=m2m test root"`},
		{"another host's certificate", transport.Config{CAFile: roots}, another.URL, transport.FaultHostname, host(another),
			"certificate does not fit: cannot validate certificate for 127.0.0.1"},
		{"out of date", transport.Config{CAFile: roots}, outdated.URL, transport.FaultCertificate, host(outdated),
			"its certificate does not fit: certificate has expired"},
		{"old TLS", transport.Config{}, old.URL, transport.FaultTLS, host(old),
			"the TLS handshake failed: protocol version not supported"},
		{"plain http", transport.Config{}, "https://" + host(plain), transport.FaultProtocol, host(plain),
			"does not speak TLS"},
		{"hangs up", transport.Config{}, "http://" + hangsUp, transport.FaultClosed, hangsUp, "closed early"},
		{"not HTTP", transport.Config{}, "http://" + nonsense, transport.FaultOther, nonsense, "malformed HTTP"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := get(t, tt.config, tt.url+"/path?sig=secret")
			e := transport.Diagnose("", err)
			if e == nil || e.Fault != tt.fault || e.Address != tt.address {
				t.Fatalf("Diagnose = %+v, want %s of %s", e, tt.fault, tt.address)
			}
			if !strings.Contains(e.Reason(), tt.reason) || e.Error() != tt.address+": "+e.Reason() {
				t.Errorf("error %q, want %q in it", e, tt.reason)
			}
			if strings.Contains(e.Error(), "secret") {
				t.Errorf("the error repeats the query: %q", e)
			}
		})
	}
}

func TestMissingIssuerIsTheLastOne(t *testing.T) {
	inADay := time.Now().Add(24 * time.Hour)
	root := issue(t, "root", true, inADay, nil)
	middle := issue(t, "intermediate", true, inADay, root)
	leaf := issue(t, "127.0.0.1", false, inADay, middle)
	for want, sent := range map[string]tls.Certificate{"CN=root": chain(leaf, middle), "CN=intermediate": chain(leaf)} {
		s := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{sent}})
		if e := transport.Diagnose("", get(t, transport.Config{}, s.URL)); e == nil || e.Issuer != want {
			t.Errorf("issuer of %+v, want %s", e, want)
		}
	}
}

func TestTimeoutAndCancel(t *testing.T) {
	arrived := make(chan struct{}, 2)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-r.Context().Done()
	}))
	defer s.Close()
	ask := func(ctx context.Context) *transport.Error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		own := transport.New(transport.Config{})
		defer own.CloseIdleConnections()
		_, err = own.RoundTrip(req)
		return transport.Diagnose("the.example", err)
	}
	short, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer stop()
	if e := ask(short); e.Fault != transport.FaultTimeout || e.Address != "the.example" ||
		!errors.Is(e, context.DeadlineExceeded) {
		t.Errorf("time-out: %+v", e)
	}
	<-arrived
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	if e := ask(ctx); e.Fault != transport.FaultCancelled || !errors.Is(e, context.Canceled) {
		t.Errorf("cancelled: %+v", e)
	}
}

// TestDiagnoseForms holds errors against their faults that no server here can
// provoke without the network.
func TestDiagnoseForms(t *testing.T) {
	noName := &net.DNSError{Err: "no such host", Name: "login.example", IsNotFound: true}
	for _, tt := range []struct {
		name    string
		err     error
		fault   transport.Fault
		address string
	}{
		{"no such name", &net.OpError{Op: "dial", Err: noName}, transport.FaultDNS, "login.example"},
		{"slow resolver", &net.DNSError{Err: "i/o timeout", Name: "login.example", IsTimeout: true}, transport.FaultTimeout,
			"login.example"},
		{"the proxy's name", &net.OpError{Op: "proxyconnect", Err: noName}, transport.FaultProxy, "login.example"},
		{"SOCKS", &net.OpError{Op: "socks connect", Err: errors.New("general failure")}, transport.FaultProxy, ""},
		{"reset", &net.OpError{Op: "read", Err: syscall.ECONNRESET}, transport.FaultClosed, ""},
		{"reset on Windows", &net.OpError{Op: "read", Err: syscall.Errno(10054)}, transport.FaultClosed, ""},
		{"refused on Windows", &net.OpError{Op: "dial", Err: syscall.Errno(10061)}, transport.FaultRefused, ""},
		{"anything", errors.New("something else"), transport.FaultOther, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := transport.Diagnose("", tt.err)
			if e.Fault != tt.fault || e.Address != tt.address || !errors.Is(e, tt.err) || e.Reason() == "" {
				t.Errorf("Diagnose = %+v", e)
			}
			if again := transport.Diagnose("", fmt.Errorf("more: %w", e)); again != e {
				t.Errorf("a diagnosis is diagnosed again: %+v", again)
			}
		})
	}
	if e := transport.Diagnose("host", nil); e != nil {
		t.Errorf("Diagnose(nil) = %+v", e)
	}
}

func TestLasting(t *testing.T) {
	for fault, want := range map[transport.Fault]bool{
		transport.FaultUnknownCA: true, transport.FaultProtocol: true, transport.FaultCancelled: true,
		transport.FaultRefused: false, transport.FaultClosed: false, transport.FaultTimeout: false,
	} {
		if fault.Lasting() != want {
			t.Errorf("%s: Lasting = %v", fault, fault.Lasting())
		}
	}
}

func FuzzErrorText(f *testing.F) {
	f.Add("login.example:443", "remote error: \x1b[31mred\r\n")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, address, text string) {
		for _, cause := range []error{
			errors.New(text),
			&net.OpError{Op: "proxyconnect", Err: errors.New(text)},
			&net.OpError{Op: "remote error", Err: errors.New(text)},
		} {
			shown := transport.Diagnose(address, &url.Error{Op: "Get", URL: "https://h/?" + text, Err: cause}).Error()
			if strings.ContainsFunc(shown, unicode.IsControl) || len(shown) > 2000 {
				t.Errorf("%d bytes reach the terminal: %q", len(shown), shown)
			}
		}
	})
}
