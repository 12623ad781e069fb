package verify_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"m2m/internal/entra"
	"m2m/internal/jwks"
	"m2m/internal/jwks/issuertest"
	"m2m/internal/verify"
)

// TestAuthorities: what other authorities than the public cloud's need works
// by the same rules: a local tenant on loopback, a stand-in on another host
// with its own v1.0 issuer, a tenant named by domain, /common, the clouds.
func TestAuthorities(t *testing.T) {
	const ciam = "https://" + issuertest.Tenant + ".ciamlogin.com/" + issuertest.Tenant + "/v2.0"
	const issuerUS = "https://login.microsoftonline.us/" + issuertest.Tenant + "/v2.0"
	tests := []struct {
		name, origin, tenant string
		v2, v1               string
		keys                 string
		cloud                string
		want                 error
	}{
		{"local tenant", "https://127.0.0.1:8443", issuertest.Tenant, "https://127.0.0.1:8443/" + issuertest.Tenant + "/v2.0",
			issuertest.IssuerV1,
			"https://127.0.0.1:8443/{tenantid}/v2.0", "microsoftonline.com", nil},
		{"stand-in with its own STS", "https://127.0.0.2:9000", issuertest.Tenant,
			"https://127.0.0.2:9000/" + issuertest.Tenant + "/v2.0",
			"https://127.0.0.2:9000/" + issuertest.Tenant + "/", "https://127.0.0.2:9000/{tenantid}/v2.0", "", nil},
		{"tenant by domain", "https://login.microsoftonline.com", "Contoso.com", issuertest.IssuerV2, issuertest.IssuerV1,
			"https://login.microsoftonline.com/{tenantid}/v2.0", "microsoftonline.com", nil},
		{"alias of the public cloud", "https://login.windows.net", issuertest.Tenant, issuertest.IssuerV2,
			issuertest.IssuerV1, "", "", nil},
		{"common", "https://login.microsoftonline.com", "common", "https://login.microsoftonline.com/{tenantid}/v2.0",
			"https://sts.windows.net/{tenantid}/", "https://login.microsoftonline.com/{tenantid}/v2.0", "", nil},
		{"China", "https://login.partner.microsoftonline.cn", issuertest.Tenant,
			"https://login.partner.microsoftonline.cn/" + issuertest.Tenant + "/v2.0",
			"https://sts.chinacloudapi.cn/" + issuertest.Tenant + "/", "", "", nil},
		{"key of another cloud", "https://127.0.0.1:8443", issuertest.Tenant,
			"https://127.0.0.1:8443/" + issuertest.Tenant + "/v2.0", issuertest.IssuerV1,
			"", "microsoftonline.us", verify.ErrKeyCloud},
		{"key of personal accounts", "https://login.microsoftonline.com", issuertest.Tenant, issuertest.IssuerV2,
			issuertest.IssuerV1,
			"https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0", "", verify.ErrKeyIssuer},
		{"alias of the public cloud, keys of its main host", "https://login.windows.net", issuertest.Tenant,
			issuertest.IssuerV2, issuertest.IssuerV1,
			"https://login.microsoftonline.com/{tenantid}/v2.0", "microsoftonline.com", nil},
		{"External ID by its name", "https://contoso.ciamlogin.com", issuertest.Tenant, ciam, "",
			"https://{tenantid}.ciamlogin.com/{tenantid}/v2.0", "", nil},
		{"External ID by its GUID", "https://" + issuertest.Tenant + ".ciamlogin.com", issuertest.Tenant, ciam, "", "", "", nil},
		{"External ID by its domain", "https://contoso.ciamlogin.com", "contoso.onmicrosoft.com", ciam, "",
			"https://{tenantid}.ciamlogin.com/{tenantid}/v2.0", "", nil},
		{"External ID, key of another tenant", "https://contoso.ciamlogin.com", issuertest.Tenant, ciam, "",
			"https://" + issuertest.OtherTenant + ".ciamlogin.com/{tenantid}/v2.0", "", verify.ErrKeyIssuer},
		{"US government", "https://login.microsoftonline.us", issuertest.Tenant, issuerUS, issuertest.IssuerV1,
			"https://login.microsoftonline.us/{tenantid}/v2.0", "", nil},
		// Both clouds issue v1.0 tokens as sts.windows.net, and not every key names its cloud.
		{"US government key in the public cloud", "https://login.microsoftonline.com", issuertest.Tenant, issuertest.IssuerV2,
			issuertest.IssuerV1,
			"https://login.microsoftonline.us/{tenantid}/v2.0", "", verify.ErrKeyIssuer},
		{"public key in the US government cloud", "https://login.microsoftonline.us", issuertest.Tenant, issuerUS,
			issuertest.IssuerV1,
			"https://login.microsoftonline.com/{tenantid}/v2.0", "", verify.ErrKeyIssuer},
		{"public key at a local tenant", "https://127.0.0.1:8443", issuertest.Tenant,
			"https://127.0.0.1:8443/" + issuertest.Tenant + "/v2.0", issuertest.IssuerV1,
			"https://login.microsoftonline.com/{tenantid}/v2.0", "", verify.ErrKeyIssuer},
		{"key of another host", "https://login.microsoftonline.com", issuertest.Tenant, issuertest.IssuerV2,
			issuertest.IssuerV1,
			"https://login.partner.microsoftonline.cn/{tenantid}/v2.0", "", verify.ErrKeyIssuer},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := issuertest.New()
			base := tt.origin + "/" + tt.tenant
			key := issuertest.JWK(issuertest.Pairs()[0], issuertest.KeyID).Del("issuer", "cloud_instance_name")
			if tt.cloud != "" {
				key = key.Str("cloud_instance_name", tt.cloud)
			}
			withIssuer := key
			if tt.keys != "" {
				withIssuer = key.Str("issuer", tt.keys)
			}
			s.Serve(base+"/v2.0/.well-known/openid-configuration", issuertest.Document(tt.v2, base+"/discovery/v2.0/keys"))
			s.Serve(base+"/.well-known/openid-configuration", issuertest.Document(tt.v1, base+"/discovery/keys"))
			s.Serve(base+"/discovery/v2.0/keys", issuertest.KeySet(withIssuer))
			s.Serve(base+"/discovery/keys", issuertest.KeySet(withIssuer))
			m := issuertest.MetadataOf(t, s, entra.Authority{Origin: tt.origin, Tenant: tt.tenant}, jwks.MetadataOptions{})
			p := policy()
			if strings.Contains(tt.tenant, ".") {
				p.Tenants = []string{tt.tenant}
			}
			v := verifier(t, p, m)
			tid := func(s string) string { return strings.Replace(s, "{tenantid}", issuertest.Tenant, 1) }
			try(t, v, trial{token: issuertest.Mint(issuertest.Header(), issuertest.ClaimsV2().Str("iss", tid(tt.v2))),
				want: tt.want, check: verify.CheckKey})
			if tt.v1 == "" {
				return // External ID has no v1.0
			}
			try(t, v, trial{token: issuertest.Mint(issuertest.Header(), issuertest.ClaimsV1().Str("iss", tid(tt.v1))),
				want: tt.want, check: verify.CheckKey})
		})
	}
}

// TestKeyOfAnotherCloud: the same for keys from a file. Where only an issuer is
// given, the key's own cloud must be one that issues in that name.
func TestKeyOfAnotherCloud(t *testing.T) {
	const us, china = "https://login.microsoftonline.us/{tenantid}/v2.0",
		"https://login.partner.microsoftonline.cn/{tenantid}/v2.0"
	for _, tt := range []struct {
		name, keyIssuer string
		options         jwks.SetOptions
		want            error
	}{
		{"own", "https://login.microsoftonline.com/{tenantid}/v2.0", jwks.SetOptions{Authority: issuertest.Authority()}, nil},
		{"US government", us, jwks.SetOptions{Authority: issuertest.Authority()}, verify.ErrKeyIssuer},
		{"given issuer", us, jwks.SetOptions{Issuer: issuertest.IssuerV1}, nil},
		{"given issuer, China", china, jwks.SetOptions{Issuer: issuertest.IssuerV1}, verify.ErrKeyIssuer},
	} {
		t.Run(tt.name, func(t *testing.T) {
			key := issuertest.JWK(issuertest.Pairs()[0], issuertest.KeyID).Del("cloud_instance_name").Str("issuer", tt.keyIssuer)
			s, err := jwks.NewSet([]byte(issuertest.KeySet(key)), tt.options)
			if err != nil {
				t.Fatal(err)
			}
			try(t, verifier(t, policy(), s),
				trial{token: issuertest.Mint(issuertest.Header(), issuertest.ClaimsV1()), want: tt.want, check: verify.CheckKey})
		})
	}
}

// TestDomainOfAnother: a domain name stands for the tenant that the document
// names, and for no other.
func TestDomainOfAnother(t *testing.T) {
	s := issuertest.New()
	base := "https://login.microsoftonline.com/contoso.com"
	s.Serve(base+"/v2.0/.well-known/openid-configuration", issuertest.Document(issuertest.IssuerV2, issuertest.KeysV2))
	m := issuertest.MetadataOf(t, s, entra.Authority{Origin: "https://login.microsoftonline.com", Tenant: "contoso.com"},
		jwks.MetadataOptions{})
	p := policy()
	p.Tenants = []string{"contoso.com"}
	v := verifier(t, p, m)
	try(t, v, trial{token: issuertest.Mint(issuertest.Header(), foreign()), want: verify.ErrIssuerMismatch,
		check: verify.CheckIssuer})
	try(t, v, trial{token: issuertest.Valid()})
	p.Tenants = []string{"fabrikam.com"}
	if _, err := verifier(t, p, m).Verify(t.Context(), issuertest.Valid()); !errors.Is(err, verify.ErrTenantUnresolved) ||
		!errors.Is(err, verify.ErrUndecided) {
		t.Errorf("want the domain unresolved, got %v", err)
	}
}

// TestDomainMoves: a domain name stands for the tenant that it stood for at first. Who
// takes it over is not let in, though Entra's tenants share their keys.
func TestDomainMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := issuertest.New()
		base := "https://login.microsoftonline.com/contoso.com"
		s.Serve(base+"/v2.0/.well-known/openid-configuration", issuertest.Document(issuertest.IssuerV2, issuertest.KeysV2))
		m := issuertest.MetadataOf(t, s, entra.Authority{Origin: "https://login.microsoftonline.com", Tenant: "contoso.com"},
			jwks.MetadataOptions{})
		p := policy()
		p.Tenants = []string{"contoso.com"}
		v, _ := verify.New(p, m, verify.Options{Now: issuertest.At(issuertest.Noon), CacheBytes: verify.DefaultCacheBytes})
		accept(t, v, issuertest.Valid())
		s.Serve(base+"/v2.0/.well-known/openid-configuration",
			issuertest.Document(strings.ReplaceAll(issuertest.IssuerV2, issuertest.Tenant, issuertest.OtherTenant),
				issuertest.KeysV2))
		time.Sleep(jwks.DefaultRefresh)
		issuertest.Lookup(t, m, "unheard of", jwks.ErrTenantChanged)
		try(t, v, trial{token: issuertest.Mint(issuertest.Header(), foreign()), want: verify.ErrIssuerMismatch,
			check: verify.CheckIssuer})
		accept(t, v, issuertest.Valid())
	})
}
