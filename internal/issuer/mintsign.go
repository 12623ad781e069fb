package issuer

import (
	"encoding/base64"
	"encoding/json"

	"m2m/internal/entra"
	"m2m/internal/tenant/keyring"
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

// mintKey returns the key that signs, and the ID that the header gives it.
func (i *Issuer) mintKey(which MintKey) (key *keyring.Key, id string, err error) {
	switch which {
	case OtherKey:
		current, err := i.keys.Current()
		if err != nil {
			return nil, "", err
		}
		key, err := i.keys.Stranger()
		return key, current.ID, err
	case EmbeddedKey:
		key, err = i.keys.Stranger()
	case WithdrawnKey:
		key, err = i.keys.Withdrawn()
	default:
		key, err = i.keys.Current()
	}
	if err != nil {
		return nil, "", err
	}
	return key, key.ID, nil
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
		public := key.Public()
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
	signature, err := key.Sign(r.Algorithm, []byte(signedHead+"."+body))
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
