package verify_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"m2m/internal/jwks/issuertest"
	"m2m/internal/jwt"
	"m2m/internal/verify"
)

// trial is one token and the exact reason for which both Verify and Report must
// reject it; nil means that both accept it.
type trial struct {
	name  string
	token string
	want  error
	check verify.Check
}

func TestRules(t *testing.T) {
	trials := validTrials()
	trials = append(trials, formTrials()...)
	trials = append(trials, jsonTrials()...)
	trials = append(trials, headerTrials()...)
	trials = append(trials, claimTrials()...)
	trials = append(trials, lifetimeTrials()...)
	trials = append(trials, kindTrials()...)
	for _, tt := range trials {
		t.Run(tt.name, func(t *testing.T) { try(t, verifier(t, policy(), issuertest.Keys(t)), tt) })
	}
}

// checked reports whether a signature is checked at all where f is found.
func checked(f verify.Finding) bool {
	before := []verify.Check{verify.CheckForm, verify.CheckAlgorithm, verify.CheckKey, verify.CheckSignature}
	return !slices.Contains(before, f.Check) || f.Reason == verify.ErrKeyIssuer || f.Reason == verify.ErrKeyCloud ||
		errors.Is(f.Reason, jwt.ErrMemberType) || errors.Is(f.Reason, jwt.ErrDate)
}

// try holds Verify and Report to the same answer.
func try(t *testing.T, v *verify.Verifier, tt trial) {
	t.Helper()
	token, err := v.Verify(t.Context(), tt.token)
	report := v.Report(t.Context(), tt.token)
	if tt.want == nil {
		if err != nil || token == nil || report.Verdict != verify.Valid {
			t.Fatalf("want it valid; Verify: %v; Report: %+v", err, report)
		}
		return
	}
	var e *verify.Error
	if !errors.As(err, &e) || !errors.Is(err, tt.want) || e.Check != tt.check || token != nil {
		t.Errorf("Verify: want %s (%v), got %v", tt.check, tt.want, err)
	}
	f := report.Finding(tt.check)
	if !errors.Is(f.Reason, tt.want) || f.Status == verify.Pass {
		t.Errorf("Report: want %s (%v), got %+v", tt.check, tt.want, f)
	}
	if report.Verdict == verify.Valid {
		t.Error("the report says valid")
	}
	if s := report.Finding(verify.CheckSignature); s.Status == verify.Pass && !checked(f) {
		t.Errorf("the report passes a signature that was not checked: %+v", s)
	}
}

func validTrials() []trial {
	return []trial{
		{name: "v2.0 app-only token", token: issuertest.Valid()},
		{name: "v1.0 app-only token",
			token: issuertest.Mint(issuertest.Header().Str("x5t", issuertest.KeyID), issuertest.ClaimsV1())},
		{name: "idtyp app",
			token: issuertest.Mint(issuertest.Header(), issuertest.ClaimsV2().Str("idtyp", "app").Str("sub", "other"))},
		{name: "typ absent", token: issuertest.Mint(issuertest.Header().Del("typ"), issuertest.ClaimsV2())},
		{name: "typ at+jwt",
			token: issuertest.Mint(issuertest.Header().Str("typ", "application/AT+JWT"), issuertest.ClaimsV2())},
		{name: "own keys in the header are ignored",
			token: issuertest.Mint(issuertest.Header().Set("jwk", `{"kty":"oct"}`).Str("jku", "https://x"),
				issuertest.ClaimsV2())},
		{name: "several roles",
			token: issuertest.Mint(issuertest.Header(), issuertest.ClaimsV2().Set("roles", `["A","Data.Read"]`))},
		{name: "escaped text",
			token: issuertest.Mint(issuertest.Header(), issuertest.ClaimsV2().Str("tid", `\u0031`+issuertest.Tenant[1:]))},
		{name: "256 names and a thousand colons",
			token: issuertest.Mint(issuertest.Header(),
				issuertest.ClaimsV2().Fill(254).Set("x", `{"\":":"\\`+strings.Repeat(":", 999)+`"}`))},
		{name: "256 members", token: issuertest.Mint(issuertest.Header().Fill(256), issuertest.ClaimsV2().Fill(256))},
		{name: "nested claims of seven levels",
			token: issuertest.Mint(issuertest.Header(), issuertest.ClaimsV2().Set("x", nested(7)))},
		{name: "known name in a nested object",
			token: issuertest.Mint(issuertest.Header(), issuertest.ClaimsV2().Set("act", `{"ISS":1,"Iss":2}`))},
	}
}

func nested(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

func headerTrials() []trial {
	alg := func(name string, h issuertest.Members, want error) trial {
		return trial{"header: " + name, issuertest.Mint(h, issuertest.ClaimsV2()), want, verify.CheckAlgorithm}
	}
	key := func(name string, h issuertest.Members, want error) trial {
		return trial{"header: " + name, issuertest.Mint(h, issuertest.ClaimsV2()), want, verify.CheckKey}
	}
	tampered := issuertest.Valid()
	other := issuertest.Sign(issuertest.Pairs()[1], issuertest.Header().JSON(), issuertest.ClaimsV2().JSON())
	trials := []trial{
		alg("alg absent", issuertest.Header().Del("alg"), verify.ErrAlgMissing),
		alg("crit unknown", issuertest.Header().Set("crit", `["x"]`), verify.ErrCrit),
		alg("crit empty", issuertest.Header().Set("crit", `[]`), verify.ErrCrit),
		alg("crit of a wrong type", issuertest.Header().Set("crit", `null`), verify.ErrCrit),
		alg("b64 false", issuertest.Header().Set("b64", `false`), verify.ErrB64),
		alg("b64 true", issuertest.Header().Set("b64", `true`), verify.ErrB64),
		alg("zip", issuertest.Header().Str("zip", "DEF"), verify.ErrZip),
		alg("cty", issuertest.Header().Str("cty", "JWT"), verify.ErrCty),
		alg("typ of a security event", issuertest.Header().Str("typ", "secevent+jwt"), verify.ErrTyp),
		alg("typ empty", issuertest.Header().Str("typ", ""), verify.ErrTyp),
		alg("typ with a long s", issuertest.Header().Str("typ", "JWT\u017f"), verify.ErrTyp),
		key("kid absent", issuertest.Header().Del("kid"), verify.ErrKeyIDMissing),
		key("kid empty", issuertest.Header().Str("kid", ""), verify.ErrKeyIDMissing),
		key("kid of 129 characters", issuertest.Header().Str("kid", strings.Repeat("k", 129)), verify.ErrKeyIDLong),
		key("kid unknown", issuertest.Header().Str("kid", "KID-1"), verify.ErrKeyUnknown),
		{"signature: another key", other, verify.ErrSignatureMismatch, verify.CheckSignature},
		{"signature: first bit", flip(tampered), verify.ErrSignatureMismatch, verify.CheckSignature},
		{"signature: by the key that the header brings", ownKey(), verify.ErrSignatureMismatch, verify.CheckSignature},
		{"signature: by the key that the header brings, unnamed", ownKey("kid"), verify.ErrKeyIDMissing, verify.CheckKey},
		{"signature: HMAC under the public key", publicHMAC(), verify.ErrAlgNotAllowed, verify.CheckAlgorithm},
		{"signature: short", tampered[:len(tampered)-6], jwt.ErrTruncated, verify.CheckForm},
		{"signature: of other claims", graft(issuertest.ClaimsV2().Set("roles", `["Data.Write","Data.Read"]`)),
			verify.ErrSignatureMismatch, verify.CheckSignature},
	}
	for _, name := range []string{"none", "None", "nOnE", "", "HS256", "RS384", "PS256", "ES256", "rs256", "RS256 "} {
		trials = append(trials, alg("alg "+name, issuertest.Header().Str("alg", name), verify.ErrAlgNotAllowed))
	}
	return trials
}

// ownKey is signed with a forger's key, which its header holds in every way
// there is.
func ownKey(without ...string) string {
	forger := issuertest.Pairs()[1]
	h := issuertest.Header().Set("jwk", issuertest.JWK(forger, issuertest.KeyID).JSON()).Set("x5c",
		`["`+forger.Certificate+`"]`).Str("x5t", issuertest.KeyID).
		Str("jku", "https://evil.example/keys").Str("x5u", "https://evil.example/certificate")
	return issuertest.Sign(forger, h.Del(without...).JSON(), issuertest.ClaimsV2().JSON())
}

// publicHMAC takes the public key, which everybody has, for a shared secret.
func publicHMAC() string {
	input := issuertest.Base64(issuertest.Header().Str("alg", "HS256").JSON()) + "." +
		issuertest.Base64(issuertest.ClaimsV2().JSON())
	der, err := x509.MarshalPKIXPublicKey(&issuertest.Pairs()[0].Private.PublicKey)
	if err != nil {
		panic(err)
	}
	mac := hmac.New(sha256.New, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	mac.Write([]byte(input))
	return input + "." + issuertest.Base64(string(mac.Sum(nil)))
}

// flip changes the first character of the signature.
func flip(token string) string {
	i := strings.LastIndexByte(token, '.') + 1
	c := "A"
	if token[i] == 'A' {
		c = "B"
	}
	return token[:i] + c + token[i+1:]
}

// graft puts a good token's signature under other claims.
func graft(claims issuertest.Members) string {
	parts := strings.Split(issuertest.Valid(), ".")
	return parts[0] + "." + issuertest.Base64(claims.JSON()) + "." + parts[2]
}

func claimTrials() []trial {
	claim := func(check verify.Check, name string, c issuertest.Members, want error) trial {
		return trial{string(check) + ": " + name, issuertest.Mint(issuertest.Header(), c), want, check}
	}
	v2 := func(iss string) issuertest.Members { return issuertest.ClaimsV2().Str("iss", iss) }
	return []trial{
		claim(verify.CheckIssuer, "no claims at all", issuertest.Members{}, verify.ErrIssuerMissing),
		claim(verify.CheckIssuer, "absent", issuertest.ClaimsV2().Del("iss"), verify.ErrIssuerMissing),
		claim(verify.CheckIssuer, "no ver", issuertest.ClaimsV2().Del("ver"), verify.ErrVersion),
		claim(verify.CheckIssuer, "ver 3.0", issuertest.ClaimsV2().Str("ver", "3.0"), verify.ErrVersion),
		claim(verify.CheckIssuer, "slash at the end", v2(issuertest.IssuerV2+"/"), verify.ErrIssuerMismatch),
		claim(verify.CheckIssuer, "prefix", v2(issuertest.IssuerV2[:len(issuertest.IssuerV2)-1]), verify.ErrIssuerMismatch),
		claim(verify.CheckIssuer, "http", v2(strings.Replace(issuertest.IssuerV2, "https", "http", 1)),
			verify.ErrIssuerMismatch),
		claim(verify.CheckIssuer, "other host", v2("https://login.evil.example/"+issuertest.Tenant+"/v2.0"),
			verify.ErrIssuerMismatch),
		claim(verify.CheckIssuer, "user part",
			v2("https://login.microsoftonline.com@evil.example/"+issuertest.Tenant+"/v2.0"), verify.ErrIssuerMismatch),
		claim(verify.CheckIssuer, "upper-case host", v2(strings.Replace(issuertest.IssuerV2, "login", "LOGIN", 1)),
			verify.ErrIssuerMismatch),
		claim(verify.CheckIssuer, "v1.0 form in a v2.0 token", v2(issuertest.IssuerV1), verify.ErrIssuerMismatch),
		claim(verify.CheckIssuer, "v2.0 form in a v1.0 token", issuertest.ClaimsV1().Str("iss", issuertest.IssuerV2),
			verify.ErrIssuerMismatch),
		claim(verify.CheckIssuer, "the template itself", v2("https://login.microsoftonline.com/{tenantid}/v2.0"),
			verify.ErrIssuerMismatch),
		claim(verify.CheckTenant, "absent", issuertest.ClaimsV2().Del("tid"), verify.ErrTenantMissing),
		claim(verify.CheckTenant, "no GUID", issuertest.ClaimsV2().Str("tid", "contoso.com"), verify.ErrTenantForm),
		claim(verify.CheckTenant, "not the one in iss", issuertest.ClaimsV2().Str("tid", issuertest.OtherTenant),
			verify.ErrTenantNotInIss),
		claim(verify.CheckIssuer, "another tenant", foreign(), verify.ErrIssuerMismatch),
		claim(verify.CheckAudience, "absent", issuertest.ClaimsV2().Del("aud"), verify.ErrAudienceMissing),
		claim(verify.CheckAudience, "two",
			issuertest.ClaimsV2().Set("aud", `["`+issuertest.OtherTenant+`","`+issuertest.API+`"]`), verify.ErrAudienceSeveral),
		claim(verify.CheckAudience, "a list of one", issuertest.ClaimsV2().Set("aud", `["`+issuertest.API+`"]`),
			verify.ErrAudienceSeveral),
		claim(verify.CheckAudience, "empty", issuertest.ClaimsV2().Str("aud", ""), verify.ErrAudienceMismatch),
		claim(verify.CheckAudience, "another API", issuertest.ClaimsV2().Str("aud", issuertest.OtherTenant),
			verify.ErrAudienceMismatch),
		claim(verify.CheckAudience, "slash at the end", issuertest.ClaimsV1().Str("aud", "api://m2m/"),
			verify.ErrAudienceMismatch),
		claim(verify.CheckAudience, "another case", issuertest.ClaimsV1().Str("aud", "api://M2M"),
			verify.ErrAudienceMismatch),
		claim(verify.CheckAudience, "the exchange", issuertest.ClaimsV2().Str("aud", "fb60f99c-7a34-4190-8149-302f77469936"),
			verify.ErrAudienceExchange),
		claim(verify.CheckAudience, "the exchange by its URI", issuertest.ClaimsV2().Str("aud", "api://AzureADTokenExchangeUSGov"),
			verify.ErrAudienceExchange),
		claim(verify.CheckBinding, "to a certificate", issuertest.ClaimsV2().Set("cnf", `{"x5t#S256":"bwcK0esc3ACC3DB2Y5_l"}`),
			verify.ErrBound),
		claim(verify.CheckBinding, "null", issuertest.ClaimsV2().Set("cnf", `null`), verify.ErrBound),
		claim(verify.CheckPermission, "no roles", issuertest.ClaimsV2().Del("roles"), verify.ErrRoleMissing),
		claim(verify.CheckPermission, "empty roles", issuertest.ClaimsV2().Set("roles", "[]"), verify.ErrRoleMissing),
		claim(verify.CheckPermission, "another role", issuertest.ClaimsV2().Set("roles", `["Data.ReadWrite"]`),
			verify.ErrRoleMissing),
		claim(verify.CheckPermission, "role in another case", issuertest.ClaimsV2().Set("roles", `["data.read"]`),
			verify.ErrRoleMissing),
	}
}

// foreign are the claims of another tenant's token, in order among themselves.
func foreign() issuertest.Members {
	return issuertest.ClaimsV2().Str("tid", issuertest.OtherTenant).Str("iss",
		strings.Replace(issuertest.IssuerV2, issuertest.Tenant, issuertest.OtherTenant, 1))
}

func lifetimeTrials() []trial {
	claim := func(name string, c issuertest.Members, want error) trial {
		return trial{"lifetime: " + name, issuertest.Mint(issuertest.Header(), c), want, verify.CheckLifetime}
	}
	life := func(iat, nbf, exp time.Duration) issuertest.Members {
		return issuertest.ClaimsV2().Date("iat", issuertest.Noon.Add(iat)).Date("nbf", issuertest.Noon.Add(nbf)).Date("exp",
			issuertest.Noon.Add(exp))
	}
	const leeway = verify.DefaultLeeway
	return []trial{
		claim("no exp", issuertest.ClaimsV2().Del("exp"), verify.ErrDateMissing),
		claim("no nbf", issuertest.ClaimsV2().Del("nbf"), verify.ErrDateMissing),
		claim("no iat", issuertest.ClaimsV2().Del("iat"), verify.ErrDateMissing),
		claim("exp before nbf", life(-time.Minute, 10*time.Second, -time.Second), verify.ErrDateOrder),
		claim("exp at iat", life(0, -time.Second, 0), verify.ErrDateOrder),
		claim("expired a leeway ago", life(-time.Hour, -time.Hour, -leeway), verify.ErrExpired),
		claim("expired within the leeway", life(-time.Hour, -time.Hour, -leeway+time.Second), nil),
		claim("begins after the leeway", life(-time.Hour, leeway+time.Second, time.Hour), verify.ErrNotYetValid),
		claim("begins within the leeway", life(-time.Hour, leeway, time.Hour), nil),
		claim("issued after the leeway", life(leeway+time.Second, -time.Hour, time.Hour), verify.ErrIssuedInFuture),
		claim("29 hours", life(-time.Hour, -time.Hour, 28*time.Hour), nil),
		claim("29 hours and a second", life(-time.Hour, -time.Hour, 28*time.Hour+time.Second), verify.ErrTooLong),
		claim("the year 9999", issuertest.ClaimsV2().Set("exp", "253402300799"), verify.ErrTooLong),
	}
}

func kindTrials() []trial {
	claim := func(name string, c issuertest.Members, want error) trial {
		return trial{"kind: " + name, issuertest.Mint(issuertest.Header(), c), want, verify.CheckKind}
	}
	return []trial{
		claim("ID token of the same registration, with the role", issuertest.IDClaims(), verify.ErrIDToken),
		claim("user's token with the role", issuertest.UserClaims().Set("roles", `["Data.Read"]`), verify.ErrUserToken),
		claim("scp", issuertest.ClaimsV2().Str("scp", "x"), verify.ErrUserToken),
		claim("idtyp user", issuertest.ClaimsV2().Str("idtyp", "user"), verify.ErrUserToken),
		claim("idtyp APP", issuertest.ClaimsV2().Str("idtyp", "APP"), verify.ErrNotAppOnly),
		claim("idtyp app with scp", issuertest.ClaimsV2().Str("idtyp", "app").Str("scp", "x"), verify.ErrNotAppOnly),
		claim("oid is not sub", issuertest.ClaimsV2().Str("sub", "pairwise"), verify.ErrNotAppOnly),
		claim("no oid and no sub", issuertest.ClaimsV2().Del("oid", "sub"), verify.ErrNotAppOnly),
		claim("no azp", issuertest.ClaimsV2().Del("azp"), verify.ErrClientMissing),
		claim("azp no GUID", issuertest.ClaimsV2().Str("azp", "client"), verify.ErrClientMissing),
		claim("appid in a v2.0 token", issuertest.ClaimsV2().Del("azp").Str("appid", issuertest.Client),
			verify.ErrClientMissing),
	}
}
