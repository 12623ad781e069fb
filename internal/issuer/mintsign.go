package issuer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"hash"
	"sync"
	"time"

	"m2m/internal/entra"
)

// MintKey is the key that signs a minted token.
type MintKey string

// The keys. OtherKey was never the tenant's, but the header names the current
// one; WithdrawnKey is no longer in the tenant's set, by its own name;
// EmbeddedKey comes along in the header as jwk (RFC 7515, 4.1.3), for APIs that
// believe such a thing.
const (
	CurrentKey   MintKey = "current"
	OtherKey     MintKey = "other"
	WithdrawnKey MintKey = "withdrawn"
	EmbeddedKey  MintKey = "embedded"
)

// MintAlgorithms lists the algorithms of minted tokens (RFC 7518, 3.1). HS256
// and its like use the public key, as PEM, for their secret: the forgery that
// an API falls for which takes the algorithm from the token. ES256 signs with a
// key that nobody knows.
func MintAlgorithms() []string {
	return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "HS256", "HS384", "HS512", "ES256", "none"}
}

// forgedKeys are keys that are not the tenant's, made when they are first
// needed: one that stands for a stranger's, one for a withdrawn key where none
// was ever withdrawn.
type forgedKeys struct{ stranger, withdrawn func() (*signingKey, error) }

func newForgedKeys() forgedKeys {
	made := func() (*signingKey, error) { return newSigningKey(time.Now()) }
	return forgedKeys{sync.OnceValues(made), sync.OnceValues(made)}
}

// mintKey returns the key that signs, and the ID that the header gives it.
func (i *Issuer) mintKey(which MintKey) (key *signingKey, id string, err error) {
	switch which {
	case OtherKey:
		current, err := i.keys.current()
		if err != nil {
			return nil, "", err
		}
		key, err := i.forged.stranger()
		return key, current.id, err
	case EmbeddedKey:
		key, err = i.forged.stranger()
	case WithdrawnKey:
		if key = i.keys.lastWithdrawn(); key == nil {
			key, err = i.forged.withdrawn()
		}
	default:
		key, err = i.keys.current()
	}
	if err != nil {
		return nil, "", err
	}
	return key, key.id, nil
}

// mintHeader is the header before any change.
type mintHeader struct {
	tokenHeader
	Key *embeddedKey `json:"jwk,omitempty"`
}

// embeddedKey is a public key in a header.
type embeddedKey struct {
	KeyType  string `json:"kty"`
	Use      string `json:"use"`
	KeyID    string `json:"kid"`
	Modulus  string `json:"n"`
	Exponent string `json:"e"`
}

// mintCompact makes the compact form of a payload.
func (i *Issuer) mintCompact(r MintRequest, s subject, payload []byte) (string, error) {
	key, id, err := i.mintKey(r.Key)
	if err != nil {
		return "", err
	}
	h := mintHeader{tokenHeader: tokenHeader{Type: "JWT", Algorithm: r.Algorithm, KeyID: id}}
	if r.version(s) == entra.V1 {
		h.Thumbprint = id
	}
	if r.Key == EmbeddedKey {
		public := key.public()
		h.Key = &embeddedKey{public.KeyType, public.Use, public.KeyID, public.Modulus, public.Exponent}
	}
	signed := h
	if h.Nonce = r.Nonce; h.Nonce == "" && r.Kind == GraphToken {
		h.Nonce = opaque(32)
	}
	if h.Nonce != "" {
		signed.Nonce = opaque(32)
	}
	shownHead, err := r.header(h)
	if err != nil {
		return "", err
	}
	signedHead, err := r.header(signed)
	if err != nil {
		return "", err
	}
	body := base64.RawURLEncoding.EncodeToString(payload)
	signature, err := key.signAs(r.Algorithm, []byte(signedHead+"."+body))
	if err != nil {
		return "", err
	}
	return shownHead + "." + body + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// header returns a header with the changes that were asked for, encoded.
func (r *MintRequest) header(h mintHeader) (string, error) {
	text, err := json.Marshal(h)
	if err != nil {
		return "", err
	}
	text, err = editObject(text, r.Header, r.WithoutHeader, "header")
	return base64.RawURLEncoding.EncodeToString(text), err
}

// signAs signs with one of MintAlgorithms.
func (k *signingKey) signAs(algorithm string, input []byte) ([]byte, error) {
	if algorithm == "none" {
		return nil, nil
	}
	digest, newHash := digestOf(algorithm[2:])
	sum := digest.New()
	sum.Write(input)
	switch family := algorithm[:2]; family {
	case "PS":
		return rsa.SignPSS(rand.Reader, k.private, digest, sum.Sum(nil), &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	case "HS":
		public, err := x509.MarshalPKIXPublicKey(k.private.Public())
		if err != nil {
			return nil, err
		}
		mac := hmac.New(newHash, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
		mac.Write(input)
		return mac.Sum(nil), nil
	case "ES":
		return signES256(sum.Sum(nil))
	}
	return rsa.SignPKCS1v15(nil, k.private, digest, sum.Sum(nil))
}

func digestOf(bits string) (crypto.Hash, func() hash.Hash) {
	switch bits {
	case "384":
		return crypto.SHA384, sha512.New384
	case "512":
		return crypto.SHA512, sha512.New
	}
	return crypto.SHA256, sha256.New
}

// signES256 signs with a key made for this one signature (RFC 7518, 3.4).
func signES256(sum []byte) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	r, s, err := ecdsa.Sign(rand.Reader, key, sum)
	if err != nil {
		return nil, err
	}
	const size = 32
	return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...), nil
}
