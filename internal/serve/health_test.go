package serve_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"m2m/internal/entra"
	"m2m/internal/jwks"
	"m2m/internal/serve"
)

func TestHealth(t *testing.T) {
	s := raise(t, serve.Config{})
	for path, want := range map[string]string{"/healthz": `{"status":"ok"}`, "/readyz": `{"status":"ready"}`} {
		got := s.do(t, "GET "+path)
		if got.status != http.StatusOK || strings.TrimSpace(got.body) != want {
			t.Errorf("%s = %d %s, want 200 %s", path, got.status, got.body, want)
		}
	}
}

// outage is an issuer whose documents can be out of reach.
type outage struct {
	down  atomic.Bool
	clock atomic.Int64 // seconds ahead of the real one
}

func (o *outage) now() time.Time {
	return time.Now().Add(time.Duration(o.clock.Load()) * time.Second)
}

// start serves the discovery documents and keys of a tenant.
func (o *outage) start(t *testing.T) (entra.Authority, *jwks.Metadata) {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if o.down.Load() {
			http.Error(w, "out of order", http.StatusServiceUnavailable)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	authority := entra.Authority{Origin: server.URL, Tenant: tenantID}
	mux.HandleFunc("/"+tenantID+"/v2.0/.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(asJSON(t, map[string]any{
			"issuer": server.URL + "/" + tenantID + "/v2.0", "jwks_uri": server.URL + "/keys",
			"token_endpoint": authority.TokenEndpoint(entra.V2), "id_token_signing_alg_values_supported": []string{"RS256"},
		}))
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(strings.ReplaceAll(string(publicKeys(t)), issuer, server.URL+"/"+tenantID+"/v2.0")))
	})
	metadata, err := jwks.NewMetadata(authority, jwks.MetadataOptions{HTTP: server.Client(), Now: o.now})
	if err != nil {
		t.Fatal(err)
	}
	return authority, metadata
}

// TestKeysOutOfReach starts while the issuer is down and goes on when it is
// back: 503 is not 401, and nothing is to be restarted.
func TestKeysOutOfReach(t *testing.T) {
	o := &outage{}
	o.down.Store(true)
	authority, metadata := o.start(t)
	s := raise(t, serve.Config{
		Verifier: newVerifier(t, demoPolicy(), metadata),
		Ready:    func(ctx context.Context) error { return metadata.Fetch(ctx, entra.V2) },
	})
	token := s.token(t, appClaims(claims{"iss": authority.URL() + "/v2.0"}))
	got := s.get(t, token)
	if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" ||
		got.header.Get("WWW-Authenticate") != "" {
		t.Errorf("got %d %v, want 503 with Retry-After and no challenge", got.status, got.header)
	}
	got.problem(t)
	if lines := s.log.lines(t, "request rejected"); len(lines) != 1 || lines[0]["check"] != "key" {
		t.Errorf("log = %v, want one line about the key", lines)
	}
	ready := s.do(t, "GET /readyz")
	if ready.status != http.StatusServiceUnavailable || ready.header.Get("Retry-After") == "" {
		t.Errorf("/readyz = %d, want 503 with Retry-After", ready.status)
	}
	ready.problem(t)
	if got := s.do(t, "GET /healthz"); got.status != http.StatusOK {
		t.Errorf("/healthz = %d, want 200: a restart would not help", got.status)
	}
	if got := s.get(t, "abc"); got.status != http.StatusUnauthorized {
		t.Errorf("a token that no key could save: %d, want 401", got.status)
	}

	o.down.Store(false)
	o.clock.Add(60) // past any spacing of fetches
	if got := s.do(t, "GET /readyz"); got.status != http.StatusOK {
		t.Errorf("/readyz = %d, want 200: %s", got.status, s.log)
	}
	if got := s.get(t, token); got.status != http.StatusOK {
		t.Errorf("got %d, want 200: %s", got.status, got.body)
	}
}
