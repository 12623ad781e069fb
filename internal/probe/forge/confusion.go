package forge

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"hash"
	"math/big"

	"m2m/internal/jsonobject"
)

const fixConfusion = "bind each key to one algorithm: an RSA key verifies RS256 alone and is never the secret of an HS algorithm; " +
	"RFC 8725 sections 3.1 and 3.2"

// keyForm is one way to write a public key down, as a secret.
type keyForm struct {
	name, what string
	bytes      func(*Key) ([]byte, error)
}

// confusionCases sign with the issuer's public key as if it were a shared
// secret (RFC 8725 section 2.1). Which of its forms a careless verifier holds
// depends on its library.
func confusionCases() []Case {
	forms := keyForms()
	var rows []forgery
	for _, form := range forms {
		rows = append(rows, forgery{
			"hs256-" + form.name, "HS256 with the issuer's public key as the secret: " + form.what,
			publicKeyAsSecret("HS256", sha256.New, form),
		})
	}
	rows = append(rows,
		forgery{"hs384-spki-pem", "HS384 with the issuer's public key as the secret: PEM", publicKeyAsSecret("HS384", sha512.New384, forms[0])},
		forgery{"hs512-spki-pem", "HS512 with the issuer's public key as the secret: PEM", publicKeyAsSecret("HS512", sha512.New, forms[0])},
	)
	return tokenCases(KeyConfusion, AnybodyIn, fixConfusion, rows...)
}

func publicKeyAsSecret(alg string, newHash func() hash.Hash, form keyForm) func(*Kit) (string, error) {
	return func(k *Kit) (string, error) {
		key, err := k.issuerKey()
		if err != nil {
			return "", err
		}
		secret, err := form.bytes(key)
		if err != nil {
			return "", err
		}
		return k.compose(k.header.With("alg", jsonobject.Quote(alg)).String(), k.payload, signHMAC(newHash, secret))
	}
}

func keyForms() []keyForm {
	spki := pemOf("PUBLIC KEY", func(k *Key) ([]byte, error) { return x509.MarshalPKIXPublicKey(k.Public) })
	pkcs1 := pemOf("RSA PUBLIC KEY", func(k *Key) ([]byte, error) { return x509.MarshalPKCS1PublicKey(k.Public), nil })
	certificate := pemOf("CERTIFICATE", certificateOf)
	return []keyForm{
		{"spki-pem", "PEM", spki},
		{"spki-pem-bare", "PEM without the final line end", trimmed(spki)},
		{"spki-pem-crlf", "PEM with the line ends of Windows", crlf(spki)},
		{"spki-pem-space", "PEM after a space (CVE-2026-34950)", before(" ", spki)},
		{"spki-pem-line-end", "PEM after a line end (CVE-2026-34950)", before("\n", spki)},
		{"spki-pem-one-line", "the base64 of its PEM on one line", func(k *Key) ([]byte, error) {
			der, err := x509.MarshalPKIXPublicKey(k.Public)
			return []byte(base64.StdEncoding.EncodeToString(der)), err
		}},
		{"spki-der", "DER", func(k *Key) ([]byte, error) { return x509.MarshalPKIXPublicKey(k.Public) }},
		{"pkcs1-pem", "PEM of PKCS#1", pkcs1},
		{"pkcs1-pem-bare", "PEM of PKCS#1 without the final line end", trimmed(pkcs1)},
		{"pkcs1-der", "DER of PKCS#1", func(k *Key) ([]byte, error) { return x509.MarshalPKCS1PublicKey(k.Public), nil }},
		{"certificate-pem", "its certificate in PEM", certificate},
		{"certificate-pem-bare", "its certificate in PEM without the final line end", trimmed(certificate)},
		{"certificate-der", "its certificate in DER", certificateOf},
		{"certificate-x5c", "its certificate as x5c has it", func(k *Key) ([]byte, error) {
			der, err := certificateOf(k)
			return []byte(base64.StdEncoding.EncodeToString(der)), err
		}},
		{"modulus", "the bytes of its modulus", func(k *Key) ([]byte, error) { return k.Public.N.Bytes(), nil }},
		{"modulus-base64url", "its modulus as n has it", func(k *Key) ([]byte, error) { return []byte(encode(k.Public.N.Bytes())), nil }},
		{"modulus-hex", "its modulus in hexadecimal", func(k *Key) ([]byte, error) {
			return []byte(hex.EncodeToString(k.Public.N.Bytes())), nil
		}},
		{"jwk", "its JSON as the key set has it", func(k *Key) ([]byte, error) { return k.JWK, nil }},
		{"jwk-compact", "its JSON without white space", func(k *Key) ([]byte, error) {
			var b bytes.Buffer
			err := json.Compact(&b, k.JWK)
			return b.Bytes(), err
		}},
		{"jwk-spaced", "its JSON as Python writes it (CVE-2026-48526)", func(k *Key) ([]byte, error) { return spaced(k.JWK), nil }},
		{"jwks", "the whole key set as it is served (GHSA-g3jj-5cmm-3hxx)", func(k *Key) ([]byte, error) { return k.Set, nil }},
		{"jwk-thumbprint", "its JSON as thumbprints are made of (RFC 7638)", func(k *Key) ([]byte, error) {
			e := encode(big.NewInt(int64(k.Public.E)).Bytes())
			return []byte(jsonobject.Of("e", jsonobject.Quote(e), "kty", `"RSA"`, "n", jsonobject.Quote(encode(k.Public.N.Bytes()))).String()), nil
		}},
		{"kid", "the text of its key ID", func(k *Key) ([]byte, error) { return []byte(k.ID), nil }},
	}
}

func pemOf(kind string, der func(*Key) ([]byte, error)) func(*Key) ([]byte, error) {
	return func(k *Key) ([]byte, error) {
		content, err := der(k)
		return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), err
	}
}

func trimmed(form func(*Key) ([]byte, error)) func(*Key) ([]byte, error) {
	return func(k *Key) ([]byte, error) {
		text, err := form(k)
		return bytes.TrimSpace(text), err
	}
}

func before(prefix string, form func(*Key) ([]byte, error)) func(*Key) ([]byte, error) {
	return func(k *Key) ([]byte, error) {
		text, err := form(k)
		return append([]byte(prefix), text...), err
	}
}

// spaced writes JSON on one line, with a space after each comma and colon.
func spaced(text []byte) []byte {
	var compact, out bytes.Buffer
	if json.Compact(&compact, text) != nil {
		return text
	}
	inString := false
	for i, b := range compact.Bytes() {
		out.WriteByte(b)
		switch {
		case b == '"' && (i == 0 || compact.Bytes()[i-1] != '\\'): // no key has a text that ends with a backslash
			inString = !inString
		case !inString && (b == ',' || b == ':'):
			out.WriteByte(' ')
		}
	}
	return out.Bytes()
}

func crlf(form func(*Key) ([]byte, error)) func(*Key) ([]byte, error) {
	return func(k *Key) ([]byte, error) {
		text, err := form(k)
		return bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")), err
	}
}

func certificateOf(k *Key) ([]byte, error) {
	if k.Certificate == nil {
		return nil, &notApplicable{"the issuer's key set has no certificate for the key"}
	}
	return k.Certificate, nil
}

// weakSecretCases sign with secrets that anybody would try, or that stand in the
// token.
func weakSecretCases() []Case {
	secret := func(of func(*Kit) string) func(*Kit) (string, error) {
		return func(k *Kit) (string, error) {
			return k.compose(k.header.With("alg", `"HS256"`).String(), k.payload, signHMAC(sha256.New, []byte(of(k))))
		}
	}
	word := func(s string) func(*Kit) (string, error) { return secret(func(*Kit) string { return s }) }
	claim := func(name, other string) func(*Kit) (string, error) {
		return func(k *Kit) (string, error) {
			value := k.claims.Text(name)
			if value == "" {
				value = k.claims.Text(other)
			}
			if value == "" {
				return "", &notApplicable{"the token has no claim " + name}
			}
			return word(value)(k)
		}
	}
	return tokenCases(WeakSecret, AnybodyIn, fixConfusion,
		forgery{"hs256-empty", "HS256 with the empty secret", word("")},
		forgery{"hs256-zero", "HS256 with a secret of 32 zeros", word(string(make([]byte, 32)))},
		forgery{"hs256-secret", `HS256 with the secret "secret"`, word("secret")},
		forgery{"hs256-changeme", `HS256 with the secret "changeme"`, word("changeme")},
		forgery{"hs256-example", "HS256 with the secret of jwt.io's example", word("your-256-bit-secret")},
		forgery{"hs256-null", `HS256 with the secret "null"`, word("null")},
		forgery{"hs256-undefined", `HS256 with the secret "undefined"`, word("undefined")},
		forgery{"hs256-audience", "HS256 with the audience as the secret", claim("aud", "aud")},
		forgery{"hs256-issuer", "HS256 with the issuer's name as the secret", claim("iss", "iss")},
		forgery{"hs256-client", "HS256 with the client ID as the secret", claim("azp", "appid")},
		forgery{"hs256-tenant", "HS256 with the tenant ID as the secret", claim("tid", "tid")},
	)
}
