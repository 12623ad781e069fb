package call_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"m2m/internal/call"
	"m2m/internal/entra"
)

// now is the clock of every test.
var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return now }

// serve runs a real server whose Date agrees with clock.
func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	return start(t, httptest.NewUnstartedServer(dated(h)), (*httptest.Server).Start)
}

func serveTLS(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	return start(t, httptest.NewUnstartedServer(dated(h)), (*httptest.Server).StartTLS)
}

func dated(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", now.Format(http.TimeFormat))
		h(w, r)
	}
}

func start(t *testing.T, s *httptest.Server, run func(*httptest.Server)) *httptest.Server {
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes that are meant to fail
	run(s)
	t.Cleanup(s.Close)
	return s
}

// client has a transport of its own, without proxies, so that nothing is shared.
func client(t *testing.T) *call.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &call.Client{Transport: transport, Now: clock}
}

// clientOf trusts a TLS server.
func clientOf(s *httptest.Server) *call.Client {
	return &call.Client{Transport: s.Client().Transport, Now: clock}
}

func request(t *testing.T, address string) call.Request {
	t.Helper()
	u, err := call.ResolveURL(address, "")
	if err != nil {
		t.Fatal(err)
	}
	return call.Request{URL: u}
}

func do(t *testing.T, c *call.Client, r call.Request) *call.Answer {
	t.Helper()
	a, err := c.Do(context.Background(), r)
	if err != nil {
		t.Fatalf("Do: %v", err)
	}
	t.Cleanup(func() { _ = a.Close() })
	return a
}

// token makes a token of claims; its signature is none, because call verifies
// nothing.
func token(t testing.TB, header, claims map[string]any) entra.Secret {
	t.Helper()
	part := func(m map[string]any) string {
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	return entra.NewSecret(part(header) + "." + part(claims) + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 256)))
}

const (
	tenantID = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
	clientID = "00001111-aaaa-2222-bbbb-3333cccc4444"
	apiID    = "11112222-bbbb-3333-cccc-4444dddd5555"
	objectID = "22223333-cccc-4444-dddd-5555eeee6666"
)

// appToken makes a good v2.0 app-only token, with changes: nil removes a claim.
func appToken(t testing.TB, changes map[string]any) entra.Secret {
	t.Helper()
	claims := map[string]any{
		"aud": apiID, "iss": "https://login.microsoftonline.com/" + tenantID + "/v2.0", "ver": "2.0",
		"iat": now.Add(-10 * time.Minute).Unix(), "nbf": now.Add(-10 * time.Minute).Unix(), "exp": now.Add(time.Hour).Unix(),
		"azp": clientID, "azpacr": "1", "oid": objectID, "sub": objectID, "tid": tenantID, "roles": []string{"Data.Read"},
	}
	for name, value := range changes {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
	return token(t, map[string]any{"typ": "JWT", "alg": "RS256", "kid": "k1"}, claims)
}
