package issuer

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" // x5t is defined as SHA-1 (RFC 7517, 4.8)
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"time"
)

const (
	rsaBits           = 2048
	certificateYears  = 5
	certificateHolder = "accounts.accesscontrol.windows.net"
)

// signingKey is one key of the tenant with its self-signed certificate.
type signingKey struct {
	private     *rsa.PrivateKey
	certificate []byte // DER
	id          string // kid and x5t: the certificate's SHA-1 thumbprint
}

// newSigningKey makes a key like Entra's: RSA-2048 in a certificate of five
// years that signs itself.
func newSigningKey(now time.Time) (*signingKey, error) {
	private, err := rsa.GenerateKey(rand.Reader, rsaBits)
	if err != nil {
		return nil, fmt.Errorf("making a signing key: %w", err)
	}
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	name := pkix.Name{CommonName: certificateHolder}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: name, Issuer: name,
		NotBefore: now, NotAfter: now.AddDate(certificateYears, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return nil, fmt.Errorf("signing the signing key's certificate: %w", err)
	}
	thumbprint := sha1.Sum(der)
	return &signingKey{private, der, base64.RawURLEncoding.EncodeToString(thumbprint[:])}, nil
}

func newSerial() (*big.Int, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("making a serial number: %w", err)
	}
	return serial, nil
}

// sign signs with RS256 (RFC 7518, 3.3).
func (k *signingKey) sign(input []byte) ([]byte, error) {
	digest := sha256.Sum256(input)
	return rsa.SignPKCS1v15(nil, k.private, crypto.SHA256, digest[:])
}
