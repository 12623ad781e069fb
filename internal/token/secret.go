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
	if err := checkApplication(r); err != nil {
		return err
	}
	err := entra.CheckClientSecret(s.value)
	if s.value.IsZero() {
		err = ErrNoSecret
	}
	if err == nil {
		return nil
	}
	return &SettingError{Setting: "client secret", Err: err, Advice: secretAdvice(err)}
}

func secretAdvice(err error) []string {
	switch {
	case errors.Is(err, entra.ErrSecretIsItsID):
		return []string{
			"use the secret's Value, not its Secret ID: the portal shows both, side by side",
			"the Value is shown once; if it is lost, add a new secret under Certificates & secrets",
		}
	case errors.Is(err, entra.ErrSecretHasSpace):
		return []string{"remove the white space or line end around the secret"}
	}
	return []string{"set CLIENT_SECRET to the secret's Value, shown once under Certificates & secrets"}
}

func (s clientSecret) acquire(ctx context.Context, c *Client, r Request) (Token, error) {
	cred, err := confidential.NewCredFromSecret(s.value.Reveal())
	if err != nil {
		return Token{}, &SettingError{Setting: "client secret", Err: err}
	}
	return c.askEntra(ctx, r, cred)
}
