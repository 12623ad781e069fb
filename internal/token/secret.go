package token

import (
	"context"
	"errors"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"

	"m2m/internal/entra"
)

// ErrNoSecret says that a client secret is empty.
var ErrNoSecret = errors.New("it is empty")

// clientSecret is sent in the form body (client_secret_post).
type clientSecret struct{ value entra.Secret }

// NewClientSecret returns the credential that is a client secret.
func NewClientSecret(secret entra.Secret) Credential { return clientSecret{secret} }

func (clientSecret) Kind() string   { return "client secret" }
func (clientSecret) String() string { return "client secret" }

func (s clientSecret) lasting() entra.Secret { return s.value }

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
	return c.askEntra(ctx, r, cred)
}
