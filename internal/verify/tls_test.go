package verify_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"m2m/internal/entra"
	"m2m/internal/verify"
)

// TestOverTLS runs the real net/http against a real server that stands in for
// a tenant on loopback: believed with its CA, undecided without.
func TestOverTLS(t *testing.T) {
	mux := http.NewServeMux()
	server := httptest.NewTLSServer(mux)
	defer server.Close()
	base := server.URL + "/" + tenant
	issuer := base + "/v2.0"
	say := func(path, body string) {
		mux.HandleFunc("GET /"+tenant+path, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) })
	}
	key := jwkOf(pairs()[0], kid).str("issuer", server.URL+"/{tenantid}/v2.0")
	say("/v2.0/.well-known/openid-configuration", document(issuer, base+"/moved"))
	say("/.well-known/openid-configuration", document(issuerV1, base+"/discovery/keys"))
	say("/discovery/keys", setOf(key))
	mux.Handle("GET /"+tenant+"/moved", http.RedirectHandler("discovery/keys", http.StatusFound))

	a := entra.Authority{Origin: server.URL, Tenant: tenant}
	m, err := verify.NewMetadata(a, verify.MetadataOptions{HTTP: server.Client()})
	if err != nil {
		t.Fatal(err)
	}
	v := verifier(t, policy(), m)
	try(t, v, trial{token: mint(header(), claimsV2().str("iss", issuer))})
	try(t, v, trial{token: mint(header(), claimsV1())})

	strange, err := verify.NewMetadata(a, verify.MetadataOptions{HTTP: &http.Client{Transport: &http.Transport{}}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = verifier(t, policy(), strange).Verify(t.Context(), mint(header(), claimsV2().str("iss", issuer)))
	if !errors.Is(err, verify.ErrUndecided) || errors.Is(err, verify.ErrRefused) {
		t.Errorf("want undecided without its CA, got %v", err)
	}
}
