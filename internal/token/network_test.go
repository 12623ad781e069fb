package token_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"m2m/internal/entra"
	"m2m/internal/explain"
	"m2m/internal/token"
	"m2m/internal/transport"
)

func TestNetworkFaultsAreNamed(t *testing.T) {
	s := newStandIn(t)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	port := s.Listener.Addr().(*net.TCPAddr).Port
	tests := []struct {
		name   string
		origin string
		trust  bool
		want   transport.Fault
		hint   string
	}{
		{"nothing listens", "https://" + closed.Addr().String(), true, transport.FaultRefused, "running"},
		{"unknown authority", s.URL, false, transport.FaultUnknownCA, "--ca-file"},
		{
			"another host's certificate", fmt.Sprintf("https://localhost:%d", port), true, transport.FaultHostname,
			"certificate",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, r := s.client(""), s.request()
			if !tt.trust {
				c.Transport = nil
			}
			r.Authority.Origin = tt.origin
			err := acquire(t, c, r)
			var fault *transport.Error
			if !errors.As(err, &fault) || fault.Fault != tt.want || !errors.Is(err, token.ErrUnavailable) {
				t.Fatalf("error = %v, want %s", err, tt.want)
			}
			if want := strings.TrimPrefix(tt.origin, "https://"); fault.Address != want {
				t.Errorf("address = %q, want %q", fault.Address, want)
			}
			if !strings.Contains(strings.Join(explain.CommandLine.Hints(fault), "\n"), tt.hint) {
				t.Errorf("hints = %q, want one with %q", explain.CommandLine.Hints(fault), tt.hint)
			}
			if tt.want == transport.FaultUnknownCA && fault.Issuer != s.Certificate().Issuer.String() {
				t.Errorf("issuer = %q, want %q", fault.Issuer, s.Certificate().Issuer)
			}
		})
	}
}

func TestTimeOut(t *testing.T) {
	s := newStandIn(t)
	release := make(chan struct{})
	s.fault = always(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	defer close(release)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := s.client("").Acquire(ctx, s.request())
	var fault *transport.Error
	if !errors.As(err, &fault) || fault.Fault != transport.FaultTimeout || !errors.Is(err, token.ErrUnavailable) {
		t.Fatalf("error = %v, want a time-out", err)
	}
}

func TestInterruptIsTheContextsError(t *testing.T) {
	s := newStandIn(t)
	ctx, cancel := context.WithCancel(t.Context())
	s.fault = always(func(_ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() })
	_, err := s.client("").Acquire(ctx, s.request())
	if !errors.Is(err, context.Canceled) || errors.Is(err, token.ErrUnavailable) {
		t.Fatalf("error = %v, want context.Canceled alone", err)
	}
}

func TestBadCAFile(t *testing.T) {
	s := newStandIn(t)
	for _, file := range []string{t.TempDir(), "does-not-exist.pem", writeFile(t, "key.pem", "no certificate in here")} {
		c := s.client("")
		c.Transport = transport.New(transport.Config{CAFile: file})
		err := acquire(t, c, s.request())
		var setting *token.SettingError
		if !errors.As(err, &setting) || setting.Setting != "CA file" || setting.Found != file {
			t.Errorf("%s: error = %v, want a SettingError", file, err)
		}
	}
}

// TestProxy sends the token request through a CONNECT proxy.
func TestProxy(t *testing.T) {
	var tunnels sync.Map
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tunnels.Store(r.Host, r.Method)
		far, err := net.Dial("tcp", r.Host)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		w.WriteHeader(http.StatusOK)
		near, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		go func() { _, _ = io.Copy(far, near); _ = far.Close() }()
		_, _ = io.Copy(near, far)
		_ = near.Close()
	}))
	defer proxy.Close()
	s := newStandIn(t)
	address, _ := url.Parse(proxy.URL)
	c := s.client("")
	c.Transport = transport.New(transport.Config{CAFile: s.caFile, Proxy: http.ProxyURL(address)})
	defer c.Transport.CloseIdleConnections()
	if err := acquire(t, c, s.request()); err != nil {
		t.Fatal(err)
	}
	if method, ok := tunnels.Load(s.Listener.Addr().String()); !ok || method != http.MethodConnect {
		t.Error("the proxy was passed by")
	}
}

func TestTraceHoldsNoSecret(t *testing.T) {
	s := newStandIn(t)
	var trace strings.Builder
	c := s.client(t.TempDir())
	c.Debug = func(line string) { fmt.Fprintln(&trace, line) }
	c.Transport = transport.New(transport.Config{CAFile: s.caFile,
		Trace: func(e transport.Exchange) { fmt.Fprintln(&trace, e) }})
	got, err := c.Acquire(t.Context(), s.request())
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{" with the client secret", "cache: miss", "POST " + s.endpoint + ": 200 after"} {
		if !strings.Contains(trace.String(), part) {
			t.Errorf("the trace lacks %q:\n%s", part, trace.String())
		}
	}
	for _, hidden := range []string{secret, got.Access.Reveal()} {
		if strings.Contains(trace.String(), hidden) {
			t.Errorf("the trace holds a secret:\n%s", trace.String())
		}
	}
}

// TestOnlyTheHostThatWasSetIsAsked stops each request at the proxy, so that
// nothing leaves this machine, and looks at where it was going.
func TestOnlyTheHostThatWasSetIsAsked(t *testing.T) {
	t.Setenv("MSAL_FORCE_REGION", "westus2")
	stop := errors.New("stopped here")
	for region, want := range map[string]string{"": "login.microsoftonline.com",
		"westeurope": "westeurope.login.microsoft.com"} {
		var hosts []string
		c := &token.Client{Wait: noWait, Transport: transport.New(transport.Config{
			Proxy: func(r *http.Request) (*url.URL, error) { hosts = append(hosts, r.URL.Host); return nil, stop },
		})}
		r := token.Request{
			Authority: entra.Authority{Origin: "https://login.microsoftonline.com", Tenant: tenantID},
			ClientID:  clientID, Scope: scope, Region: region, Credential: token.NewClientSecret(entra.NewSecret(secret)),
		}
		if err := acquire(t, c, r); !errors.Is(err, stop) || !errors.Is(err, token.ErrUnavailable) {
			t.Errorf("region %q: error = %v, want ErrUnavailable because of the proxy", region, err)
		}
		if len(hosts) == 0 || slices.ContainsFunc(hosts, func(h string) bool { return h != want }) {
			t.Errorf("region %q: asked %v, want only %s", region, hosts, want)
		}
	}
}
