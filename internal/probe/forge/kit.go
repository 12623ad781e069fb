package forge

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"math/big"
	"net"
	"strings"
	"time"

	"m2m/internal/entra"
	"m2m/internal/jsonobject"
)

// ErrNotJWT says that the valid token is not a signed JSON web token, so that
// nothing can be forged from it.
var ErrNotJWT = errors.New("the token is not a signed JWT")

// ErrKeysAbsent is why a case that needs the issuer's public key cannot be made.
var ErrKeysAbsent = errors.New("the issuer's public key is not known")

// notApplicable is why a case cannot be made of this token and these keys.
type notApplicable struct{ reason string }

func (n *notApplicable) Error() string { return n.reason }

// Config is what a Kit is made of.
type Config struct {
	// Token is the valid token.
	Token entra.Secret
	// Base is the request that it belongs to, without a token.
	Base Request
	// Keys are the public keys of the token's issuer; KeysAbsent says why there
	// are none.
	Keys       []Key
	KeysAbsent string
	// Minter makes wrong tokens; nil makes none.
	Minter Minter
	// OwnKey is the key that foreign tokens are signed with; nil makes one.
	OwnKey *rsa.PrivateKey
	// Listen opens the listener that forged tokens name; nil means a free port
	// of this machine.
	Listen func() (net.Listener, error)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Kit is what forgeries are made of: the parts of the valid token, the issuer's
// public keys, keys of our own and an address of our own.
type Kit struct {
	valid     entra.Secret
	segments  [3]string // of the valid token, encoded
	header    jsonobject.Object
	claims    jsonobject.Object
	payload   []byte
	signature []byte

	signingKey *Key  // the issuer's key that signed the token; nil if unknown
	others     []Key // the issuer's other keys
	keysAbsent string

	key         *rsa.PrivateKey
	curve       *ecdsa.PrivateKey
	certificate []byte // of key, in DER

	callback *callback
	base     Request
	minter   Minter
	now      func() time.Time
}

// New makes a Kit, which must be closed. The error is ErrNotJWT, or why there is
// no key or listener of our own.
func New(c Config) (*Kit, error) {
	k, err := parse(c.Token)
	if err != nil {
		return nil, err
	}
	k.base, k.minter, k.now = c.Base, c.Minter, c.Now
	if k.now == nil {
		k.now = time.Now
	}
	k.setKeys(c.Keys, c.KeysAbsent)
	if err := k.makeKeys(c.OwnKey); err != nil {
		return nil, err
	}
	listen := c.Listen
	if listen == nil {
		listen = loopback
	}
	listener, err := listen()
	if err != nil {
		return nil, fmt.Errorf("the listener that forged tokens name: %w", err)
	}
	k.callback = newCallback(listener, k.ownJWK(ownKID), k.certificate)
	return k, nil
}

// Close closes the listener that forged tokens name.
func (k *Kit) Close() error { return k.callback.close() }

// WasFetched reports whether the address that the token of a case names was
// fetched.
func (k *Kit) WasFetched(name string) bool { return k.callback.wasFetched(name) }

// Expired reports whether the valid token has expired.
func (k *Kit) Expired() bool {
	exp := k.claims.Number("exp")
	return exp > 0 && float64(k.now().Unix()) >= exp
}

// parse takes the valid token apart. The error wraps ErrNotJWT.
func parse(token entra.Secret) (*Kit, error) {
	k := &Kit{valid: token}
	segments := strings.Split(token.Reveal(), ".")
	if len(segments) != 3 {
		return nil, fmt.Errorf("%w: it has %d parts, not three", ErrNotJWT, len(segments))
	}
	k.segments = [3]string(segments)
	var decoded [3][]byte
	for i, name := range []string{"header", "payload", "signature"} {
		var err error
		if decoded[i], err = base64.RawURLEncoding.DecodeString(segments[i]); err != nil || len(decoded[i]) == 0 {
			return nil, fmt.Errorf("%w: its %s is not base64url", ErrNotJWT, name)
		}
	}
	var err error
	if k.header, err = jsonobject.Parse(decoded[0]); err != nil {
		return nil, fmt.Errorf("%w: its header is %w", ErrNotJWT, err)
	}
	if k.claims, err = jsonobject.Parse(decoded[1]); err != nil {
		return nil, fmt.Errorf("%w: its payload is %w", ErrNotJWT, err)
	}
	k.payload, k.signature = decoded[1], decoded[2]
	return k, nil
}

// setKeys sorts the issuer's keys by whether they signed the token.
func (k *Kit) setKeys(keys []Key, absent string) {
	kid := k.header.Text("kid")
	for _, key := range keys {
		if key.ID == kid && k.signingKey == nil {
			k.signingKey = &key
		} else {
			k.others = append(k.others, key)
		}
	}
	if k.signingKey == nil && absent == "" {
		absent = "the key set holds no RSA key with the key ID of the token"
	}
	k.keysAbsent = absent
}

// makeKeys makes the keys of our own.
func (k *Kit) makeKeys(own *rsa.PrivateKey) (err error) {
	if k.key = own; own == nil {
		if k.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
			return err
		}
	}
	if k.curve, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "m2m probe"},
		NotBefore: k.now().Add(-time.Hour), NotAfter: k.now().Add(24 * time.Hour),
	}
	k.certificate, err = x509.CreateCertificate(rand.Reader, template, template, k.key.Public(), k.key)
	return err
}

// issuerKey is the key that signed the token, for cases that need it.
func (k *Kit) issuerKey() (*Key, error) {
	if k.signingKey == nil {
		return nil, fmt.Errorf("%w: %s", ErrKeysAbsent, k.keysAbsent)
	}
	return k.signingKey, nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// signFunc returns the signature of a signing input.
type signFunc func(k *Kit, input string) ([]byte, error)

// compose puts a token together: any header, any payload, any signature.
func (k *Kit) compose(header string, payload []byte, sign signFunc) (string, error) {
	input := encode([]byte(header)) + "." + encode(payload)
	signature, err := sign(k, input)
	if err != nil {
		return "", err
	}
	return input + "." + encode(signature), nil
}

// edit changes an object.
type edit func(jsonobject.Object) jsonobject.Object

// editedHeader makes the valid token anew with a changed header.
func editedHeader(change edit, sign signFunc) func(*Kit) (string, error) {
	return func(k *Kit) (string, error) { return k.compose(change(k.header).String(), k.payload, sign) }
}

// noSignature leaves the signature empty.
func noSignature(*Kit, string) ([]byte, error) { return nil, nil }

// validSignature takes the signature of the valid token.
func validSignature(k *Kit, _ string) ([]byte, error) { return k.signature, nil }

// signRS256 signs with a key of the probe as RS256 does.
func signRS256(k *Kit, input string) ([]byte, error) {
	sum := sha256.Sum256([]byte(input))
	return rsa.SignPKCS1v15(nil, k.key, crypto.SHA256, sum[:])
}

// signPS256 signs with a key of the probe as PS256 does.
func signPS256(k *Kit, input string) ([]byte, error) {
	sum := sha256.Sum256([]byte(input))
	return rsa.SignPSS(rand.Reader, k.key, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
}

// signES256 signs with a key of the probe as ES256 does (RFC 7518 section 3.4).
func signES256(k *Kit, input string) ([]byte, error) {
	sum := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, k.curve, sum[:])
	if err != nil {
		return nil, err
	}
	return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...), nil
}

// fixedSignature is a signature that depends on nothing.
func fixedSignature(signature []byte) signFunc {
	return func(*Kit, string) ([]byte, error) { return signature, nil }
}

// signHMAC signs with a secret as the HS algorithms do.
func signHMAC(newHash func() hash.Hash, secret []byte) signFunc {
	return func(_ *Kit, input string) ([]byte, error) {
		mac := hmac.New(newHash, secret)
		mac.Write([]byte(input))
		return mac.Sum(nil), nil
	}
}

// ownJWK is our public key as a JSON web key.
func (k *Kit) ownJWK(kid string) string {
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
