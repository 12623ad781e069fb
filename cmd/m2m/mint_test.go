package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"os"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// The tokens of the scripts about verify are made here, of the claims of a
// published capture, so that any claim can be what it must not be. They live
// from 11:30 to 12:30 on 1 June 2026.
const (
	mintTenant = "b1f0c2d3-8a4e-4c5b-9d6f-7e8091a2b3c4"
	mintAPI    = "0f6e7d8c-9b0a-4f1e-8d2c-3b4a59687786"
	mintClient = "6a5b4c3d-2e1f-4a0b-8c9d-eeff00112233"
	mintObject = "d0c1b2a3-9485-4766-b758-49302a1b0c1d"
)

var mintNoon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// mintKey is made once, because making it takes longer than most tests.
var mintKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

type object map[string]any

func mintClaims() object {
	return object{
		"aud": mintAPI, "iss": "https://login.microsoftonline.com/" + mintTenant + "/v2.0",
		"iat": mintNoon.Add(-30 * time.Minute).Unix(), "nbf": mintNoon.Add(-30 * time.Minute).Unix(), "exp": mintNoon.Add(30 * time.Minute).Unix(),
		"aio": "k2RgYHgsn7Z0d8Wk9Kk3vxwA", "azp": mintClient, "azpacr": "1", "oid": mintObject, "rh": "1.AXoA.",
		"roles": []string{"Data.Read"}, "sub": mintObject, "tid": mintTenant, "uti": "pZ3kq0Tn0kC4Hn", "ver": "2.0", "xms_ftd": "kH7c",
	}
}

// mintJWKS is the key set in the form of Entra's v2.0 keys.
func mintJWKS() ([]byte, error) {
	key, err := mintKey()
	if err != nil {
		return nil, err
	}
	b64 := base64.RawURLEncoding.EncodeToString
	return json.Marshal(object{"keys": []object{{
		"kty": "RSA", "use": "sig", "kid": "mint", "n": b64(key.N.Bytes()), "e": b64(big.NewInt(int64(key.E)).Bytes()),
		"issuer": "https://login.microsoftonline.com/{tenantid}/v2.0", "cloud_instance_name": "microsoftonline.com",
	}}})
}

// mintToken signs header and claims. A change replaces a member; null removes it.
func mintToken(headerChanges, claimChanges object) (string, error) {
	key, err := mintKey()
	if err != nil {
		return "", err
	}
	header, err := json.Marshal(object{"typ": "JWT", "alg": "RS256", "kid": "mint"}.with(headerChanges))
	if err != nil {
		return "", err
	}
	claims, err := json.Marshal(mintClaims().with(claimChanges))
	if err != nil {
		return "", err
	}
	input := base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(claims)
	sum := sha256.Sum256([]byte(input))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	return input + "." + base64.RawURLEncoding.EncodeToString(signature), err
}

func (o object) with(changes object) object {
	for name, value := range changes {
		if o[name] = value; value == nil {
			delete(o, name)
		}
	}
	return o
}

// mintFile is the script command mint FILE [CLAIMS [HEADER]]: it writes a token whose claims and header differ from
// the good one's by these JSON objects, and the keys to keys.json beside it.
func mintFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 3 {
		ts.Fatalf("usage: mint FILE [CLAIMS [HEADER]]")
	}
	var changes [2]object
	for i, text := range args[1:] {
		ts.Check(json.Unmarshal([]byte(text), &changes[i]))
	}
	token, err := mintToken(changes[1], changes[0])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(token+"\n"), 0o600))
	keys, err := mintJWKS()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("keys.json"), keys, 0o600))
}
