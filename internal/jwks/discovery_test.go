package jwks_test

import (
	"errors"
	"strings"
	"testing"

	"m2m/internal/entra"
	"m2m/internal/jwks"
	"m2m/internal/jwks/issuertest"
)

// TestDiscovery: a document is believed only where it speaks for the authority
// that was asked.
func TestDiscovery(t *testing.T) {
	const host = "https://login.microsoftonline.com"
	const upper = "https://LOGIN.MicrosoftOnline.com/keys"
	tests := []struct {
		name, body string
		want       error
	}{
		{"as it should be", issuertest.Document(issuertest.IssuerV2, issuertest.KeysV2), nil},
		{"alias of the cloud", issuertest.Document("https://login.windows.net/"+issuertest.Tenant+"/v2.0", issuertest.KeysV2),
			nil},
		{"another tenant",
			issuertest.Document(strings.Replace(issuertest.IssuerV2, issuertest.Tenant, issuertest.OtherTenant, 1),
				issuertest.KeysV2), jwks.ErrIssuerClaim},
		{"another host", issuertest.Document("https://evil.example/"+issuertest.Tenant+"/v2.0", issuertest.KeysV2),
			jwks.ErrIssuerClaim},
		{"another cloud",
			issuertest.Document("https://login.microsoftonline.us/"+issuertest.Tenant+"/v2.0", issuertest.KeysV2),
			jwks.ErrIssuerClaim},
		{"the template", issuertest.Document(host+"/{tenantid}/v2.0", issuertest.KeysV2), jwks.ErrIssuerClaim},
		{"v1.0 issuer", issuertest.Document(issuertest.IssuerV1, issuertest.KeysV2), jwks.ErrIssuerClaim},
		{"plain http issuer", issuertest.Document("http"+issuertest.IssuerV2[5:], issuertest.KeysV2), jwks.ErrIssuerClaim},
		{"keys at the host in upper case", issuertest.Document(issuertest.IssuerV2, upper), nil},
		{"keys on a host that Unicode lowers to this one",
			issuertest.Document(issuertest.IssuerV2, "https://logİn.microsoftonline.com/keys"), jwks.ErrKeysAddress},
		{"keys on the same, escaped", issuertest.Document(issuertest.IssuerV2, "https://log%C4%B0n.microsoftonline.com/keys"),
			jwks.ErrKeysAddress},
		{"keys on a host that Unicode folds to this one",
			issuertest.Document(issuertest.IssuerV2, "https://login.micro\u017foftonline.com/keys"), jwks.ErrKeysAddress},
		{"issuer that Unicode lowers to this one",
			issuertest.Document(strings.Replace(issuertest.IssuerV2, "login", "logİn", 1), issuertest.KeysV2),
			jwks.ErrIssuerClaim},
		{"keys over plain http", issuertest.Document(issuertest.IssuerV2, "http"+issuertest.KeysV2[5:]), jwks.ErrKeysAddress},
		{"keys on another host", issuertest.Document(issuertest.IssuerV2, "https://evil.example/keys"), jwks.ErrKeysAddress},
		{"keys on another port", issuertest.Document(issuertest.IssuerV2, host+":444/keys"), jwks.ErrKeysAddress},
		{"keys with a user", issuertest.Document(issuertest.IssuerV2, "https://login.microsoftonline.com@evil.example/keys"),
			jwks.ErrKeysAddress},
		{"keys with a user of this host",
			issuertest.Document(issuertest.IssuerV2, "https://user@login.microsoftonline.com/keys"), jwks.ErrKeysAddress},
		{"keys with a fragment", issuertest.Document(issuertest.IssuerV2, issuertest.KeysV2+"#keys"), jwks.ErrKeysAddress},
		{"no issuer", issuertest.Members{}.Str("jwks_uri", issuertest.KeysV2).JSON(), jwks.ErrDiscovery},
		{"no keys", issuertest.Members{}.Str("issuer", issuertest.IssuerV2).JSON(), jwks.ErrDiscovery},
		{"two issuers",
			issuertest.Members{}.Str("issuer", issuertest.IssuerV2).Str("jwks_uri", issuertest.KeysV2).Add("issuer",
				`"x"`).JSON(), jwks.ErrDiscovery},
		{"issuer a list",
			issuertest.Members{}.Set("issuer", `["`+issuertest.IssuerV2+`"]`).Str("jwks_uri", issuertest.KeysV2).JSON(),
			jwks.ErrDiscovery},
		{"no JSON", "hello", jwks.ErrDiscovery},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := issuertest.New()
			s.Serve(issuertest.DiscoveryV2, tt.body)
			s.Serve(upper, issuertest.KeySet(issuertest.JWK(issuertest.Pairs()[0], issuertest.KeyID)))
			m := issuertest.Metadata(t, s, jwks.MetadataOptions{})
			err := m.Fetch(t.Context(), entra.V2)
			if !errors.Is(err, tt.want) || tt.want == nil && err != nil {
				t.Errorf("want %v, got %v", tt.want, err)
			}
		})
	}
}
