package probetest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"hash"
	"strings"
)

// macOK verifies an HS algorithm with a secret.
func macOK(p parts, newHash func() hash.Hash, secret []byte) bool {
	mac := hmac.New(newHash, secret)
	mac.Write(p.signed)
	return hmac.Equal(mac.Sum(nil), p.signature)
}

// secret is a verifier that takes the algorithm from the token and holds its
// one key as bytes.
func secret(name string, of func(*Issuer) []byte) Hole {
	return token(name, func(g *Gate, p parts) bool { return p.alg() == "HS256" && macOK(p, sha256.New, of(g.issuer)) })
}

func confusionHoles() []Hole {
	spki := func(i *Issuer) []byte { der, _ := x509.MarshalPKIXPublicKey(i.key.Public()); return der }
	pkcs1 := func(i *Issuer) []byte { return x509.MarshalPKCS1PublicKey(&i.key.PublicKey) }
	certificate := func(i *Issuer) []byte { return i.certificate }
	armoured := func(kind string, der func(*Issuer) []byte) func(*Issuer) []byte {
		return func(i *Issuer) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der(i)}) }
	}
	bare := func(of func(*Issuer) []byte) func(*Issuer) []byte {
		return func(i *Issuer) []byte { return bytes.TrimRight(of(i), "\n") }
	}
	std := func(of func(*Issuer) []byte) func(*Issuer) []byte {
		return func(i *Issuer) []byte { return []byte(base64.StdEncoding.EncodeToString(of(i))) }
	}
	jwk := func(i *Issuer) []byte { return i.jwk(keyID, i.key) }
	spkiPEM := armoured("PUBLIC KEY", spki)
	return []Hole{
		secret("hs256-spki-pem", spkiPEM), secret("hs256-spki-pem-bare", bare(spkiPEM)),
		secret("hs256-spki-pem-crlf",
			func(i *Issuer) []byte { return bytes.ReplaceAll(spkiPEM(i), []byte("\n"), []byte("\r\n")) }),
		secret("hs256-spki-pem-space", func(i *Issuer) []byte { return append([]byte(" "), spkiPEM(i)...) }),
		secret("hs256-spki-pem-line-end", func(i *Issuer) []byte { return append([]byte("\n"), spkiPEM(i)...) }),
		secret("hs256-jwk-spaced", func(i *Issuer) []byte { // no value has a comma, and a colon only in https:
			text := strings.ReplaceAll(string(jwk(i)), ",", ", ")
			return []byte(strings.ReplaceAll(strings.ReplaceAll(text, ":", ": "), "https: ", "https:"))
		}),
		secret("hs256-jwks", (*Issuer).Keys),
		secret("hs256-spki-pem-one-line", std(spki)), secret("hs256-spki-der", spki),
		secret("hs256-pkcs1-pem", armoured("RSA PUBLIC KEY", pkcs1)),
		secret("hs256-pkcs1-pem-bare", bare(armoured("RSA PUBLIC KEY", pkcs1))),
		secret("hs256-pkcs1-der", pkcs1),
		secret("hs256-certificate-pem", armoured("CERTIFICATE", certificate)),
		secret("hs256-certificate-pem-bare", bare(armoured("CERTIFICATE", certificate))),
		secret("hs256-certificate-der", certificate), secret("hs256-certificate-x5c", std(certificate)),
		secret("hs256-modulus", func(i *Issuer) []byte { return i.key.N.Bytes() }),
		secret("hs256-modulus-base64url", func(i *Issuer) []byte { return []byte(b64(i.key.N.Bytes())) }),
		secret("hs256-modulus-hex", func(i *Issuer) []byte { return []byte(hex.EncodeToString(i.key.N.Bytes())) }),
		secret("hs256-jwk", jwk),
		secret("hs256-jwk-compact", func(i *Issuer) []byte {
			var b bytes.Buffer
			_ = json.Compact(&b, jwk(i)) // it is JSON
			return b.Bytes()
		}),
		secret("hs256-jwk-thumbprint", func(i *Issuer) []byte {
			return []byte(`{"e":"AQAB","kty":"RSA","n":"` + b64(i.key.N.Bytes()) + `"}`)
		}),
		secret("hs256-kid", func(*Issuer) []byte { return []byte(keyID) }),
		token("hs384-spki-pem",
			func(g *Gate, p parts) bool { return p.alg() == "HS384" && macOK(p, sha512.New384, spkiPEM(g.issuer)) }),
		token("hs512-spki-pem",
			func(g *Gate, p parts) bool { return p.alg() == "HS512" && macOK(p, sha512.New, spkiPEM(g.issuer)) }),
	}
}

func weakSecretHoles() []Hole {
	word := func(name, word string) Hole { return secret(name, func(*Issuer) []byte { return []byte(word) }) }
	return []Hole{
		// Each is a configuration that was never filled in.
		word("hs256-empty", ""), word("hs256-zero", string(make([]byte, 32))), word("hs256-secret", "secret"),
		word("hs256-changeme", "changeme"),
		word("hs256-example", "your-256-bit-secret"), word("hs256-null", "null"), word("hs256-undefined", "undefined"),
		secret("hs256-audience", func(i *Issuer) []byte { return []byte(i.Audience) }),
		secret("hs256-issuer", func(i *Issuer) []byte { return []byte(i.Name) }),
		word("hs256-client", client), word("hs256-tenant", tenant),
	}
}
