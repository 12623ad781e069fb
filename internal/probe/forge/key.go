package forge

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
)

// errKeys says that a document is not a key set.
var errKeys = errors.New("not a JSON web key set")

// maxKeys bounds the keys that are read of a set; Entra's hold fewer than ten.
const maxKeys = 64

// Key is a public RSA key of the issuer, as its key set shows it.
type Key struct {
	// ID is the kid.
	ID string
	// Public is the key itself.
	Public *rsa.PublicKey
	// Certificate is the first of x5c in DER; nil if there is none.
	Certificate []byte
	// JWK is the key as it stands in the set.
	JWK []byte
	// Set is the whole set that the key is in, as it is served.
	Set []byte
}

// ParseKeys reads a JSON web key set (RFC 7517 section 5). Keys that are not
// RSA, or not whole, are left out. The error wraps errKeys.
func ParseKeys(set []byte) ([]Key, error) {
	var document struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(set, &document); err != nil {
		return nil, fmt.Errorf("%w: %w", errKeys, err)
	}
	var keys []Key
	for _, raw := range document.Keys[:min(len(document.Keys), maxKeys)] {
		if key, ok := parseKey(raw); ok {
			key.Set = set
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%w: it holds no RSA key", errKeys)
	}
	return keys, nil
}

func parseKey(raw []byte) (Key, bool) {
	var jwk struct {
		Kty, Kid, N, E string
		X5c            []string
	}
	if json.Unmarshal(raw, &jwk) != nil || jwk.Kty != "RSA" {
		return Key{}, false
	}
	n, nErr := base64.RawURLEncoding.DecodeString(jwk.N)
	e, eErr := base64.RawURLEncoding.DecodeString(jwk.E)
	if nErr != nil || eErr != nil || len(n) < 64 || len(n) > 2048 || len(e) == 0 || len(e) > 3 {
		return Key{}, false
	}
	key := Key{ID: jwk.Kid, JWK: raw, Public: &rsa.PublicKey{
		N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64()),
	}}
	if len(jwk.X5c) > 0 {
		key.Certificate, _ = base64.StdEncoding.DecodeString(jwk.X5c[0]) // what does not decode is not there
	}
	return key, true
}
