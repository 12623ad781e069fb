package token

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"

	"m2m/internal/entra"
)

// Credential proves an application's identity. Its String names it for the debug
// log, without its secret. The kinds are made by NewClientSecret,
// LoadCertificate, NewFederatedFile, NewGitHub and NewManagedIdentity.
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

// clientSecret is sent in the form body (client_secret_post).
type clientSecret struct{ value entra.Secret }

// NewClientSecret returns the credential that is a client secret.
func NewClientSecret(secret entra.Secret) Credential { return clientSecret{secret} }

func (clientSecret) Kind() string   { return "client secret" }
func (clientSecret) String() string { return "client secret" }

func (s clientSecret) sealingSecret() entra.Secret { return s.value }

func (s clientSecret) provider(r Request) string { return r.Authority.Origin }

func (s clientSecret) check(r Request, _ time.Time) error {
	err := entra.CheckClientSecret(s.value)
	if s.value.IsZero() {
		err = ErrNoSecret
	}
	return errors.Join(checkApplication(r), settingError("client secret", "", err))
}

func (s clientSecret) acquire(ctx context.Context, c *Client, r Request) (Token, error) {
	cred, err := confidential.NewCredFromSecret(s.value.Reveal())
	if err != nil {
		return Token{}, &SettingError{Setting: "client secret", Err: err}
	}
	return c.requestFromEntra(ctx, r, cred)
}
