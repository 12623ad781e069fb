package serve_test

import (
	"net/http"
	"testing"

	"m2m/internal/entra"
	"m2m/internal/jwks"
	"m2m/internal/jwks/issuertest"
	"m2m/internal/serve"
)

// TestExternalID: the issuer of an External ID tenant has its GUID as host name, whatever
// name the authority has, and its keys may be at any of External ID's hosts.
func TestExternalID(t *testing.T) {
	const (
		authority = "https://contoso.ciamlogin.com"
		own       = "https://" + tenantID + ".ciamlogin.com/" + tenantID + "/v2.0"
	)
	for name, tc := range map[string]struct {
		keys string         // the host of the keys
		want map[string]int // by the token's issuer
	}{
		"keys at the authority": {authority, map[string]int{
			own: 200,
			"https://contoso.ciamlogin.com/" + tenantID + "/v2.0":                       401,
			"https://" + tenantID + ".ciamlogin.com/" + tenantID + "/v2.0/":             401,
			"https://" + tenantID + ".ciamlogin.com/" + tenantID + "/":                  401,
			"https://" + tenantID + ".ciamlogin.com.evil.example/" + tenantID + "/v2.0": 401,
			"http://" + tenantID + ".ciamlogin.com/" + tenantID + "/v2.0":               401,
			"https://" + clientID + ".ciamlogin.com/" + tenantID + "/v2.0":              401,
			issuer: 401, // a workforce tenant's
			"https://login.microsoftonline.com/" + tenantID + "/": 401,
		}},
		"keys at the GUID":            {"https://" + tenantID + ".ciamlogin.com", map[string]int{own: 200}},
		"keys at another of its host": {"https://fabrikam.ciamlogin.com", map[string]int{own: 200}},
		"keys elsewhere":              {"https://evil.example", map[string]int{own: 503}},
		"keys at a longer name":       {"https://contoso.ciamlogin.com.evil.example", map[string]int{own: 503}},
		"keys at a similar name":      {"https://contoso-ciamlogin.com", map[string]int{own: 503}},
		"keys in plain http":          {"http://contoso.ciamlogin.com", map[string]int{own: 503}},
	} {
		t.Run(name, func(t *testing.T) {
			documents := issuertest.New()
			base := authority + "/" + tenantID
			keys := tc.keys + "/" + tenantID + "/discovery/v2.0/keys"
			documents.Serve(base+"/v2.0/.well-known/openid-configuration", issuertest.Document(own, keys))
			documents.Serve(keys, string(setOf(t, own, signers()[0])))
			metadata := issuertest.MetadataOf(t, documents, entra.Authority{Origin: authority, Tenant: tenantID}, jwks.MetadataOptions{})
			s := raise(t, serve.Config{Verifier: newVerifier(t, demoPolicy(), jwks.NewTenants(metadata))})
			for iss, want := range tc.want {
				got := s.get(t, s.token(t, appClaims(claims{"iss": iss})))
				if got.status != want {
					t.Errorf("issuer %s: %d, want %d: %s", iss, got.status, want, s.log)
				}
				if asked := documents.Count(keys); want == http.StatusServiceUnavailable && asked != 0 {
					t.Errorf("%d requests to %s", asked, keys)
				}
			}
		})
	}
}
