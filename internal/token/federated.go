package token

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"

	"m2m/internal/entra"
	"m2m/internal/input"
	"m2m/internal/text"
)

// federatedFile is a token of another issuer in a file.
type federatedFile struct{ path string }

// NewFederatedFile returns the credential that is a token of another issuer in a
// file, such as Kubernetes projects it. The file is read at each use, because
// its owner replaces it before it expires; white space around it is dropped.
func NewFederatedFile(path string) Credential { return federatedFile{path} }

func (federatedFile) Kind() string     { return "federated token" }
func (f federatedFile) String() string { return "federated token file " + text.Quote(f.path) }

func (federatedFile) lasting() entra.Secret { return entra.Secret{} }

func (federatedFile) provider(r Request) string { return r.Authority.Origin }

func (federatedFile) check(r Request, _ time.Time) error { return checkApplication(r) }

func (f federatedFile) acquire(ctx context.Context, c *Client, r Request) (Token, error) {
	data, err := input.File(f.path, maxAssertion)
	if err != nil {
		return Token{}, f.fault(err)
	}
	token := string(bytes.TrimSpace(data))
	assertion, err := parseAssertion(token)
	if err != nil {
		return Token{}, f.fault(err)
	}
	return c.askWithAssertion(ctx, r, entra.NewSecret(token), assertion)
}

func (f federatedFile) fault(err error) error {
	return settingError("federated token file", f.path, err)
}

// askWithAssertion presents a token of another issuer (RFC 7523 section 2.2).
// A refusal carries what the token says of itself.
func (c *Client) askWithAssertion(ctx context.Context, r Request, token entra.Secret, a *Assertion) (Token, error) {
	c.debug(fmt.Sprintf("federated token: iss %q, sub %q, aud %q, expires %s",
		a.Issuer, a.Subject, a.Audience, a.ExpiresOn.Format(time.RFC3339)))
	present := func(context.Context, confidential.AssertionRequestOptions) (string, error) {
		return token.Reveal(), nil
	}
	acquired, err := c.askEntra(ctx, r, confidential.NewCredFromAssertionCallback(present))
	var refusal *Refusal
	if errors.As(err, &refusal) {
		a.ClientID = r.ClientID
		refusal.Assertion = a
	}
	return acquired, err
}
