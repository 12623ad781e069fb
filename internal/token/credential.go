package token

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"

	"m2m/internal/entra"
	"m2m/internal/input"
)

// Credential proves an application's identity. Its String names it for the debug
// log, without its secret. The kinds are made by NewClientSecret,
// NewCertificate, NewManagedIdentity, NewFederatedToken and the other NewFederated…,
// NewGitHub and NewPipelines.
type Credential interface {
	fmt.Stringer
	// Kind is the credential's kind in words: "client secret".
	Kind() string

	// check returns what is wrong with the request and this credential, before
	// anything is sent.
	check(r Request, now time.Time) error
	// sealingSecret returns the secret that cache entries are sealed with; empty if
	// the credential has none that outlives the process.
	sealingSecret() entra.Secret
	// provider names the server that the request goes to, for the debug log.
	provider(r Request) string
	// acquire requests a token from the identity provider.
	acquire(ctx context.Context, c *Client, r Request) (Token, error)
}

// ErrNoSecret says that a client secret is empty.
var ErrNoSecret = errors.New("it is empty")

// repaired is a credential that was read from a file with something repaired, which the
// debug log lists.
type repaired interface {
	repairs() (what string, changed []string)
}

// clientSecret is sent in the form body (client_secret_post).
type clientSecret struct{ value entra.Secret }

// NewClientSecret returns the credential that is a client secret.
func NewClientSecret(secret entra.Secret) Credential { return clientSecret{secret} }

func (clientSecret) Kind() string   { return "client secret" }
func (clientSecret) String() string { return "client secret" }

func (s clientSecret) sealingSecret() entra.Secret { return s.value }

func (s clientSecret) provider(r Request) string { return r.Authority.Origin }

func (s clientSecret) check(r Request, _ time.Time) error {
	err := input.CheckSecret(s.value.Reveal(), isFile)
	switch {
	case s.value.IsZero():
		err = ErrNoSecret
	case err == nil:
		err = entra.CheckClientSecret(s.value)
	}
	return errors.Join(checkApplication(r), settingError("client secret", "", err))
}

// isFile reports whether a path names a file, which a value given as secret may be.
func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func (s clientSecret) acquire(ctx context.Context, c *Client, r Request) (Token, error) {
	cred, err := confidential.NewCredFromSecret(s.value.Reveal())
	if err != nil {
		return Token{}, &SettingError{Setting: "client secret", Err: err}
	}
	token, err := c.requestFromEntra(ctx, r, cred)
	var refusal *Refusal
	if errors.As(err, &refusal) {
		refusal.SecretShape = input.SecretShape(s.value.Reveal())
	}
	return token, err
}
