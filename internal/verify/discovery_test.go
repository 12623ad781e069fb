package verify_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"m2m/internal/entra"
	"m2m/internal/verify"
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
		{"as it should be", document(issuerV2, keysV2), nil},
		{"alias of the cloud", document("https://login.windows.net/"+tenant+"/v2.0", keysV2), nil},
		{"another tenant", document(strings.Replace(issuerV2, tenant, stranger, 1), keysV2), verify.ErrIssuerClaim},
		{"another host", document("https://evil.example/"+tenant+"/v2.0", keysV2), verify.ErrIssuerClaim},
		{"another cloud", document("https://login.microsoftonline.us/"+tenant+"/v2.0", keysV2), verify.ErrIssuerClaim},
		{"the template", document(host+"/{tenantid}/v2.0", keysV2), verify.ErrIssuerClaim},
		{"v1.0 issuer", document(issuerV1, keysV2), verify.ErrIssuerClaim},
		{"plain http issuer", document("http"+issuerV2[5:], keysV2), verify.ErrIssuerClaim},
		{"keys at the host in upper case", document(issuerV2, upper), nil},
		{"keys on a host that Unicode lowers to this one", document(issuerV2, "https://logİn.microsoftonline.com/keys"), verify.ErrKeysAddress},
		{"keys on the same, escaped", document(issuerV2, "https://log%C4%B0n.microsoftonline.com/keys"), verify.ErrKeysAddress},
		{"keys on a host that Unicode folds to this one", document(issuerV2, "https://login.micro\u017foftonline.com/keys"), verify.ErrKeysAddress},
		{"issuer that Unicode lowers to this one", document(strings.Replace(issuerV2, "login", "logİn", 1), keysV2), verify.ErrIssuerClaim},
		{"keys over plain http", document(issuerV2, "http"+keysV2[5:]), verify.ErrKeysAddress},
		{"keys on another host", document(issuerV2, "https://evil.example/keys"), verify.ErrKeysAddress},
		{"keys on another port", document(issuerV2, host+":444/keys"), verify.ErrKeysAddress},
		{"keys with a user", document(issuerV2, "https://login.microsoftonline.com@evil.example/keys"), verify.ErrKeysAddress},
		{"keys with a user of this host", document(issuerV2, "https://user@login.microsoftonline.com/keys"), verify.ErrKeysAddress},
		{"keys with a fragment", document(issuerV2, keysV2+"#keys"), verify.ErrKeysAddress},
		{"no issuer", members{}.str("jwks_uri", keysV2).json(), verify.ErrDiscovery},
		{"no keys", members{}.str("issuer", issuerV2).json(), verify.ErrDiscovery},
		{"two issuers", members{}.str("issuer", issuerV2).str("jwks_uri", keysV2).add("issuer", `"x"`).json(), verify.ErrDiscovery},
		{"issuer a list", members{}.set("issuer", `["`+issuerV2+`"]`).str("jwks_uri", keysV2).json(), verify.ErrDiscovery},
		{"no JSON", "hello", verify.ErrDiscovery},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newIssuer()
			s.say(discoveryV2, tt.body)
			s.say(upper, setOf(jwkOf(pairs()[0], kid)))
			m := metadata(t, s, verify.MetadataOptions{})
			err := m.Fetch(t.Context(), entra.V2)
			if !errors.Is(err, tt.want) || tt.want == nil && err != nil {
				t.Errorf("want %v, got %v", tt.want, err)
			}
		})
	}
}

// TestAuthorities: what other authorities than the public cloud's need works
// by the same rules: a local tenant on loopback, a stand-in on another host
// with its own v1.0 issuer, a tenant named by domain, /common, the clouds.
func TestAuthorities(t *testing.T) {
	const issuerUS = "https://login.microsoftonline.us/" + tenant + "/v2.0"
	tests := []struct {
		name, origin, tenant string
		v2, v1               string
		keys                 string
		cloud                string
		want                 error
	}{
		{"local tenant", "https://127.0.0.1:8443", tenant, "https://127.0.0.1:8443/" + tenant + "/v2.0", issuerV1,
			"https://127.0.0.1:8443/{tenantid}/v2.0", "microsoftonline.com", nil},
		{"stand-in with its own STS", "https://127.0.0.2:9000", tenant, "https://127.0.0.2:9000/" + tenant + "/v2.0",
			"https://127.0.0.2:9000/" + tenant + "/", "https://127.0.0.2:9000/{tenantid}/v2.0", "", nil},
		{"tenant by domain", "https://login.microsoftonline.com", "Contoso.com", issuerV2, issuerV1,
			"https://login.microsoftonline.com/{tenantid}/v2.0", "microsoftonline.com", nil},
		{"alias of the public cloud", "https://login.windows.net", tenant, issuerV2, issuerV1, "", "", nil},
		{"common", "https://login.microsoftonline.com", "common", "https://login.microsoftonline.com/{tenantid}/v2.0",
			"https://sts.windows.net/{tenantid}/", "https://login.microsoftonline.com/{tenantid}/v2.0", "", nil},
		{"China", "https://login.partner.microsoftonline.cn", tenant, "https://login.partner.microsoftonline.cn/" + tenant + "/v2.0",
			"https://sts.chinacloudapi.cn/" + tenant + "/", "", "", nil},
		{"key of another cloud", "https://127.0.0.1:8443", tenant, "https://127.0.0.1:8443/" + tenant + "/v2.0", issuerV1,
			"", "microsoftonline.us", verify.ErrKeyCloud},
		{"key of personal accounts", "https://login.microsoftonline.com", tenant, issuerV2, issuerV1,
			"https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0", "", verify.ErrKeyIssuer},
		{"alias of the public cloud, keys of its main host", "https://login.windows.net", tenant, issuerV2, issuerV1,
			"https://login.microsoftonline.com/{tenantid}/v2.0", "microsoftonline.com", nil},
		{"US government", "https://login.microsoftonline.us", tenant, issuerUS, issuerV1,
			"https://login.microsoftonline.us/{tenantid}/v2.0", "", nil},
		// Both clouds issue v1.0 tokens as sts.windows.net, and not every key names its cloud.
		{"US government key in the public cloud", "https://login.microsoftonline.com", tenant, issuerV2, issuerV1,
			"https://login.microsoftonline.us/{tenantid}/v2.0", "", verify.ErrKeyIssuer},
		{"public key in the US government cloud", "https://login.microsoftonline.us", tenant, issuerUS, issuerV1,
			"https://login.microsoftonline.com/{tenantid}/v2.0", "", verify.ErrKeyIssuer},
		{"public key at a local tenant", "https://127.0.0.1:8443", tenant, "https://127.0.0.1:8443/" + tenant + "/v2.0", issuerV1,
			"https://login.microsoftonline.com/{tenantid}/v2.0", "", verify.ErrKeyIssuer},
		{"key of another host", "https://login.microsoftonline.com", tenant, issuerV2, issuerV1,
			"https://login.partner.microsoftonline.cn/{tenantid}/v2.0", "", verify.ErrKeyIssuer},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newIssuer()
			base := tt.origin + "/" + tt.tenant
			key := jwkOf(pairs()[0], kid).del("issuer", "cloud_instance_name")
			if tt.cloud != "" {
				key = key.str("cloud_instance_name", tt.cloud)
			}
			withIssuer := key
			if tt.keys != "" {
				withIssuer = key.str("issuer", tt.keys)
			}
			s.say(base+"/v2.0/.well-known/openid-configuration", document(tt.v2, base+"/discovery/v2.0/keys"))
			s.say(base+"/.well-known/openid-configuration", document(tt.v1, base+"/discovery/keys"))
			s.say(base+"/discovery/v2.0/keys", setOf(withIssuer))
			s.say(base+"/discovery/keys", setOf(withIssuer))
			m := metadataOf(t, s, entra.Authority{Origin: tt.origin, Tenant: tt.tenant}, verify.MetadataOptions{})
			p := policy()
			if strings.Contains(tt.tenant, ".") {
				p.Tenants = []string{tt.tenant}
			}
			v := verifier(t, p, m)
			tid := func(s string) string { return strings.Replace(s, "{tenantid}", tenant, 1) }
			try(t, v, trial{token: mint(header(), claimsV2().str("iss", tid(tt.v2))), want: tt.want, check: verify.CheckKey})
			try(t, v, trial{token: mint(header(), claimsV1().str("iss", tid(tt.v1))), want: tt.want, check: verify.CheckKey})
		})
	}
}

// TestKeyOfAnotherCloud: the same for keys from a file. Where only an issuer is
// given, the key's own cloud must be one that issues in that name.
func TestKeyOfAnotherCloud(t *testing.T) {
	const us, china = "https://login.microsoftonline.us/{tenantid}/v2.0", "https://login.partner.microsoftonline.cn/{tenantid}/v2.0"
	for _, tt := range []struct {
		name, keyIssuer string
		options         verify.KeySetOptions
		want            error
	}{
		{"own", "https://login.microsoftonline.com/{tenantid}/v2.0", verify.KeySetOptions{Authority: authority()}, nil},
		{"US government", us, verify.KeySetOptions{Authority: authority()}, verify.ErrKeyIssuer},
		{"given issuer", us, verify.KeySetOptions{Issuer: issuerV1}, nil},
		{"given issuer, China", china, verify.KeySetOptions{Issuer: issuerV1}, verify.ErrKeyIssuer},
	} {
		t.Run(tt.name, func(t *testing.T) {
			key := jwkOf(pairs()[0], kid).del("cloud_instance_name").str("issuer", tt.keyIssuer)
			s, err := verify.NewKeySet([]byte(setOf(key)), tt.options)
			if err != nil {
				t.Fatal(err)
			}
			try(t, verifier(t, policy(), s), trial{token: mint(header(), claimsV1()), want: tt.want, check: verify.CheckKey})
		})
	}
}

// TestDomainOfAnother: a domain name stands for the tenant that the document
// names, and for no other.
func TestDomainOfAnother(t *testing.T) {
	s := newIssuer()
	base := "https://login.microsoftonline.com/contoso.com"
	s.say(base+"/v2.0/.well-known/openid-configuration", document(issuerV2, keysV2))
	m := metadataOf(t, s, entra.Authority{Origin: "https://login.microsoftonline.com", Tenant: "contoso.com"}, verify.MetadataOptions{})
	p := policy()
	p.Tenants = []string{"contoso.com"}
	v := verifier(t, p, m)
	try(t, v, trial{token: mint(header(), foreign()), want: verify.ErrIssuerMismatch, check: verify.CheckIssuer})
	try(t, v, trial{token: good()})
	p.Tenants = []string{"fabrikam.com"}
	if _, err := verifier(t, p, m).Verify(t.Context(), good()); !errors.Is(err, verify.ErrTenantUnresolved) || !errors.Is(err, verify.ErrUndecided) {
		t.Errorf("want the domain unresolved, got %v", err)
	}
}

// TestDomainMoves: when a domain is another tenant's, no result that rests on the
// document before is remembered, though Entra's tenants share their keys.
func TestDomainMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIssuer()
		base := "https://login.microsoftonline.com/contoso.com"
		s.say(base+"/v2.0/.well-known/openid-configuration", document(issuerV2, keysV2))
		m := metadataOf(t, s, entra.Authority{Origin: "https://login.microsoftonline.com", Tenant: "contoso.com"}, verify.MetadataOptions{})
		p := policy()
		p.Tenants = []string{"contoso.com"}
		v, _ := verify.New(p, m, verify.Options{Now: at(noon), CacheBytes: verify.DefaultCacheBytes})
		believe(t, v, good())
		s.say(base+"/v2.0/.well-known/openid-configuration", document(strings.ReplaceAll(issuerV2, tenant, stranger), keysV2))
		time.Sleep(verify.DefaultRefresh)
		lookup(t, m, "unheard of", verify.ErrKeyUnknown)
		if _, err := v.Verify(t.Context(), good()); !errors.Is(err, verify.ErrIssuerMismatch) {
			t.Errorf("want the issuer asked again, got %v", err)
		}
	})
}
