package probe

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"hash"
	"math/big"

	"m2m/internal/jsonobject"
)

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// signer returns the signature of a signing input.
type signer func(k *kit, input string) ([]byte, error)

// forged puts a token together: any header, any payload, any signature.
func (k *kit) forged(header string, payload []byte, sign signer) (string, error) {
	input := encode([]byte(header)) + "." + encode(payload)
	signature, err := sign(k, input)
	if err != nil {
		return "", err
	}
	return input + "." + encode(signature), nil
}

// headed makes the valid token anew with a changed header.
func headed(change func(jsonobject.Object) jsonobject.Object, sign signer) func(*kit) (string, error) {
	return func(k *kit) (string, error) { return k.forged(change(k.header).String(), k.payload, sign) }
}

// unsigned leaves the signature empty.
func unsigned(*kit, string) ([]byte, error) { return nil, nil }

// original takes the signature of the valid token.
func original(k *kit, _ string) ([]byte, error) { return k.signature, nil }

// ownKey signs with a key of ours as RS256 does.
func ownKey(k *kit, input string) ([]byte, error) {
	sum := sha256.Sum256([]byte(input))
	return rsa.SignPKCS1v15(nil, k.key, crypto.SHA256, sum[:])
}

// ownKeyPSS signs with a key of ours as PS256 does.
func ownKeyPSS(k *kit, input string) ([]byte, error) {
	sum := sha256.Sum256([]byte(input))
	return rsa.SignPSS(rand.Reader, k.key, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
}

// ownCurve signs with a key of ours as ES256 does (RFC 7518 section 3.4).
func ownCurve(k *kit, input string) ([]byte, error) {
	sum := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, k.curve, sum[:])
	if err != nil {
		return nil, err
	}
	return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...), nil
}

// fixed is a signature that depends on nothing.
func fixed(signature []byte) signer {
	return func(*kit, string) ([]byte, error) { return signature, nil }
}

// keyed signs with a secret as the HS algorithms do.
func keyed(newHash func() hash.Hash, secret []byte) signer {
	return func(_ *kit, input string) ([]byte, error) {
		mac := hmac.New(newHash, secret)
		mac.Write([]byte(input))
		return mac.Sum(nil), nil
	}
}

// ownJWK is our public key as a JSON web key.
func (k *kit) ownJWK(kid string) string {
	return jsonobject.Of(
		"kty", `"RSA"`, "use", `"sig"`, "alg", `"RS256"`, "kid", jsonobject.Quote(kid),
		"n", jsonobject.Quote(encode(k.key.N.Bytes())), "e", jsonobject.Quote(encode(big.NewInt(int64(k.key.E)).Bytes())),
		"x5c", list(base64.StdEncoding.EncodeToString(k.certificate)),
	).String()
}

// list is a JSON array of one string.
func list(s string) string {
	text, _ := json.Marshal([]string{s}) // strings always encode
	return string(text)
}
