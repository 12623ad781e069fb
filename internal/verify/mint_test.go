package verify_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"m2m/internal/entra"
	"m2m/internal/verify"
)

const (
	tenant   = "11111111-aaaa-4bbb-8ccc-000000000001"
	stranger = "22222222-aaaa-4bbb-8ccc-000000000002"
	api      = "33333333-aaaa-4bbb-8ccc-000000000003"
	client   = "44444444-aaaa-4bbb-8ccc-000000000004"
	object   = "55555555-aaaa-4bbb-8ccc-000000000005"
	kid      = "kid-1"

	issuerV2 = "https://login.microsoftonline.com/" + tenant + "/v2.0"
	issuerV1 = "https://sts.windows.net/" + tenant + "/"
)

// noon is the moment at which every test token is in the middle of its life.
var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func at(t time.Time) func() time.Time { return func() time.Time { return t } }

// pair is a signing key and its self-signed certificate.
type pair struct {
	private *rsa.PrivateKey
	x5c     string
}

// The keys are made once, because making them is most of a test's time.
var pairs = sync.OnceValue(func() [2]pair { return [2]pair{newPair(2048), newPair(2048)} })

func newPair(bits int) pair {
	private, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: noon.AddDate(5, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		panic(err)
	}
	return pair{private, base64.StdEncoding.EncodeToString(der)}
}

// object builds JSON by hand, so that a test can write what no encoder would.
type members []verify.Member

func (m members) clone() members { return append(members(nil), m...) }

func (m members) set(name, raw string) members {
	m = m.clone()
	for i := range m {
		if m[i].Name == name {
			m[i].Raw = raw
			return m
		}
	}
	return append(m, verify.Member{Name: name, Raw: raw})
}

func (m members) str(name, value string) members { return m.set(name, `"`+value+`"`) }

func (m members) date(name string, t time.Time) members { return m.set(name, fmt.Sprint(t.Unix())) }

// add appends a member even if the name is already there.
func (m members) add(name, raw string) members {
	return append(m.clone(), verify.Member{Name: name, Raw: raw})
}

func (m members) del(names ...string) members {
	var kept members
	for _, member := range m {
		if !strings.Contains(" "+strings.Join(names, " ")+" ", " "+member.Name+" ") {
			kept = append(kept, member)
		}
	}
	return kept
}

func (m members) json() string {
	var parts []string
	for _, member := range m {
		parts = append(parts, `"`+member.Name+`":`+member.Raw)
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func header() members {
	return members{}.str("typ", "JWT").str("alg", "RS256").str("kid", kid)
}

// claimsV2 has the claims of a captured v2.0 app-only token.
func claimsV2() members {
	return members{}.str("aud", api).str("iss", issuerV2).date("iat", noon.Add(-30*time.Minute)).
		date("nbf", noon.Add(-30*time.Minute)).date("exp", noon.Add(30*time.Minute)).
		str("aio", "k2RgYA==").str("azp", client).str("azpacr", "1").str("oid", object).str("rh", "1.A.").
		set("roles", `["Data.Read"]`).str("sub", object).str("tid", tenant).str("uti", "u").str("ver", "2.0").str("xms_ftd", "x")
}

func claimsV1() members {
	return claimsV2().del("azp", "azpacr").str("aud", "api://m2m").str("iss", issuerV1).str("ver", "1.0").
		str("appid", client).str("appidacr", "1").str("idp", issuerV1)
}

func userClaims() members {
	return claimsV2().del("roles").str("scp", "Data.Read.User openid").str("sub", "pairwise").str("name", "U")
}

func idClaims() members {
	return claimsV2().del("azp", "azpacr").str("nonce", "n").str("preferred_username", "u@x").str("sub", "pairwise")
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func sign(p pair, headerJSON, claimsJSON string) string {
	input := b64(headerJSON) + "." + b64(claimsJSON)
	sum := sha256.Sum256([]byte(input))
	signature, err := rsa.SignPKCS1v15(nil, p.private, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return input + "." + b64(string(signature))
}

func mint(h, c members) string { return sign(pairs()[0], h.json(), c.json()) }

func good() string { return mint(header(), claimsV2()) }

func numbers(p pair) (n, e string) {
	return b64(string(p.private.N.Bytes())), b64(string(big.NewInt(int64(p.private.E)).Bytes()))
}

// jwkOf has the members of one of Entra's v2.0 keys.
func jwkOf(p pair, id string) members {
	n, e := numbers(p)
	return members{}.str("kty", "RSA").str("use", "sig").str("kid", id).str("x5t", id).str("n", n).str("e", e).
		set("x5c", `["`+p.x5c+`"]`).str("cloud_instance_name", "microsoftonline.com").
		str("issuer", "https://login.microsoftonline.com/{tenantid}/v2.0")
}

func setOf(keys ...members) string {
	var all []string
	for _, k := range keys {
		all = append(all, k.json())
	}
	return `{"keys":[` + strings.Join(all, ",") + `]}`
}

func policy() verify.Policy {
	return verify.Policy{Tenants: []string{tenant}, Audiences: []string{api, "api://m2m"}, Roles: []string{"Data.Read"}}
}

func authority() entra.Authority {
	return entra.Authority{Origin: "https://login.microsoftonline.com", Tenant: tenant}
}

func keySet(t testing.TB, jwks string) *verify.KeySet {
	t.Helper()
	s, err := verify.NewKeySet([]byte(jwks), verify.KeySetOptions{Authority: authority()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func keys(t testing.TB) *verify.KeySet { return keySet(t, setOf(jwkOf(pairs()[0], kid))) }

func verifier(t testing.TB, p verify.Policy, keys verify.KeySource) *verify.Verifier {
	t.Helper()
	v, err := verify.New(p, keys, verify.Options{Now: at(noon)})
	if err != nil {
		t.Fatal(err)
	}
	return v
}
