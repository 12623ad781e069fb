package verify_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"m2m/internal/explain"
	"m2m/internal/jwks"
	"m2m/internal/jwks/issuertest"
	"m2m/internal/jwt"
	"m2m/internal/verify"
)

const idp = "https://idp.example/realms/shop"

// plainClaims are those of RFC 9068 section 2.2, and nothing of Entra.
func plainClaims() issuertest.Members {
	return issuertest.Members{}.Str("iss", idp).Str("sub", "shop-7").Str("client_id", "shop-7").Str("aud",
		"https://orders.example").
		Date("iat", issuertest.Noon.Add(-time.Minute)).Date("exp", issuertest.Noon.Add(time.Hour)).Str("jti",
		"1").Str("scope", "read write")
}

func plainHeader() issuertest.Members { return issuertest.Header().Str("typ", "at+jwt") }

func plainPolicy() verify.Policy {
	return verify.Policy{PlainIssuer: idp, Audiences: []string{"https://orders.example", "orders"}}
}

func plainKeys(t testing.TB, o jwks.SetOptions) *jwks.Set {
	t.Helper()
	s, err := jwks.NewSet([]byte(
		issuertest.KeySet(issuertest.JWK(issuertest.Pairs()[0], issuertest.KeyID).Del("issuer", "cloud_instance_name",
			"x5t"))), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// plainTrial is a trial of a token of the plain issuer.
type plainTrial struct {
	name           string
	header, claims issuertest.Members
	change         func(*verify.Policy)
	want           error
	check          verify.Check
}

// TestPlainIssuer: what RFC 9068 leaves out need not be there, and nothing else
// is let in for that.
func TestPlainIssuer(t *testing.T) {
	trials := append(plainValid(), plainKinds()...)
	trials = append(append(trials, plainPermissions()...), plainInvalid()...)
	for _, tt := range trials {
		t.Run(tt.name, func(t *testing.T) {
			p := plainPolicy()
			if tt.change != nil {
				tt.change(&p)
			}
			h := tt.header
			if h == nil {
				h = plainHeader()
			}
			v := verifier(t, p, plainKeys(t, jwks.SetOptions{Issuer: idp}))
			try(t, v, trial{token: issuertest.Mint(h, tt.claims), want: tt.want, check: tt.check})
			quick, err := verify.New(p, plainKeys(t, jwks.SetOptions{Issuer: idp}),
				verify.Options{Now: issuertest.At(issuertest.Noon), CacheBytes: 1 << 20})
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if _, err := quick.Verify(t.Context(), issuertest.Mint(h, tt.claims)); !errors.Is(err, tt.want) ||
					(err == nil) != (tt.want == nil) {
					t.Errorf("with a cache: want %v, got %v", tt.want, err)
				}
			}
		})
	}
}

func plainValid() []plainTrial {
	c := plainClaims
	return []plainTrial{
		{name: "RFC 9068", claims: c()},
		{name: "typ application/AT+JWT", header: issuertest.Header().Str("typ", "application/AT+JWT"), claims: c()},
		{name: "typ JWT", header: issuertest.Header(), claims: c()},
		{name: "no typ", header: issuertest.Header().Del("typ"), claims: c()},
		{name: "azp instead of client_id", header: issuertest.Header(), claims: c().Del("client_id").Str("azp", "shop-7")},
		{name: "azp beside client_id", claims: c().Str("azp", "shop-7")},
		{name: "Auth0's sub", header: issuertest.Header(),
			claims: c().Del("client_id").Str("azp", "shop-7").Str("sub", "shop-7@clients")},
		{name: "no scope", claims: c().Del("scope")},
		{name: "a list of one", claims: c().Set("aud", `["orders"]`)},
		{name: "a list of ours alone", claims: c().Set("aud", `["orders","https://orders.example"]`)},
		{name: "nbf past", claims: c().Date("nbf", issuertest.Noon.Add(-time.Hour))},
		{name: "tid beside it", claims: c().Str("tid", "shop")},
		{name: "the tid that is asked for", claims: c().Str("tid", issuertest.Tenant),
			change: func(p *verify.Policy) { p.Tenants = []string{issuertest.Tenant} }},
		{name: "no tid, and one asked for", claims: c(),
			change: func(p *verify.Policy) { p.Tenants = []string{issuertest.Tenant} }},
		{name: "another tid, and any asked for", claims: c().Str("tid", issuertest.OtherTenant),
			change: func(p *verify.Policy) { p.Tenants, p.AnyTenant = []string{issuertest.Tenant}, true }},
		{name: "a listed client", claims: c(), change: func(p *verify.Policy) { p.Clients = []string{"shop-7"} }},
		{name: "any audience", claims: c().Set("aud", `["x","y"]`), change: func(p *verify.Policy) { p.AnyAudience = true }},
	}
}

func plainKinds() []plainTrial {
	user := func() issuertest.Members { return plainClaims().Str("sub", "ada") }
	allow := func(p *verify.Policy) { p.AllowUser = true }
	kind := func(name string, h, c issuertest.Members, change func(*verify.Policy), want error) plainTrial {
		return plainTrial{name: "kind: " + name, header: h, claims: c, change: change, want: want, check: verify.CheckKind}
	}
	trials := []plainTrial{
		kind("user", nil, user(), nil, verify.ErrUserToken),
		kind("user with the required scope", nil, user(), func(p *verify.Policy) { p.Scopes = []string{"read"} },
			verify.ErrUserToken),
		kind("user where users are allowed", nil, user(), allow, nil),
		kind("user without scope, typ JWT", issuertest.Header(), user().Del("scope"), nil, verify.ErrNotAppOnly),
		kind("the same where users are allowed", issuertest.Header(), user().Del("scope"), allow, verify.ErrNotAppOnly),
		kind("sub that only begins with the client", nil, plainClaims().Str("sub", "shop-77"), nil, verify.ErrUserToken),
		kind("no sub", nil, plainClaims().Del("sub"), nil, verify.ErrUserToken),
		kind("ID token with a nonce", issuertest.Header(), plainClaims().Str("nonce", "n"), allow, verify.ErrIDToken),
		kind("ID token for the client", issuertest.Header(), plainClaims().Str("aud", "shop-7"),
			func(p *verify.Policy) { p.Audiences = append(p.Audiences, "shop-7"); p.AllowUser = true }, verify.ErrIDToken),
		kind("ID token for the client in a list", issuertest.Header(), user().Set("aud", `["orders","shop-7"]`),
			func(p *verify.Policy) { p.Audiences = append(p.Audiences, "shop-7"); p.AllowUser = true }, verify.ErrIDToken),
		kind("no client", nil, plainClaims().Del("client_id"), nil, verify.ErrClientMissing),
		kind("no client, no sub", nil, plainClaims().Del("client_id", "sub"), nil, verify.ErrClientMissing),
		kind("empty client and sub", nil, plainClaims().Str("client_id", "").Str("sub", ""), nil, verify.ErrClientMissing),
		kind("two clients", nil, plainClaims().Str("azp", "other"), nil, verify.ErrClientMissing),
		kind("client a number", nil, plainClaims().Set("client_id", "7").Str("sub", "7"), nil, verify.ErrClientMissing),
		kind("client a number beside azp", nil, plainClaims().Set("client_id", "7").Str("azp", "shop-7"), nil,
			verify.ErrClientMissing),
		kind("line break in the client", nil, plainClaims().Str("client_id", `a\r\nb`).Str("sub", `a\r\nb`), nil,
			verify.ErrClientMissing),
		kind("another alphabet in the client", nil, plainClaims().Str("client_id", `é`).Str("sub", `é`), nil,
			verify.ErrClientMissing),
	}
	for _, name := range []string{"at_hash", "c_hash", "preferred_username", "upn", "name"} {
		trials = append(trials,
			kind("ID token with "+name, issuertest.Header(), plainClaims().Str(name, "x"), allow, verify.ErrIDToken))
	}
	return trials
}

// TestPlainKinds: what is shown of a token is what was judged.
func TestPlainKinds(t *testing.T) {
	v := verifier(t, plainPolicy(), plainKeys(t, jwks.SetOptions{Issuer: idp}))
	for _, tt := range []struct {
		name   string
		header issuertest.Members
		claims issuertest.Members
		want   jwt.Kind
		client string
	}{
		{"app", plainHeader(), plainClaims(), jwt.App, "shop-7"},
		{"user", plainHeader(), plainClaims().Str("sub", "ada"), jwt.User, "shop-7"},
		{"ID", issuertest.Header(), plainClaims().Str("nonce", "n"), jwt.ID, "shop-7"},
		{"no client and no sub", plainHeader(), plainClaims().Del("client_id", "sub"), jwt.Other, ""},
		{"neither", issuertest.Header(), plainClaims().Str("sub", "ada").Del("scope"), jwt.Other, "shop-7"},
	} {
		got := v.Report(t.Context(), issuertest.Mint(tt.header, tt.claims)).Token
		if got.Kind != tt.want || got.ClientID != tt.client {
			t.Errorf("%s: want %s of %q, got %s of %q", tt.name, tt.want, tt.client, got.Kind, got.ClientID)
		}
	}
}

func plainPermissions() []plainTrial {
	need := func(roles, scopes []string, all bool) func(*verify.Policy) {
		return func(p *verify.Policy) { p.Roles, p.Scopes, p.RequireAll = roles, scopes, all }
	}
	with := plainClaims().Set("roles", `["Data.Read"]`)
	list := func(s ...string) []string { return s }
	permission := func(name string, c issuertest.Members, change func(*verify.Policy), want error) plainTrial {
		return plainTrial{name: "permission: " + name, claims: c, change: change, want: want, check: verify.CheckPermission}
	}
	return []plainTrial{
		permission("a scope", plainClaims(), need(nil, list("admin", "read"), false), nil),
		permission("a scope in scp", plainClaims().Del("scope").Str("scp", "read"), need(nil, list("read"), false), nil),
		permission("scp wins over scope", plainClaims().Str("scp", "write"), need(nil, list("read"), false),
			verify.ErrScopeMissing),
		permission("both scopes", plainClaims(), need(nil, list("write", "read"), true), nil),
		permission("one of two scopes", plainClaims(), need(nil, list("admin", "read"), true), verify.ErrScopeMissing),
		permission("another scope", plainClaims(), need(nil, list("rea"), false), verify.ErrScopeMissing),
		permission("no scope", plainClaims().Del("scope"), need(nil, list("read"), false), verify.ErrScopeMissing),
		permission("scope as a list", plainClaims().Set("scope", `["read"]`), need(nil, list("read"), false), nil),
		permission("a role", with, need(list("Data.Read"), nil, false), nil),
		permission("a role and no scope", with.Del("scope"), need(list("Data.Read"), list("read"), false), nil),
		permission("no role", plainClaims(), need(list("Data.Read"), nil, false), verify.ErrRoleMissing),
		permission("a scope instead of a role", plainClaims(), need(list("Data.Read"), list("read"), false),
			verify.ErrRoleMissing),
	}
}

func plainInvalid() []plainTrial {
	c := plainClaims
	rejected := func(name string, c issuertest.Members, want error, check verify.Check) plainTrial {
		return plainTrial{name: name, claims: c, want: want, check: check}
	}
	return []plainTrial{
		rejected("another issuer", c().Str("iss", idp+"/"), verify.ErrIssuerMismatch, verify.CheckIssuer),
		rejected("the issuer in upper case", c().Str("iss", strings.ToUpper(idp)), verify.ErrIssuerMismatch,
			verify.CheckIssuer),
		rejected("Entra's version, client and tenant", c().Str("ver", "2.0").Str("azp", "shop-7").Str("tid", "x"),
			verify.ErrTenantForm, verify.CheckTenant),
		rejected("no aud", c().Del("aud"), verify.ErrAudienceMissing, verify.CheckAudience),
		rejected("another aud", c().Str("aud", "other"), verify.ErrAudienceMismatch, verify.CheckAudience),
		rejected("ours among others", c().Set("aud", `["orders","other"]`), verify.ErrAudienceMismatch, verify.CheckAudience),
		rejected("an empty list", c().Set("aud", `[]`), verify.ErrAudienceMismatch, verify.CheckAudience),
		rejected("a list with a number", c().Set("aud", `["orders",1]`), jwt.ErrMemberType, verify.CheckForm),
		rejected("an object", c().Set("aud", `{"a":"orders"}`), jwt.ErrMemberType, verify.CheckForm),
		rejected("no exp", c().Del("exp"), verify.ErrDateMissing, verify.CheckLifetime),
		rejected("no iat", c().Del("iat"), verify.ErrDateMissing, verify.CheckLifetime),
		rejected("nbf to come", c().Date("nbf", issuertest.Noon.Add(2*time.Minute)), verify.ErrNotYetValid,
			verify.CheckLifetime),
		rejected("expired", c().Date("iat", issuertest.Noon.Add(-2*time.Hour)).Date("exp", issuertest.Noon.Add(-time.Hour)),
			verify.ErrExpired, verify.CheckLifetime),
		rejected("thirty hours", c().Date("exp", issuertest.Noon.Add(30*time.Hour)), verify.ErrTooLong, verify.CheckLifetime),
		{name: "another tid than asked for", claims: c().Str("tid", issuertest.OtherTenant), want: verify.ErrTenantMismatch,
			check:  verify.CheckTenant,
			change: func(p *verify.Policy) { p.Tenants = []string{issuertest.Tenant} }},
		{name: "a client that is not listed", claims: c(), want: verify.ErrClientNotListed, check: verify.CheckClient,
			change: func(p *verify.Policy) { p.Clients = []string{"shop"} }},
		{name: "no kid", header: plainHeader().Del("kid"), claims: c(), want: verify.ErrKeyIDMissing, check: verify.CheckKey},
		{name: "crit", header: plainHeader().Set("crit", `["x"]`), claims: c(), want: verify.ErrCrit,
			check: verify.CheckAlgorithm},
	}
}

// TestPlainIssuerIsNotEntras: the field cannot name an issuer of Entra.
func TestPlainIssuerIsNotEntras(t *testing.T) {
	for _, issuer := range []string{
		issuertest.IssuerV2, issuertest.IssuerV1, "https://login.microsoftonline.com/{tenantid}/v2.0",
		"https://login.microsoftonline.com/", "https://sts.windows.net",
		"https://login.microsoftonline.us/x", "https://sts.chinacloudapi.cn/x/",
		"https://login.partner.microsoftonline.cn/x/v2.0",
		"https://LOGIN.microsoftonline.com/x", "http://login.microsoftonline.com:443/x", "https://login.windows.net/x",
		"https://shop.ciamlogin.com/x",
		"https://idp.example/{tenantid}",
		"https://127.0.0.1:8443/" + issuertest.Tenant + "/v2.0", "https://idp.example/" + issuertest.Tenant + "/",
	} {
		_, err := verify.New(verify.Policy{PlainIssuer: issuer}, nil, verify.Options{})
		if !errors.Is(err, verify.ErrPlainIssuer) || !jwks.IsEntraIssuer(issuer) {
			t.Errorf("%s: want ErrPlainIssuer, got %v", issuer, err)
		}
	}
	for _, issuer := range []string{"", idp, "accounts.example", "https://login.microsoftonline.com.example/x",
		"https://x.auth0.com/", "%zz"} {
		if _, err := verify.New(verify.Policy{PlainIssuer: issuer}, nil, verify.Options{}); err != nil ||
			jwks.IsEntraIssuer(issuer) {
			t.Errorf("%s: want none of Entra, got %v", issuer, err)
		}
	}
}

// TestPlainIssuerAlone: what is eased for one issuer is eased for no other, and
// for none where the policy does not say so.
func TestPlainIssuerAlone(t *testing.T) {
	mixed := policy()
	mixed.PlainIssuer, mixed.Audiences = idp, append(mixed.Audiences, "https://orders.example")
	entras := plainClaims().Str("iss", issuertest.IssuerV2)
	any := plainKeys(t, jwks.SetOptions{AnyIssuer: true})
	try(t, verifier(t, mixed, any),
		trial{token: issuertest.Mint(plainHeader(), entras), want: verify.ErrTenantMissing, check: verify.CheckTenant})
	try(t, verifier(t, mixed, any),
		trial{token: issuertest.Mint(issuertest.Header(), issuertest.ClaimsV2().Del("nbf")), want: verify.ErrDateMissing,
			check: verify.CheckLifetime})
	try(t, verifier(t, mixed, any),
		trial{token: issuertest.Mint(issuertest.Header(), issuertest.ClaimsV2().Str("azp", "shop-7")),
			want: verify.ErrClientMissing, check: verify.CheckKind})
	try(t, verifier(t, mixed, any),
		trial{token: issuertest.Mint(issuertest.Header(), issuertest.ClaimsV2().Set("aud", `["`+issuertest.API+`"]`)),
			want: verify.ErrAudienceSeveral, check: verify.CheckAudience})
	try(t, verifier(t, mixed, any),
		trial{token: issuertest.Mint(issuertest.Header(), issuertest.ClaimsV2().Str("tid", issuertest.OtherTenant)),
			want: verify.ErrTenantMismatch, check: verify.CheckTenant})
	try(t, verifier(t, mixed, any), trial{token: issuertest.Valid()})
	try(t, verifier(t, mixed, issuertest.Keys(t)),
		trial{token: issuertest.Mint(plainHeader(), plainClaims()), want: verify.ErrIssuerMismatch, check: verify.CheckIssuer})
	strict := plainPolicy()
	strict.PlainIssuer, strict.AnyTenant = "", true
	try(t, verifier(t, strict, plainKeys(t, jwks.SetOptions{Issuer: idp})),
		trial{token: issuertest.Mint(plainHeader(), plainClaims()), want: verify.ErrIssuerMismatch, check: verify.CheckIssuer})
}

// TestGivenIssuer: a token with Entra's claims of an issuer that the user named
// need not hold tid in iss, whether it is verified or judged.
func TestGivenIssuer(t *testing.T) {
	given := plainKeys(t, jwks.SetOptions{Issuer: idp})
	for _, p := range []verify.Policy{policy(),
		{PlainIssuer: idp, Tenants: []string{issuertest.Tenant}, Audiences: []string{issuertest.API}}} {
		try(t, verifier(t, p, given),
			trial{token: issuertest.Mint(issuertest.Header(), issuertest.ClaimsV2().Str("iss", idp))})
		try(t, verifier(t, p, given),
			trial{token: issuertest.Mint(issuertest.Header(),
				issuertest.ClaimsV2().Str("iss", idp).Str("tid", issuertest.OtherTenant)), want: verify.ErrTenantMismatch,
				check: verify.CheckTenant})
	}
}

func TestPlainIssuerCompletes(t *testing.T) {
	if err := plainPolicy().Complete(); err != nil {
		t.Errorf("want the issuer to stand for the tenant, got %v", err)
	}
}

// TestPlainWords: the report says what is eased, and gives no advice that holds
// for Entra's tokens alone.
func TestPlainWords(t *testing.T) {
	p := plainPolicy()
	p.Roles, p.Scopes = []string{"Data.Read"}, nil
	v := verifier(t, p, plainKeys(t, jwks.SetOptions{Issuer: idp}))
	report := explain.Report(v.Report(context.Background(), issuertest.Mint(plainHeader(), plainClaims())), explain.Judged{})
	for check, want := range map[verify.Check]string{
		verify.CheckTenant: "the issuer that is configured is not Entra's",
		verify.CheckKind:   "sub is the client", verify.CheckPermission: "have the issuer grant the role",
	} {
		f := report.Finding(check)
		if text := f.Expected + f.Cause + f.Fix; !strings.Contains(text, want) {
			t.Errorf("%s: want %q, got %q", check, want, text)
		}
	}
	for _, token := range []string{
		issuertest.Mint(plainHeader().Str("kid", "x"), plainClaims().Str("sub", "ada").Set("aud", `["a","b"]`).Del("iat")),
		issuertest.Mint(plainHeader().Del("kid"),
			plainClaims().Del("client_id").Str("aud", "a").Date("exp", issuertest.Noon.Add(-time.Hour/2)).Date("iat",
				issuertest.Noon.Add(-time.Hour))),
		issuertest.Mint(issuertest.Header(), plainClaims().Str("nonce", "n").Date("exp", issuertest.Noon.Add(300*time.Hour))),
	} {
		for _, f := range explain.Report(v.Report(context.Background(), token), explain.Judged{}).Findings {
			if text := f.Cause + f.Fix; strings.Contains(text, "m2m token") || strings.Contains(text, "admin consent") ||
				strings.Contains(text, ".default") {
				t.Errorf("%s: advice for Entra's tokens: %s", f.Check, text)
			}
		}
	}
}
