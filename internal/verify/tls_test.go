package verify_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"m2m/internal/entra"
	"m2m/internal/jwks"
	"m2m/internal/jwks/issuertest"
	"m2m/internal/verify"
)

// TestOverTLS runs the real net/http against a real server that stands in for
// a tenant on loopback: valid with its CA, undecided without.
func TestOverTLS(t *testing.T) {
	mux := http.NewServeMux()
	server := httptest.NewTLSServer(mux)
	defer server.Close()
	base := server.URL + "/" + issuertest.Tenant
	issuer := base + "/v2.0"
	say := func(path, body string) {
		mux.HandleFunc("GET /"+issuertest.Tenant+path, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) })
	}
	key := issuertest.JWK(issuertest.Pairs()[0], issuertest.KeyID).Str("issuer", server.URL+"/{tenantid}/v2.0")
	say("/v2.0/.well-known/openid-configuration", issuertest.Document(issuer, base+"/moved"))
	say("/.well-known/openid-configuration", issuertest.Document(issuertest.IssuerV1, base+"/discovery/keys"))
	say("/discovery/keys", issuertest.KeySet(key))
	mux.Handle("GET /"+issuertest.Tenant+"/moved", http.RedirectHandler("discovery/keys", http.StatusFound))

	a := entra.Authority{Origin: server.URL, Tenant: issuertest.Tenant}
	m, err := jwks.NewMetadata(a, jwks.MetadataOptions{HTTP: server.Client()})
	if err != nil {
		t.Fatal(err)
	}
	v := verifier(t, policy(), m)
	try(t, v, trial{token: issuertest.Mint(issuertest.Header(), issuertest.ClaimsV2().Str("iss", issuer))})
	try(t, v, trial{token: issuertest.Mint(issuertest.Header(), issuertest.ClaimsV1())})

	strange, err := jwks.NewMetadata(a, jwks.MetadataOptions{HTTP: &http.Client{Transport: &http.Transport{}}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = verifier(t, policy(), strange).Verify(t.Context(),
		issuertest.Mint(issuertest.Header(), issuertest.ClaimsV2().Str("iss", issuer)))
	if !errors.Is(err, verify.ErrUndecided) || errors.Is(err, verify.ErrInvalid) {
		t.Errorf("want undecided without its CA, got %v", err)
	}
}
