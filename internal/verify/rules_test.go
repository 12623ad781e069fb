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

	"m2m/internal/verify"
)

// trial is one token and the exact reason for which both Verify and Judge must
// refuse it; nil means that both believe it.
type trial struct {
	name  string
	token string
	want  error
	check verify.Check
}

func TestRules(t *testing.T) {
	trials := believedTrials()
	trials = append(trials, formTrials()...)
	trials = append(trials, jsonTrials()...)
	trials = append(trials, headerTrials()...)
	trials = append(trials, claimTrials()...)
	trials = append(trials, lifetimeTrials()...)
	trials = append(trials, kindTrials()...)
	for _, tt := range trials {
		t.Run(tt.name, func(t *testing.T) { try(t, verifier(t, policy(), keys(t)), tt) })
	}
}

// checked reports whether a signature is checked at all where f is found.
func checked(f verify.Finding) bool {
	before := []verify.Check{verify.CheckForm, verify.CheckAlgorithm, verify.CheckKey, verify.CheckSignature}
	return !slices.Contains(before, f.Check) || f.Reason == verify.ErrKeyIssuer || f.Reason == verify.ErrKeyCloud
}

// try holds Verify and Judge to the same answer.
func try(t *testing.T, v *verify.Verifier, tt trial) {
	t.Helper()
	token, err := v.Verify(t.Context(), tt.token)
	report := v.Judge(t.Context(), tt.token)
	if tt.want == nil {
		if err != nil || token == nil || report.Verdict != verify.Believed {
			t.Fatalf("want it believed; Verify: %v; Judge: %+v", err, report)
		}
		return
	}
	var e *verify.Error
	if !errors.As(err, &e) || !errors.Is(err, tt.want) || e.Check != tt.check || token != nil {
		t.Errorf("Verify: want %s (%v), got %v", tt.check, tt.want, err)
	}
	f := report.Finding(tt.check)
	if !errors.Is(f.Reason, tt.want) || f.Status == verify.Pass {
		t.Errorf("Judge: want %s (%v), got %+v", tt.check, tt.want, f)
	}
	if report.Verdict == verify.Believed {
		t.Error("Judge believes it")
	}
	if s := report.Finding(verify.CheckSignature); s.Status == verify.Pass && !checked(f) {
		t.Errorf("Judge passes a signature that was not checked: %+v", s)
	}
}

func believedTrials() []trial {
	return []trial{
		{name: "v2.0 app-only token", token: good()},
		{name: "v1.0 app-only token", token: mint(header().str("x5t", kid), claimsV1())},
		{name: "idtyp app", token: mint(header(), claimsV2().str("idtyp", "app").str("sub", "other"))},
		{name: "typ absent", token: mint(header().del("typ"), claimsV2())},
		{name: "typ at+jwt", token: mint(header().str("typ", "application/AT+JWT"), claimsV2())},
		{name: "own keys in the header are ignored", token: mint(header().set("jwk", `{"kty":"oct"}`).str("jku", "https://x"), claimsV2())},
		{name: "several roles", token: mint(header(), claimsV2().set("roles", `["A","Data.Read"]`))},
		{name: "escaped text", token: mint(header(), claimsV2().str("tid", `\u0031`+tenant[1:]))},
		{name: "256 names and a thousand colons", token: mint(header(), filled(claimsV2(), 254).set("x", `{"\":":"\\`+strings.Repeat(":", 999)+`"}`))},
		{name: "256 members", token: mint(filled(header(), 256), filled(claimsV2(), 256))},
		{name: "nested claims of seven levels", token: mint(header(), claimsV2().set("x", nested(7)))},
		{name: "known name in a nested object", token: mint(header(), claimsV2().set("cnf", `{"ISS":1,"Iss":2}`))},
	}
}

func nested(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

func headerTrials() []trial {
	alg := func(name string, h members, want error) trial {
		return trial{"header: " + name, mint(h, claimsV2()), want, verify.CheckAlgorithm}
	}
	key := func(name string, h members, want error) trial {
		return trial{"header: " + name, mint(h, claimsV2()), want, verify.CheckKey}
	}
	tampered := good()
	other := sign(pairs()[1], header().json(), claimsV2().json())
	trials := []trial{
		alg("alg absent", header().del("alg"), verify.ErrAlgMissing),
		alg("crit unknown", header().set("crit", `["x"]`), verify.ErrCrit),
		alg("crit empty", header().set("crit", `[]`), verify.ErrCrit),
		alg("crit of a wrong type", header().set("crit", `null`), verify.ErrCrit),
		alg("b64 false", header().set("b64", `false`), verify.ErrB64),
		alg("b64 true", header().set("b64", `true`), verify.ErrB64),
		alg("zip", header().str("zip", "DEF"), verify.ErrZip),
		alg("cty", header().str("cty", "JWT"), verify.ErrCty),
		alg("typ of a security event", header().str("typ", "secevent+jwt"), verify.ErrTyp),
		alg("typ empty", header().str("typ", ""), verify.ErrTyp),
		alg("typ with a long s", header().str("typ", "JWT\u017f"), verify.ErrTyp),
		key("kid absent", header().del("kid"), verify.ErrKeyIDMissing),
		key("kid empty", header().str("kid", ""), verify.ErrKeyIDMissing),
		key("kid of 129 characters", header().str("kid", strings.Repeat("k", 129)), verify.ErrKeyIDLong),
		key("kid unknown", header().str("kid", "KID-1"), verify.ErrKeyUnknown),
		{"signature: another key", other, verify.ErrSignatureMismatch, verify.CheckSignature},
		{"signature: first bit", flip(tampered), verify.ErrSignatureMismatch, verify.CheckSignature},
		{"signature: by the key that the header brings", ownKey(), verify.ErrSignatureMismatch, verify.CheckSignature},
		{"signature: by the key that the header brings, unnamed", ownKey("kid"), verify.ErrKeyIDMissing, verify.CheckKey},
		{"signature: HMAC under the public key", publicHMAC(), verify.ErrAlgNotAllowed, verify.CheckAlgorithm},
		{"signature: short", tampered[:len(tampered)-6], verify.ErrSignatureMismatch, verify.CheckSignature},
		{"signature: of other claims", graft(claimsV2().set("roles", `["Data.Write","Data.Read"]`)), verify.ErrSignatureMismatch, verify.CheckSignature},
	}
	for _, name := range []string{"none", "None", "nOnE", "", "HS256", "RS384", "PS256", "ES256", "rs256", "RS256 "} {
		trials = append(trials, alg("alg "+name, header().str("alg", name), verify.ErrAlgNotAllowed))
	}
	return trials
}

// ownKey is signed with a forger's key, which its header holds in every way
// there is.
func ownKey(without ...string) string {
	forger := pairs()[1]
	h := header().set("jwk", jwkOf(forger, kid).json()).set("x5c", `["`+forger.x5c+`"]`).str("x5t", kid).
		str("jku", "https://evil.example/keys").str("x5u", "https://evil.example/certificate")
	return sign(forger, h.del(without...).json(), claimsV2().json())
}

// publicHMAC takes the public key, which everybody has, for a shared secret.
func publicHMAC() string {
	input := b64(header().str("alg", "HS256").json()) + "." + b64(claimsV2().json())
	der, err := x509.MarshalPKIXPublicKey(&pairs()[0].private.PublicKey)
	if err != nil {
		panic(err)
	}
	mac := hmac.New(sha256.New, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	mac.Write([]byte(input))
	return input + "." + b64(string(mac.Sum(nil)))
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
func graft(claims members) string {
	parts := strings.Split(good(), ".")
	return parts[0] + "." + b64(claims.json()) + "." + parts[2]
}

func claimTrials() []trial {
	claim := func(check verify.Check, name string, c members, want error) trial {
		return trial{string(check) + ": " + name, mint(header(), c), want, check}
	}
	v2 := func(iss string) members { return claimsV2().str("iss", iss) }
	return []trial{
		claim(verify.CheckIssuer, "no claims at all", members{}, verify.ErrIssuerMissing),
		claim(verify.CheckIssuer, "absent", claimsV2().del("iss"), verify.ErrIssuerMissing),
		claim(verify.CheckIssuer, "no ver", claimsV2().del("ver"), verify.ErrVersion),
		claim(verify.CheckIssuer, "ver 3.0", claimsV2().str("ver", "3.0"), verify.ErrVersion),
		claim(verify.CheckIssuer, "slash at the end", v2(issuerV2+"/"), verify.ErrIssuerMismatch),
		claim(verify.CheckIssuer, "prefix", v2(issuerV2[:len(issuerV2)-1]), verify.ErrIssuerMismatch),
		claim(verify.CheckIssuer, "http", v2(strings.Replace(issuerV2, "https", "http", 1)), verify.ErrIssuerMismatch),
		claim(verify.CheckIssuer, "other host", v2("https://login.evil.example/"+tenant+"/v2.0"), verify.ErrIssuerMismatch),
		claim(verify.CheckIssuer, "user part", v2("https://login.microsoftonline.com@evil.example/"+tenant+"/v2.0"), verify.ErrIssuerMismatch),
		claim(verify.CheckIssuer, "upper-case host", v2(strings.Replace(issuerV2, "login", "LOGIN", 1)), verify.ErrIssuerMismatch),
		claim(verify.CheckIssuer, "v1.0 form in a v2.0 token", v2(issuerV1), verify.ErrIssuerMismatch),
		claim(verify.CheckIssuer, "v2.0 form in a v1.0 token", claimsV1().str("iss", issuerV2), verify.ErrIssuerMismatch),
		claim(verify.CheckIssuer, "the template itself", v2("https://login.microsoftonline.com/{tenantid}/v2.0"), verify.ErrIssuerMismatch),
		claim(verify.CheckTenant, "absent", claimsV2().del("tid"), verify.ErrTenantMissing),
		claim(verify.CheckTenant, "no GUID", claimsV2().str("tid", "contoso.com"), verify.ErrTenantForm),
		claim(verify.CheckTenant, "not the one in iss", claimsV2().str("tid", stranger), verify.ErrTenantNotInIss),
		claim(verify.CheckIssuer, "another tenant", foreign(), verify.ErrIssuerMismatch),
		claim(verify.CheckAudience, "absent", claimsV2().del("aud"), verify.ErrAudienceMissing),
		claim(verify.CheckAudience, "null", claimsV2().set("aud", "null"), verify.ErrAudienceSeveral),
		claim(verify.CheckAudience, "two", claimsV2().set("aud", `["`+stranger+`","`+api+`"]`), verify.ErrAudienceSeveral),
		claim(verify.CheckAudience, "a list of one", claimsV2().set("aud", `["`+api+`"]`), verify.ErrAudienceSeveral),
		claim(verify.CheckAudience, "empty", claimsV2().str("aud", ""), verify.ErrAudienceSeveral),
		claim(verify.CheckAudience, "another API", claimsV2().str("aud", stranger), verify.ErrAudienceMismatch),
		claim(verify.CheckAudience, "slash at the end", claimsV1().str("aud", "api://m2m/"), verify.ErrAudienceMismatch),
		claim(verify.CheckAudience, "another case", claimsV1().str("aud", "api://M2M"), verify.ErrAudienceMismatch),
		claim(verify.CheckPermission, "no roles", claimsV2().del("roles"), verify.ErrRoleMissing),
		claim(verify.CheckPermission, "empty roles", claimsV2().set("roles", "[]"), verify.ErrRoleMissing),
		claim(verify.CheckPermission, "another role", claimsV2().set("roles", `["Data.ReadWrite"]`), verify.ErrRoleMissing),
		claim(verify.CheckPermission, "role in another case", claimsV2().set("roles", `["data.read"]`), verify.ErrRoleMissing),
	}
}

// foreign are the claims of another tenant's token, in order among themselves.
func foreign() members {
	return claimsV2().str("tid", stranger).str("iss", strings.Replace(issuerV2, tenant, stranger, 1))
}

func lifetimeTrials() []trial {
	claim := func(name string, c members, want error) trial {
		return trial{"lifetime: " + name, mint(header(), c), want, verify.CheckLifetime}
	}
	life := func(iat, nbf, exp time.Duration) members {
		return claimsV2().date("iat", noon.Add(iat)).date("nbf", noon.Add(nbf)).date("exp", noon.Add(exp))
	}
	const leeway = verify.DefaultLeeway
	return []trial{
		claim("no exp", claimsV2().del("exp"), verify.ErrDateMissing),
		claim("no nbf", claimsV2().del("nbf"), verify.ErrDateMissing),
		claim("no iat", claimsV2().del("iat"), verify.ErrDateMissing),
		claim("exp before nbf", life(-time.Minute, 10*time.Second, -time.Second), verify.ErrDateOrder),
		claim("exp at iat", life(0, -time.Second, 0), verify.ErrDateOrder),
		claim("expired a leeway ago", life(-time.Hour, -time.Hour, -leeway), verify.ErrExpired),
		claim("expired within the leeway", life(-time.Hour, -time.Hour, -leeway+time.Second), nil),
		claim("begins after the leeway", life(-time.Hour, leeway+time.Second, time.Hour), verify.ErrNotYetValid),
		claim("begins within the leeway", life(-time.Hour, leeway, time.Hour), nil),
		claim("issued after the leeway", life(leeway+time.Second, -time.Hour, time.Hour), verify.ErrIssuedInFuture),
		claim("29 hours", life(-time.Hour, -time.Hour, 28*time.Hour), nil),
		claim("29 hours and a second", life(-time.Hour, -time.Hour, 28*time.Hour+time.Second), verify.ErrTooLong),
		claim("the year 9999", claimsV2().set("exp", "253402300799"), verify.ErrTooLong),
	}
}

func kindTrials() []trial {
	claim := func(name string, c members, want error) trial {
		return trial{"kind: " + name, mint(header(), c), want, verify.CheckKind}
	}
	return []trial{
		claim("ID token of the same registration, with the role", idClaims(), verify.ErrIDToken),
		claim("user's token with the role", userClaims().set("roles", `["Data.Read"]`), verify.ErrUserToken),
		claim("scp empty", claimsV2().str("scp", ""), verify.ErrUserToken),
		claim("idtyp user", claimsV2().str("idtyp", "user"), verify.ErrNotAppOnly),
		claim("idtyp APP", claimsV2().str("idtyp", "APP"), verify.ErrNotAppOnly),
		claim("idtyp app with scp", claimsV2().str("idtyp", "app").str("scp", "x"), verify.ErrNotAppOnly),
		claim("oid is not sub", claimsV2().str("sub", "pairwise"), verify.ErrNotAppOnly),
		claim("no oid and no sub", claimsV2().del("oid", "sub"), verify.ErrNotAppOnly),
		claim("no azp", claimsV2().del("azp"), verify.ErrClientMissing),
		claim("azp no GUID", claimsV2().str("azp", "client"), verify.ErrClientMissing),
		claim("appid in a v2.0 token", claimsV2().del("azp").str("appid", client), verify.ErrClientMissing),
	}
}
