package serve_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strconv"
	"sync"
	"testing"
	"time"

	"m2m/internal/entra"
	"m2m/internal/jwks"
	"m2m/internal/verify"
)

const (
	tenantID = "6babcaad-604b-40ac-a9d7-9fd97c0b779f"
	audience = "8c4f2a10-5b1d-4e0b-9a77-2f6f0a4f7d31"
	clientID = "1c9e3b52-77aa-4f51-8a0e-64d1f2a9b6c3"
	objectID = "d3a7f0c4-2b9e-4c68-b1f5-0e8d7a6c5b42"
	keyID    = "test-key-1" // of the first signer
	issuer   = "https://login.microsoftonline.com/" + tenantID + "/v2.0"
)

// signer is a signing key of an issuer that exists for these tests only.
type signer struct {
	id      string
	private *rsa.PrivateKey
}

// signers are made once for all tests, because that takes a while. All but the
// first are for issuers that roll their keys.
var signers = sync.OnceValue(func() []signer {
	all := make([]signer, 3)
	for i := range all {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		all[i] = signer{"test-key-" + strconv.Itoa(i+1), key}
	}
	return all
})

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func asJSON(tb testing.TB, v any) []byte {
	tb.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// publicKeys is the issuer's key set while it has one key.
func publicKeys(tb testing.TB) []byte {
	tb.Helper()
	return setOf(tb, issuer, signers()[0])
}

func setOf(tb testing.TB, issuer string, keys ...signer) []byte {
	tb.Helper()
	set := []any{}
	for _, s := range keys {
		public := s.private.PublicKey
		set = append(set, map[string]any{
			"kty": "RSA", "use": "sig", "kid": s.id, "issuer": issuer,
			"n": b64(public.N.Bytes()), "e": b64(big.NewInt(int64(public.E)).Bytes()),
		})
	}
	return asJSON(tb, map[string]any{"keys": set})
}

// sign makes a compact JWS of claims with the issuer's first key.
func sign(tb testing.TB, claims map[string]any) string {
	tb.Helper()
	return signers()[0].sign(tb, claims)
}

func (s signer) sign(tb testing.TB, claims map[string]any) string {
	tb.Helper()
	header := asJSON(tb, map[string]any{"typ": "JWT", "alg": "RS256", "kid": s.id})
	input := b64(header) + "." + b64(asJSON(tb, claims))
	digest := sha256.Sum256([]byte(input))
	signature, err := rsa.SignPKCS1v15(nil, s.private, crypto.SHA256, digest[:])
	if err != nil {
		tb.Fatal(err)
	}
	return input + "." + b64(signature)
}

type claims = map[string]any

// appClaims are those of a good v2.0 app-only token with the given changes; a
// nil value removes the claim.
func appClaims(changes claims) claims {
	now := time.Now().Unix()
	c := claims{
		"aud": audience, "iss": issuer, "tid": tenantID, "ver": "2.0",
		"iat": now - 10, "nbf": now - 10, "exp": now + 3600,
		"azp": clientID, "azpacr": "1", "oid": objectID, "sub": objectID,
		"idtyp": "app", "roles": []string{"Data.Read"}, "uti": "x1",
	}
	for name, value := range changes {
		c[name] = value
		if value == nil {
			delete(c, name)
		}
	}
	return c
}

// userClaims are those of a good token that an app got for a user.
func userClaims(changes claims) claims {
	c := appClaims(claims{"idtyp": nil, "roles": nil, "azpacr": "0", "scp": "Data.Read Data.Write",
		"sub": "pairwise-subject-of-the-user"})
	for name, value := range changes {
		c[name] = value
	}
	return c
}

// demoPolicy accepts tokens of the tenant for the audience that carry the role.
func demoPolicy() verify.Policy {
	return verify.Policy{Tenants: []string{tenantID}, Audiences: []string{audience}, Roles: []string{"Data.Read"}}
}

func staticKeys(tb testing.TB) jwks.Source {
	tb.Helper()
	keys, err := jwks.NewSet(publicKeys(tb), jwks.SetOptions{
		Authority: entra.Authority{Origin: "https://login.microsoftonline.com", Tenant: tenantID},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return keys
}

func newVerifier(tb testing.TB, p verify.Policy, keys jwks.Source) *verify.Verifier {
	tb.Helper()
	v, err := verify.New(p, keys, verify.Options{CacheBytes: verify.DefaultCacheBytes})
	if err != nil {
		tb.Fatal(err)
	}
	return v
}
