package issuertest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"m2m/internal/entra"
	"m2m/internal/jwks"
	"m2m/internal/jwt"
)

// The IDs and issuers of the tokens.
const (
	Tenant      = "11111111-aaaa-4bbb-8ccc-000000000001"
	OtherTenant = "22222222-aaaa-4bbb-8ccc-000000000002"
	API         = "33333333-aaaa-4bbb-8ccc-000000000003"
	Client      = "44444444-aaaa-4bbb-8ccc-000000000004"
	Object      = "55555555-aaaa-4bbb-8ccc-000000000005"
	KeyID       = "kid-1"

	IssuerV2 = "https://login.microsoftonline.com/" + Tenant + "/v2.0"
	IssuerV1 = "https://sts.windows.net/" + Tenant + "/"
)

// Noon is the moment at which every test token is in the middle of its life.
var Noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// At is a clock that stands still.
func At(t time.Time) func() time.Time { return func() time.Time { return t } }

// Pair is a signing key and its self-signed certificate, in base64.
type Pair struct {
	Private     *rsa.PrivateKey
	Certificate string
}

// Pairs are two signing keys, of which the issuer publishes the first. They are made
// once, because making them is most of a test's time.
var Pairs = sync.OnceValue(func() [2]Pair { return [2]Pair{NewPair(2048), NewPair(2048)} })

// NewPair makes a signing key of so many bits.
func NewPair(bits int) Pair {
	private, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: Noon.AddDate(5, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		panic(err)
	}
	return Pair{private, base64.StdEncoding.EncodeToString(der)}
}

// Members are a JSON object in order. They are put together by hand, so that a
// test can write what no encoder would.
type Members []jwt.Member

func (m Members) clone() Members { return append(Members(nil), m...) }

// Set returns the members with one set to a value, which is JSON.
func (m Members) Set(name, raw string) Members {
	m = m.clone()
	for i := range m {
		if m[i].Name == name {
			m[i].Raw = raw
			return m
		}
	}
	return append(m, jwt.Member{Name: name, Raw: raw})
}

// Str is Set for a string that JSON does not escape.
func (m Members) Str(name, value string) Members { return m.Set(name, `"`+value+`"`) }

// Date is Set for a NumericDate.
func (m Members) Date(name string, t time.Time) Members { return m.Set(name, fmt.Sprint(t.Unix())) }

// Add appends a member even if the name is already there.
func (m Members) Add(name, raw string) Members {
	return append(m.clone(), jwt.Member{Name: name, Raw: raw})
}

// Del returns the members without some.
func (m Members) Del(names ...string) Members {
	var kept Members
	for _, member := range m {
		if !strings.Contains(" "+strings.Join(names, " ")+" ", " "+member.Name+" ") {
			kept = append(kept, member)
		}
	}
	return kept
}

// Fill adds names until there are n, each of a kind that is looked at closely.
func (m Members) Fill(n int) Members {
	for i := len(m); i < n; i++ {
		m = m.Add("X"+strconv.Itoa(i), "1")
	}
	return m
}

// JSON returns the object.
func (m Members) JSON() string {
	var parts []string
	for _, member := range m {
		parts = append(parts, `"`+member.Name+`":`+member.Raw)
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// Header is the header of an access token.
func Header() Members {
	return Members{}.Str("typ", "JWT").Str("alg", "RS256").Str("kid", KeyID)
}

// ClaimsV2 has the claims of a captured v2.0 app-only token.
func ClaimsV2() Members {
	return Members{}.Str("aud", API).Str("iss", IssuerV2).Date("iat", Noon.Add(-30*time.Minute)).
		Date("nbf", Noon.Add(-30*time.Minute)).Date("exp", Noon.Add(30*time.Minute)).
		Str("aio", "k2RgYA==").Str("azp", Client).Str("azpacr", "1").Str("oid", Object).Str("rh", "1.A.").
		Set("roles", `["Data.Read"]`).Str("sub", Object).Str("tid", Tenant).Str("uti", "u").Str("ver", "2.0").Str("xms_ftd",
		"x")
}

// ClaimsV1 has those of a v1.0 app-only token.
func ClaimsV1() Members {
	return ClaimsV2().Del("azp", "azpacr").Str("aud", "api://m2m").Str("iss", IssuerV1).Str("ver", "1.0").
		Str("appid", Client).Str("appidacr", "1").Str("idp", IssuerV1)
}

// UserClaims has those of a v2.0 token of a user.
func UserClaims() Members {
	return ClaimsV2().Del("roles").Str("scp", "Data.Read.User openid").Str("sub", "pairwise").Str("name", "U")
}

// IDClaims has those of an ID token.
func IDClaims() Members {
	return ClaimsV2().Del("azp", "azpacr").Str("nonce", "n").Str("preferred_username", "u@x").Str("sub", "pairwise")
}

// Base64 encodes as a token is encoded.
func Base64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// Sign makes a token of any header and claims.
func Sign(p Pair, headerJSON, claimsJSON string) string {
	input := Base64(headerJSON) + "." + Base64(claimsJSON)
	sum := sha256.Sum256([]byte(input))
	signature, err := rsa.SignPKCS1v15(nil, p.Private, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return input + "." + Base64(string(signature))
}

// Mint signs a token with the key that the issuer publishes.
func Mint(h, c Members) string { return Sign(Pairs()[0], h.JSON(), c.JSON()) }

// Valid is a v2.0 app-only token that the default policy of a test accepts.
func Valid() string { return Mint(Header(), ClaimsV2()) }

// Numbers are the modulus and the exponent of a key as a JWK has them.
func Numbers(p Pair) (n, e string) {
	return Base64(string(p.Private.N.Bytes())), Base64(string(big.NewInt(int64(p.Private.E)).Bytes()))
}

// JWK has the members of one of Entra's v2.0 keys.
func JWK(p Pair, id string) Members {
	n, e := Numbers(p)
	return Members{}.Str("kty", "RSA").Str("use", "sig").Str("kid", id).Str("x5t", id).Str("n", n).Str("e", e).
		Set("x5c", `["`+p.Certificate+`"]`).Str("cloud_instance_name", "microsoftonline.com").
		Str("issuer", "https://login.microsoftonline.com/{tenantid}/v2.0")
}

// KeySet is a JSON Web Key Set.
func KeySet(keys ...Members) string {
	var all []string
	for _, k := range keys {
		all = append(all, k.JSON())
	}
	return `{"keys":[` + strings.Join(all, ",") + `]}`
}

// Authority is the tenant that the tokens are from.
func Authority() entra.Authority {
	return entra.Authority{Origin: "https://login.microsoftonline.com", Tenant: Tenant}
}

// ParseKeySet reads a key set of Authority.
func ParseKeySet(t testing.TB, set string) *jwks.Set {
	t.Helper()
	s, err := jwks.NewSet([]byte(set), jwks.SetOptions{Authority: Authority()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Keys is the key set that the issuer publishes.
func Keys(t testing.TB) *jwks.Set { return ParseKeySet(t, KeySet(JWK(Pairs()[0], KeyID))) }
