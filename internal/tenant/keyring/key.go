package keyring

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" // x5t is defined as SHA-1 (RFC 7517, 4.8)
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"hash"
	"math/big"
	"time"
)

const (
	rsaBits           = 2048
	certificateYears  = 5
	certificateHolder = "accounts.accesscontrol.windows.net"
)

// Key is one signing key with its self-signed certificate.
type Key struct {
	// ID is kid and x5t: the certificate's SHA-1 thumbprint in base64url.
	ID          string
	private     *rsa.PrivateKey
	certificate []byte // DER
}

// JWK is one public key (RFC 7517, 4), its fields in Entra's order. Entra sends
// no alg, and no issuer in its v1.0 set.
type JWK struct {
	KeyType       string   `json:"kty"`
	Use           string   `json:"use"`
	KeyID         string   `json:"kid"`
	Thumbprint    string   `json:"x5t"`
	Modulus       string   `json:"n"`
	Exponent      string   `json:"e"`
	Certificates  []string `json:"x5c"`
	CloudInstance string   `json:"cloud_instance_name"`
	Issuer        string   `json:"issuer,omitempty"`
}

// JWKSet is a set of public keys (RFC 7517, 5).
type JWKSet struct {
	Keys []JWK `json:"keys"`
}

// newKey makes a key like Entra's: RSA-2048 in a certificate of five years
// that signs itself.
func newKey(now time.Time) (*Key, error) {
	private, err := rsa.GenerateKey(rand.Reader, rsaBits)
	if err != nil {
		return nil, fmt.Errorf("making a signing key: %w", err)
	}
	name := pkix.Name{CommonName: certificateHolder}
	template := &x509.Certificate{
		Subject: name, Issuer: name, NotBefore: now, NotAfter: now.AddDate(certificateYears, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return nil, fmt.Errorf("signing the signing key's certificate: %w", err)
	}
	thumbprint := sha1.Sum(der)
	return &Key{base64.RawURLEncoding.EncodeToString(thumbprint[:]), private, der}, nil
}

// PublicKey returns the key that verifies what Sign signs with RSA.
func (k *Key) PublicKey() *rsa.PublicKey { return &k.private.PublicKey }

// Public returns the key as a key set publishes it, without the names of a
// cloud and an issuer.
func (k *Key) Public() JWK {
	return JWK{
		KeyType:      "RSA",
		Use:          "sig",
		KeyID:        k.ID,
		Thumbprint:   k.ID,
		Modulus:      base64.RawURLEncoding.EncodeToString(k.private.N.Bytes()),
		Exponent:     base64.RawURLEncoding.EncodeToString(big.NewInt(int64(k.private.E)).Bytes()),
		Certificates: []string{base64.StdEncoding.EncodeToString(k.certificate)},
	}
}

// Algorithms are those that Sign knows (RFC 7518, 3.1). HS256 and its like use
// the public key, as PEM, for their secret: the forgery that deceives an API
// which takes the algorithm from the token. ES256 signs with a key that is not
// published, none does not sign.
var Algorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "HS256", "HS384", "HS512", "ES256", "none"}

// Sign signs with one of Algorithms; the signature of none is empty.
func (k *Key) Sign(algorithm string, input []byte) ([]byte, error) {
	if algorithm == "none" {
		return nil, nil
	}
	digest, newHash := digestOf(algorithm[2:])
	sum := newHash()
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
