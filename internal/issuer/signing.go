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
	"errors"
	"fmt"
	"math/big"
	"sync"
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

// keyring holds the keys that the tenant publishes: the one that signs, and
// others. Entra always publishes several.
//
// A key takes 50 to 300 ms to make, so both are begun in the background, and
// waited for by whoever needs them first: a token needs only the one that signs.
type keyring struct {
	signing func() (*signingKey, error)
	standby func() (*signingKey, error)

	mu   sync.Mutex
	keys []*signingKey // the signing one first; empty until both are made
}

func newKeyring(now time.Time) *keyring {
	begin := func() func() (*signingKey, error) {
		key := sync.OnceValues(func() (*signingKey, error) { return newSigningKey(now) })
		go func() { _, _ = key() }() // ends by itself; the error comes back to whoever asks
		return key
	}
	return &keyring{signing: begin(), standby: begin()}
}

// published returns the keys, the signing one first. The slice is not changed
// afterwards.
func (r *keyring) published() ([]*signingKey, error) {
	signing, err := r.signing()
	standby, standbyErr := r.standby()
	if err := errors.Join(err, standbyErr); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.keys == nil {
		r.keys = []*signingKey{signing, standby}
	}
	return r.keys, nil
}

// current returns the key that signs.
func (r *keyring) current() (*signingKey, error) {
	r.mu.Lock()
	keys := r.keys
	r.mu.Unlock()
	if len(keys) > 0 {
		return keys[0], nil
	}
	return r.signing()
}

// roll puts a new key first.
func (r *keyring) roll(now time.Time) (*signingKey, error) {
	if _, err := r.published(); err != nil {
		return nil, err
	}
	next, err := newSigningKey(now)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys = append([]*signingKey{next}, r.keys...)
	return next, nil
}

// withdraw leaves only the key that signs.
func (r *keyring) withdraw() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.keys) > 1 {
		r.keys = r.keys[:1:1]
	}
}
