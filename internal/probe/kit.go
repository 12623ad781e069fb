package probe

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"m2m/internal/entra"
	"m2m/internal/jsonobject"
)

// ErrNotJWT says that the valid token is no signed JSON web token, so that
// nothing can be forged from it.
var ErrNotJWT = errors.New("the token is not a signed JWT")

// errKeysAbsent is why a case that needs the issuer's public key cannot be made.
var errKeysAbsent = errors.New("the issuer's public key is not known")

// notApplicable is why a case cannot be made of this token and these keys.
type notApplicable struct{ reason string }

func (n *notApplicable) Error() string { return n.reason }

// kit is what forgeries are made of: the parts of the valid token, the issuer's
// public keys, keys of our own and an address of our own.
type kit struct {
	valid     entra.Secret
	segments  [3]string // of the valid token, encoded
	header    jsonobject.Object
	claims    jsonobject.Object
	payload   []byte
	signature []byte

	signer     *Key  // the issuer's key that signed the token; nil if unknown
	others     []Key // the issuer's other keys
	keysAbsent string

	key         *rsa.PrivateKey
	curve       *ecdsa.PrivateKey
	certificate []byte // of key, in DER

	canary *canary
	base   request // the request of the baseline, without a token
	minter Minter
	now    func() time.Time
}

// newKit takes the valid token apart. The error wraps ErrNotJWT.
func newKit(token entra.Secret) (*kit, error) {
	k := &kit{valid: token}
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

// take sorts the issuer's keys by whether they signed the token.
func (k *kit) take(keys []Key, absent string) {
	kid := k.header.Text("kid")
	for _, key := range keys {
		if key.ID == kid && k.signer == nil {
			k.signer = &key
		} else {
			k.others = append(k.others, key)
		}
	}
	if k.signer == nil && absent == "" {
		absent = "the key set holds no RSA key with the key ID of the token"
	}
	k.keysAbsent = absent
}

// makeKeys makes the keys of our own.
func (k *kit) makeKeys(own *rsa.PrivateKey) (err error) {
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
func (k *kit) issuerKey() (*Key, error) {
	if k.signer == nil {
		return nil, fmt.Errorf("%w: %s", errKeysAbsent, k.keysAbsent)
	}
	return k.signer, nil
}

// expired reports whether the valid token is past its end.
func (k *kit) expired() bool {
	exp := k.claims.Number("exp")
	return exp > 0 && float64(k.now().Unix()) >= exp
}
