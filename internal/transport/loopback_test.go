package transport_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"m2m/internal/transport"
)

func TestLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "LOCALHOST": true, "localhost.": true, "api.localhost": true, "A.B.LocalHost.": true,
		"127.0.0.1": true, "127.255.255.254": true, "::1": true, "0:0:0:0:0:0:0:1": true, "::ffff:127.0.0.1": true,
		"": false, ".": false, ".localhost": false, "localhost..": false, "mylocalhost": false,
		"localhost.example": false, "localhost.localdomain": false, "0.0.0.0": false, "::": false,
		"128.0.0.1": false, "10.0.0.1": false, "127.1": false, "2130706433": false, "0x7f.1": false,
		"::ffff:10.0.0.1": false, "127.0.0.1.": false, "127.0.0.1.example": false, "[::1]": false, "localhost:80": false,
		"LOCALHOŞT": false, "ｌｏｃａｌｈｏｓｔ": false, "example.org": false,
	} {
		if got := transport.Loopback(host); got != want {
			t.Errorf("Loopback(%q) = %v", host, got)
		}
	}
}

func TestListenAddress(t *testing.T) {
	for address, want := range map[string]string{
		"localhost:0": "127.0.0.1:0", "Api.LOCALHOST.:80": "127.0.0.1:80", "[::1]:80": "[::1]:80",
		"example.org:80": "example.org:80", "localhost": "localhost", ":80": ":80",
	} {
		if got := transport.ListenAddress(address); got != want {
			t.Errorf("ListenAddress(%q) = %q, want %q", address, got, want)
		}
	}
}

// TestLocalhostIsNotLookedUp: neither a resolver nor a proxy is asked for it.
func TestLocalhostIsNotLookedUp(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(noContent))
	defer s.Close()
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	resolver := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		t.Error("a resolver was asked")
		return nil, errors.New("no resolver")
	}}
	dial := transport.DialContext(&net.Dialer{Resolver: resolver})
	for _, host := range []string{"localhost", "LOCALHOST.", "api.localhost"} {
		conn, err := dial(t.Context(), "tcp", net.JoinHostPort(host, port))
		if err != nil {
			t.Fatalf("%s: %v", host, err)
		}
		conn.Close()
		if err := get(t, transport.Config{Proxy: through(closedPort(t))},
			"http://"+net.JoinHostPort(host, port)); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
}

func TestLocalhostThatRefuses(t *testing.T) {
	_, port, _ := net.SplitHostPort(closedPort(t))
	_, err := transport.DialContext(&net.Dialer{Timeout: time.Second})(t.Context(), "tcp", "api.localhost:"+port)
	if transport.Diagnose("", err).Fault != transport.FaultRefused || !strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("error = %v", err)
	}
}

// TestDialContextOnIPv6: a server that listens on ::1 alone is found too.
func TestDialContextOnIPv6(t *testing.T) {
	listener, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Skip("no IPv6 here: ", err)
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	conn, err := transport.DialContext(new(net.Dialer))(t.Context(), "tcp", "localhost:"+port)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}
