package token

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
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

func (federatedFile) sealingSecret() entra.Secret { return entra.Secret{} }

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
	return c.requestWithAssertion(ctx, r, entra.NewSecret(token), assertion)
}

func (f federatedFile) fault(err error) error {
	return settingError("federated token file", f.path, err)
}

// requestWithAssertion presents a token of another issuer (RFC 7523 section 2.2).
// A refusal carries the token's claims.
func (c *Client) requestWithAssertion(ctx context.Context, r Request, token entra.Secret, a *Assertion) (Token, error) {
	c.debug(fmt.Sprintf("federated token: iss %s, sub %s, aud %s, expires %s",
		text.Quote(a.Issuer), text.Quote(a.Subject), text.Quote(a.Audience), text.Time(a.ExpiresOn)))
	present := func(context.Context, confidential.AssertionRequestOptions) (string, error) {
		return token.Reveal(), nil
	}
	acquired, err := c.requestFromEntra(ctx, r, confidential.NewCredFromAssertionCallback(present))
	var refusal *Refusal
	if errors.As(err, &refusal) {
		a.ClientID = r.ClientID
		refusal.Assertion = a
	}
	return acquired, err
}

// Assertion holds the claims of a federated token: the three that Entra compares
// with the federated credentials of an app, and its expiry.
type Assertion struct {
	// Issuer, Subject and Audience are the claims iss, sub and aud.
	Issuer, Subject, Audience string
	// ExpiresOn is the claim exp; zero if there is none.
	ExpiresOn time.Time
	// ClientID is the app that it was presented for.
	ClientID string
}

// errNotJWT says that an assertion is not a JSON Web Token.
var errNotJWT = errors.New("it holds no JSON Web Token (three parts, separated by dots)")

// maxAssertion bounds a federated token; Kubernetes' are about a kilobyte.
const maxAssertion = 64 << 10

// parseAssertion reads the claims of a federated token, unverified: they are
// shown to a person, and Entra decides.
func parseAssertion(token string) (*Assertion, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || parts[0] == "" || parts[2] == "" {
		return nil, errNotJWT
	}
	payload, err := base64.RawURLEncoding.Strict().DecodeString(parts[1])
	if err != nil {
		return nil, errNotJWT
	}
	var claims struct {
		Issuer   string          `json:"iss"`
		Subject  string          `json:"sub"`
		Audience json.RawMessage `json:"aud"`
		Expires  float64         `json:"exp"`
	}
	if json.Unmarshal(payload, &claims) != nil {
		return nil, errNotJWT
	}
	a := &Assertion{
		Issuer:   text.OneLine(claims.Issuer, maxShown),
		Subject:  text.OneLine(claims.Subject, maxShown),
		Audience: text.OneLine(firstAudience(claims.Audience), maxShown),
	}
	if claims.Expires > 0 && claims.Expires < 1<<40 {
		a.ExpiresOn = time.Unix(int64(claims.Expires), 0).UTC()
	}
	return a, nil
}

// firstAudience returns aud, which is a string or a list of them (RFC 7519
// section 4.1.3).
func firstAudience(raw json.RawMessage) string {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return one
	}
	var many []string
	if json.Unmarshal(raw, &many) == nil && len(many) > 0 {
		return many[0]
	}
	return ""
}
