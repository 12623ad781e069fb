// Package calltest has servers, clients and tokens for tests of requests.
package calltest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"m2m/internal/call"
	"m2m/internal/entra"
)

// Now is the Clock of every test.
var Now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func Clock() time.Time { return Now }

// Serve runs a real server whose Date agrees with Clock.
func Serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	return start(t, httptest.NewUnstartedServer(dated(h)), (*httptest.Server).Start)
}

func ServeTLS(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	return start(t, httptest.NewUnstartedServer(dated(h)), (*httptest.Server).StartTLS)
}

func dated(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", Now.Format(http.TimeFormat))
		h(w, r)
	}
}

func start(t *testing.T, s *httptest.Server, run func(*httptest.Server)) *httptest.Server {
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes that are meant to fail
	run(s)
	t.Cleanup(s.Close)
	return s
}

// Client has a transport of its own, without proxies, so that nothing is shared.
func Client(t *testing.T) *call.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &call.Client{Transport: transport, Now: Clock}
}

// ClientOf trusts a TLS server.
func ClientOf(s *httptest.Server) *call.Client {
	return &call.Client{Transport: s.Client().Transport, Now: Clock}
}

func Request(t *testing.T, address string) call.Request {
	t.Helper()
	u, err := call.ResolveURL(address, "")
	if err != nil {
		t.Fatal(err)
	}
	return call.Request{URL: u}
}

func Do(t *testing.T, c *call.Client, r call.Request) *call.Answer {
	t.Helper()
	a, err := c.Do(context.Background(), r)
	if err != nil {
		t.Fatalf("Do: %v", err)
	}
	t.Cleanup(func() { _ = a.Close() })
	return a
}

// Token makes a token of claims; its signature is none, because call verifies
// nothing.
func Token(t testing.TB, header, claims map[string]any) entra.Secret {
	t.Helper()
	part := func(m map[string]any) string {
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	return entra.NewSecret(part(header) + "." + part(claims) + "." +
		base64.RawURLEncoding.EncodeToString(make([]byte, 256)))
}

const (
	TenantID = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
	ClientID = "00001111-aaaa-2222-bbbb-3333cccc4444"
	APIID    = "11112222-bbbb-3333-cccc-4444dddd5555"
	ObjectID = "22223333-cccc-4444-dddd-5555eeee6666"
)

// AppToken makes a good v2.0 app-only token, with changes: nil removes a claim.
func AppToken(t testing.TB, changes map[string]any) entra.Secret {
	t.Helper()
	claims := map[string]any{
		"aud": APIID, "iss": "https://login.microsoftonline.com/" + TenantID + "/v2.0", "ver": "2.0",
		"iat": Now.Add(-10 * time.Minute).Unix(), "nbf": Now.Add(-10 * time.Minute).Unix(), "exp": Now.Add(time.Hour).Unix(),
		"azp": ClientID, "azpacr": "1", "oid": ObjectID, "sub": ObjectID, "tid": TenantID, "roles": []string{"Data.Read"},
	}
	for name, value := range changes {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
	return Token(t, map[string]any{"typ": "JWT", "alg": "RS256", "kid": "k1"}, claims)
}

// ClosedPort returns an address on which nothing listens.
func ClosedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Listen answers each connection with handle.
func Listen(t *testing.T, handle func(net.Conn)) string {
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
				handle(conn)
			}()
		}
	}()
	return l.Addr().String()
}

// RoundTripper is a function as an http.RoundTripper.
type RoundTripper func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f RoundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
