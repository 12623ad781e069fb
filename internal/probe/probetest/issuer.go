package probetest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"strings"
	"time"
)

// Issuer signs the tokens that the APIs here accept. Make one with NewIssuer.
type Issuer struct {
	// Name is the iss of its tokens, Audience the aud, Role the role they have.
	Name, Audience, Role string

	key         *rsa.PrivateKey
	other       *rsa.PrivateKey
	certificate []byte
}

// The names in the tokens.
const (
	tenant  = "6f0a1b2c-3d4e-4f50-8a6b-7c8d9e0f1a2b"
	client  = "0b1c2d3e-4f50-4617-8a9b-acbdcedfe0f1"
	object  = "9a8b7c6d-5e4f-4a3b-8c2d-1e0f9a8b7c6d"
	keyID   = "Winter-2026"
	otherID = "Autumn-2026"
)

// NewIssuer makes an issuer with a key of its own. The error is that of the
// random source.
func NewIssuer() (*Issuer, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "issuer.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return &Issuer{
		Name: "https://issuer.example/" + tenant + "/v2.0", Audience: "1c2d3e4f-5061-4728-9aab-bccddeeff001",
		Role: "Stock.Read",
		key:  key, other: other, certificate: certificate,
	}, err
}

// Keys is the issuer's JSON web key set: the signing key and another one.
func (i *Issuer) Keys() []byte {
	set, _ := json.Marshal(map[string]any{"keys": []json.RawMessage{i.jwk(keyID, i.key),
		i.jwk(otherID, i.other)}}) // strings always encode
	return set
}

func (i *Issuer) jwk(kid string, key *rsa.PrivateKey) json.RawMessage {
	jwk := map[string]any{
		"kty": "RSA", "use": "sig", "kid": kid, "issuer": i.Name,
		"n": b64(key.N.Bytes()), "e": b64(big.NewInt(int64(key.E)).Bytes()),
	}
	if kid == keyID {
		jwk["x5c"] = []string{base64.StdEncoding.EncodeToString(i.certificate)}
	}
	text, _ := json.Marshal(jwk) // strings always encode
	return text
}

// Changes are what a token has that a sound one does not. A claim or header
// parameter that is nil is left out.
type Changes struct {
	Claims, Header map[string]any
	// OtherKey signs with a key that is not the issuer's; Unlisted does so too,
	// under a key ID that is not in its set.
	OtherKey, Unlisted bool
}

// Token signs a token.
func (i *Issuer) Token(c Changes) string {
	now := time.Now().Unix()
	header := map[string]any{"typ": "JWT", "alg": "RS256", "kid": keyID}
	claims := map[string]any{
		"iss": i.Name, "aud": i.Audience, "exp": now + 3600, "nbf": now - 60, "iat": now - 60, "tid": tenant,
		"azp": client, "oid": object, "sub": object, "roles": []string{i.Role}, "ver": "2.0", "idtyp": "app",
	}
	change(header, c.Header)
	change(claims, c.Claims)
	key := i.key
	if c.OtherKey || c.Unlisted {
		key, _ = rsa.GenerateKey(rand.Reader, 2048) // never fails
	}
	if c.Unlisted {
		header["kid"] = "Summer-2025"
	}
	input := encodeJSON(header) + "." + encodeJSON(claims)
	return input + "." + b64(signWith(key, input))
}

func change(object, changes map[string]any) {
	maps.Copy(object, changes)
	maps.DeleteFunc(object, func(_ string, value any) bool { return value == nil })
}

func signWith(key *rsa.PrivateKey, input string) []byte {
	sum := sha256.Sum256([]byte(input))
	signature, _ := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:]) // the key is large enough
	return signature
}

func encodeJSON(v any) string {
	text, _ := json.Marshal(v) // what is put in always encodes
	return b64(text)
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// parts is a token that was parsed without any check.
type parts struct {
	whole                          string
	segments                       []string
	header, payload                map[string]any
	headerText, claimsText, signed []byte
	signature                      []byte
}

func parseLoosely(token string) parts {
	p := parts{whole: token, segments: strings.Split(token, ".")}
	at := func(i int) []byte {
		if i >= len(p.segments) {
			return nil
		}
		b, _ := base64.RawURLEncoding.DecodeString(p.segments[i])
		return b
	}
	p.headerText, p.claimsText, p.signature = at(0), at(1), at(2)
	_ = json.Unmarshal(p.headerText, &p.header)
	_ = json.Unmarshal(p.claimsText, &p.payload)
	p.signed = []byte(strings.Join(p.segments[:min(2, len(p.segments))], "."))
	return p
}

func (p parts) text(name string) string { s, _ := p.header[name].(string); return s }
func (p parts) kid() string             { return p.text("kid") }
func (p parts) alg() string             { return p.text("alg") }
