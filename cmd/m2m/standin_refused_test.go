package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"m2m/internal/cli/verifycmd/minttest"
)

// writeRefused writes a token for each way in which one can be wrong, and a good
// one: DIR/refused/NAME.jwt. Where it matters that the signature is right, it is.
func (s *standIn) writeRefused(dir string) (err error) {
	folder := filepath.Join(dir, "refused")
	now := time.Now()
	at := func(d time.Duration) int64 { return now.Add(d).Unix() }
	good := func(changes minttest.Object) string {
		return s.sign(minttest.Object{}, s.refusedClaims(now).With(changes))
	}
	other := "0c9b8a7f-6e5d-4c3b-9a29-181716151413"
	for name, token := range map[string]string{
		"good":           good(nil),
		"no-jwt":         "c2VjcmV0",
		"encrypted":      "eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d",
		"algorithm":      s.sign(minttest.Object{"alg": "HS256"}, s.refusedClaims(now)),
		"unknown-key":    s.sign(minttest.Object{"kid": "winter:3"}, s.refusedClaims(now)),
		"changed":        changed(good(nil)),
		"other-issuer":   good(minttest.Object{"iss": "https://login.example.org/" + standInTenant + "/v2.0"}),
		"other-tenant":   good(minttest.Object{"tid": other, "iss": s.origin + "/" + other + "/v2.0"}),
		"other-audience": good(minttest.Object{"aud": other}),
		"version-1": good(minttest.Object{"ver": "1.0", "aud": standInOldAPI,
			"iss": "https://sts.windows.net/" + standInTenant + "/", "azp": nil, "appid": standInClient}),
		"expired": good(minttest.Object{"iat": at(-2 * time.Hour), "nbf": at(-2 * time.Hour),
			"exp": at(-time.Hour)}),
		"not-yet-valid":  good(minttest.Object{"iat": at(time.Hour), "nbf": at(time.Hour), "exp": at(2 * time.Hour)}),
		"lives-too-long": good(minttest.Object{"exp": at(72 * time.Hour)}),
		"id-token":       good(minttest.Object{"aud": standInClient, "azp": nil, "idtyp": nil, "roles": nil, "nonce": "n"}),
		"user":           good(minttest.Object{"idtyp": nil, "sub": other, "scp": "Stock.Read", "roles": nil}),
		"no-roles":       good(minttest.Object{"roles": nil}),
		"other-role":     good(minttest.Object{"roles": []string{"Stock.Write"}}),
		"for-graph": s.sign(minttest.Object{"nonce": "n"},
			s.refusedClaims(now).With(minttest.Object{"aud": "https://graph.microsoft.com"})),
		"role-in-any-case": good(minttest.Object{"roles": []string{"stock.read"}}),
	} {
		err = errors.Join(err, os.MkdirAll(folder, 0o700),
			os.WriteFile(filepath.Join(folder, name+".jwt"), []byte(token+"\n"), 0o600))
	}
	return err
}

func (s *standIn) refusedClaims(now time.Time) minttest.Object {
	return minttest.Object{
		"aud": standInAPI, "iss": s.origin + "/" + standInTenant + "/v2.0", "azp": standInClient, "azpacr": "1", "ver": "2.0",
		"tid": standInTenant, "sub": "0e6b3d57-92c8-4d1f-b7a4-6f5c8e2d9a13", "oid": "0e6b3d57-92c8-4d1f-b7a4-6f5c8e2d9a13",
		"idtyp": "app", "roles": []string{"Stock.Read"}, "iat": now.Unix(), "nbf": now.Unix(),
		"exp": now.Add(time.Hour).Unix(),
	}
}

// sign signs with the key that the header names, or with another one.
func (s *standIn) sign(header, claims minttest.Object) string {
	header = minttest.Object{"typ": "JWT", "alg": "RS256", "kid": s.signs}.With(header)
	signed := segment(header) + "." + segment(claims)
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.keys[s.signs], crypto.SHA256, digest[:])
	if err != nil {
		return err.Error() // no token, which the script then shows
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// changed turns one letter of the signature.
func changed(token string) string {
	i := strings.LastIndexByte(token, '.') + 20
	letter := "A"
	if token[i] == 'A' {
		letter = "B"
	}
	return token[:i] + letter + token[i+1:]
}
