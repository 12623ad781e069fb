package token

import (
	"context"
	"crypto/rsa"
	"crypto/sha1" // not for security: the portal shows SHA-1 thumbprints
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"

	"m2m/internal/entra"
	"m2m/internal/text"
)

// What can be wrong with a certificate.
var (
	ErrCertificateForm      = errors.New("it cannot be read")
	ErrNoCertificate        = errors.New("it holds no certificate")
	ErrNoPrivateKey         = errors.New("it holds no private key")
	ErrKeyKind              = errors.New("the private key is not an RSA key, the only kind that MSAL signs with")
	ErrKeyMismatch          = errors.New("the private key belongs to none of the certificates")
	ErrPasswordMissing      = errors.New("the private key is encrypted, and no password is set")
	ErrPasswordWrong        = errors.New("the password does not open the private key")
	ErrKeyEncryption        = errors.New("the private key is encrypted in a way that is not supported")
	ErrCertificateExpired   = errors.New("the certificate has expired")
	ErrCertificateNotYet    = errors.New("the certificate is not valid yet")
	errKeyMalformed         = errors.New("it is not a private key that can be parsed")
	errCertificateMalformed = errors.New("it is not a certificate")
)

// certificate signs an assertion for each request (private_key_jwt).
type certificate struct {
	path      string
	chain     []*x509.Certificate // the leaf first
	key       *rsa.PrivateKey
	sendChain bool
	changed   []string // what was repaired to read the file
}

// CertificateFile is the file of a certificate and its private key.
type CertificateFile struct {
	// Path names it in errors.
	Path string
	// Content is PEM (the key plain or as encrypted PKCS#8) or a PFX, the
	// certificates in any order.
	Content []byte
	// Password opens the key; it may be empty.
	Password entra.Secret
	// SendChain puts the chain into each assertion (x5c), which registrations that
	// trust a subject name and issuer need.
	SendChain bool
	// Now chooses between several pairs: the valid one.
	Now time.Time
}

// MaxCertificateFile bounds a certificate file with its chain.
const MaxCertificateFile = 1 << 20

// NewCertificate returns the credential that is a certificate. The error is a
// *SettingError that wraps one of the errors above or an input.NotError.
func NewCertificate(f CertificateFile) (Credential, error) {
	c, err := parseCertificate(f)
	if err != nil {
		return nil, certificateError(f.Path, err)
	}
	c.path, c.sendChain = f.Path, f.SendChain
	return c, nil
}

func certificateError(path string, err error) error { return settingError("certificate", path, err) }

func (certificate) Kind() string { return "certificate" }

// String names the file and, as the portal does, the thumbprints.
func (c certificate) String() string {
	return fmt.Sprintf("certificate %s (%s)", text.Quote(c.path), describe(c.chain[0]))
}

// ExpiryOf returns when a credential expires, if that is known: a certificate.
func ExpiryOf(c Credential) (expires time.Time, known bool) {
	if c, ok := c.(certificate); ok {
		return c.chain[0].NotAfter, true
	}
	return time.Time{}, false
}

// describe identifies a certificate by what the portal shows of it.
func describe(leaf *x509.Certificate) string {
	return fmt.Sprintf("subject %s, SHA-1 thumbprint %X, SHA-256 thumbprint %X, valid to %s",
		text.Quote(leaf.Subject.String()), sha1.Sum(leaf.Raw), sha256.Sum256(leaf.Raw), text.Time(leaf.NotAfter))
}

// sealingSecret is the private key itself, so that one key opens the same cache
// entries whichever file it comes from.
func (c certificate) sealingSecret() entra.Secret {
	der, err := x509.MarshalPKCS8PrivateKey(c.key)
	if err != nil {
		return entra.Secret{}
	}
	return entra.NewSecret(string(der))
}

func (c certificate) repairs() (what string, changed []string) { return "certificate file", c.changed }

func (certificate) provider(r Request) string { return r.Authority.Origin }

func (c certificate) check(r Request, now time.Time) error {
	return errors.Join(checkApplication(r), certificateError(c.path, c.checkValidity(now)))
}

func (c certificate) checkValidity(now time.Time) error {
	switch leaf := c.chain[0]; {
	case now.After(leaf.NotAfter):
		return fmt.Errorf("%w: %s", ErrCertificateExpired, describe(leaf))
	case now.Before(leaf.NotBefore):
		return fmt.Errorf("%w: valid from %s; %s", ErrCertificateNotYet, text.Time(leaf.NotBefore), describe(leaf))
	}
	return nil
}

func (c certificate) acquire(ctx context.Context, client *Client, r Request) (Token, error) {
	cred, err := confidential.NewCredFromCert(c.chain, c.key)
	if err != nil {
		return Token{}, certificateError(c.path, err)
	}
	var options []confidential.Option
	if c.sendChain {
		options = append(options, confidential.WithX5C())
	}
	token, err := client.requestFromEntra(ctx, r, cred, options...)
	var refusal *Refusal
	if errors.As(err, &refusal) {
		refusal.Certificate = describe(c.chain[0])
	}
	return token, err
}
