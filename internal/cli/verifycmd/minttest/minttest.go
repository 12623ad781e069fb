package minttest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"sync"
	"time"
)

// The identifiers in Claims.
const (
	Tenant   = "b1f0c2d3-8a4e-4c5b-9d6f-7e8091a2b3c4"
	API      = "0f6e7d8c-9b0a-4f1e-8d2c-3b4a59687786"
	Client   = "6a5b4c3d-2e1f-4a0b-8c9d-eeff00112233"
	ObjectID = "d0c1b2a3-9485-4766-b758-49302a1b0c1d"
)

// Noon is half-way through the life of a token.
var Noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// Key is the signing key, made once because that takes longer than most tests.
var Key = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// Object is a JSON object.
type Object map[string]any

// Claims are those of a valid app-only token.
func Claims() Object {
	return Object{
		"aud": API, "iss": "https://login.microsoftonline.com/" + Tenant + "/v2.0",
		"iat": Noon.Add(-30 * time.Minute).Unix(), "nbf": Noon.Add(-30 * time.Minute).Unix(),
		"exp": Noon.Add(30 * time.Minute).Unix(),
		"aio": "k2RgYHgsn7Z0d8Wk9Kk3vxwA", "azp": Client, "azpacr": "1", "oid": ObjectID, "rh": "1.AXoA.",
		"roles": []string{"Data.Read"}, "sub": ObjectID, "tid": Tenant, "uti": "pZ3kq0Tn0kC4Hn", "ver": "2.0",
		"xms_ftd": "kH7c",
	}
}

// JWKS is the key set, in the form of Entra's v2.0 keys.
func JWKS() ([]byte, error) {
	key, err := Key()
	if err != nil {
		return nil, err
	}
	b64 := base64.RawURLEncoding.EncodeToString
	return json.Marshal(Object{"keys": []Object{{
		"kty": "RSA", "use": "sig", "kid": "mint", "n": b64(key.N.Bytes()), "e": b64(big.NewInt(int64(key.E)).Bytes()),
		"issuer": "https://login.microsoftonline.com/{tenantid}/v2.0", "cloud_instance_name": "microsoftonline.com",
	}}})
}

// Token signs a token. A change replaces a member of header or claims; nil removes
// it.
func Token(headerChanges, claimChanges Object) (string, error) {
	key, err := Key()
	if err != nil {
		return "", err
	}
	header, err := json.Marshal(Object{"typ": "JWT", "alg": "RS256", "kid": "mint"}.With(headerChanges))
	if err != nil {
		return "", err
	}
	claims, err := json.Marshal(Claims().With(claimChanges))
	if err != nil {
		return "", err
	}
	input := base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(claims)
	sum := sha256.Sum256([]byte(input))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	return input + "." + base64.RawURLEncoding.EncodeToString(signature), err
}

// With applies changes to o and returns it; nil removes a member.
func (o Object) With(changes Object) Object {
	for name, value := range changes {
		if o[name] = value; value == nil {
			delete(o, name)
		}
	}
	return o
}
