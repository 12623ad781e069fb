// Package keyfunc measures strict verification beside what Go programs usually
// have: golang-jwt's Parser with github.com/MicahParks/keyfunc, and every option
// of both that makes them stricter. It is a module of its own, so that keyfunc is
// no dependency of m2m.
package keyfunc

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"

	"m2m/internal/entra"
	"m2m/internal/jwks"
	"m2m/internal/verify"
)

const (
	tenant = "11111111-aaaa-4bbb-8ccc-000000000001"
	api    = "33333333-aaaa-4bbb-8ccc-000000000003"
	client = "44444444-aaaa-4bbb-8ccc-000000000004"
	object = "55555555-aaaa-4bbb-8ccc-000000000005"
	issuer = "https://login.microsoftonline.com/" + tenant + "/v2.0"
)

// contender judges one token.
type contender struct {
	name  string
	judge func() error
}

// BenchmarkBeside lets all take turns, some 40 ms each, and reports the median
// of each one's ratio to rsa.VerifyPKCS1v15 alone:
//
//	cd bench/keyfunc && go test -bench . -benchtime 50000x
func BenchmarkBeside(b *testing.B) {
	all := contenders(b)
	ratios := make([][]float64, len(all))
	for range max(1, b.N/1000) {
		var bare float64
		for i, c := range all {
			start := time.Now()
			for range 1000 {
				if err := c.judge(); err != nil {
					b.Fatalf("%s: %v", c.name, err)
				}
			}
			took := float64(time.Since(start))
			if i == 0 {
				bare = took
			}
			ratios[i] = append(ratios[i], took/bare)
		}
	}
	for i, c := range all {
		slices.Sort(ratios[i])
		b.ReportMetric(ratios[i][len(ratios[i])/2], c.name+"/rsa")
	}
	b.ReportMetric(0, "ns/op") // of all together: it says nothing
}

func contenders(b *testing.B) []contender {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	token, keySet := mint(b, key), jwksOf(key)
	dot := strings.LastIndexByte(token, '.')
	signature, err := base64.RawURLEncoding.DecodeString(token[dot+1:])
	if err != nil {
		b.Fatal(err)
	}
	sum := sha256.Sum256([]byte(token[:dot]))
	keys, err := jwks.NewSet([]byte(keySet), jwks.SetOptions{
		Authority: entra.Authority{Origin: "https://login.microsoftonline.com", Tenant: tenant},
	})
	if err != nil {
		b.Fatal(err)
	}
	verifier, err := verify.New(verify.Policy{Tenants: []string{tenant}, Audiences: []string{api},
		Roles: []string{"Data.Read"}}, keys, verify.Options{})
	if err != nil {
		b.Fatal(err)
	}
	set, err := keyfunc.NewJWKSetJSON([]byte(keySet))
	if err != nil {
		b.Fatal(err)
	}
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuer(issuer), jwt.WithAudience(api), jwt.WithIssuedAt(),
		jwt.WithExpirationRequired(), jwt.WithNotBeforeRequired(), jwt.WithStrictDecoding(), jwt.WithLeeway(time.Minute),
	)
	return []contender{
		{"rsa", func() error { return rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], signature) }},
		{"m2m", func() error { _, err := verifier.Verify(b.Context(), token); return err }},
		{"keyfunc", func() error { _, err := parser.Parse(token, set.Keyfunc); return err }},
	}
}

func jwksOf(key *rsa.PrivateKey) string {
	return fmt.Sprintf(`{"keys":[{"kty":"RSA","use":"sig","kid":"kid-1","n":%q,"e":"AQAB","issuer":"https://login.microsoftonline.com/{tenantid}/v2.0"}]}`,
		base64.RawURLEncoding.EncodeToString(key.N.Bytes()))
}

// mint has the claims of a captured v2.0 app-only token.
func mint(b *testing.B, key *rsa.PrivateKey) string {
	now := time.Now()
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
		"aud": api, "iss": issuer, "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(), "aio": "k2RgYA==",
		"azp": client, "azpacr": "1", "oid": object, "rh": "1.A.", "roles": []string{"Data.Read"}, "sub": object,
		"tid": tenant,
		"uti": "u", "ver": "2.0", "xms_ftd": "x",
	})
	token.Header["kid"] = "kid-1"
	text, err := token.SignedString(key)
	if err != nil {
		b.Fatal(err)
	}
	return text
}
