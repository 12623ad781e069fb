package token

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"

	"m2m/internal/entra"
	"m2m/internal/input"
	"m2m/internal/text"
)

// What can be wrong with a federated token before it is sent.
var (
	ErrAssertionEmpty     = errors.New("it is empty")
	ErrAssertionForm      = errors.New("it is not a JSON Web Token")
	ErrAssertionEncrypted = errors.New("it is an encrypted token (JWE, five parts), and Entra accepts signed ones only")
	ErrAssertionExpired   = errors.New("the federated token has expired")
	ErrAudienceFixed      = errors.New("the issuer chooses the audience itself")
)

// expiredGrace is how far a federated token may be out of date and still be sent:
// clocks differ, and Entra decides.
const expiredGrace = 5 * time.Minute

// maxAssertion bounds a federated token; Kubernetes' are about a kilobyte.
const maxAssertion = 64 << 10

// FederatedToken is a token of another issuer that is at hand, in a file or a
// variable.
type FederatedToken struct {
	// Setting and Found name it in errors: "federated token file" and the path.
	Setting, Found string
	// Read returns it. It is called at each use, because a file's owner replaces it
	// before it expires.
	Read func() ([]byte, error)
	// Audience is what its audience should be; empty is the one that the
	// authority's cloud expects.
	Audience string
}

// NewFederatedToken returns the credential that is such a token. What people and
// tools put around it is left out.
func NewFederatedToken(f FederatedToken) Credential {
	name := f.Setting
	if f.Found != "" {
		name += " " + text.QuoteGiven(f.Found)
	}
	return &federated{
		kind: "federated token", name: name, audience: f.Audience,
		fault: func(err error) error { return settingError(f.Setting, f.Found, err) },
		fetch: func(context.Context, *Client, string) (string, error) {
			data, err := f.Read()
			if err != nil {
				return "", settingError(f.Setting, f.Found, text.WithoutPath(err))
			}
			if len(data) > maxAssertion {
				return "", settingError(f.Setting, f.Found, input.ErrTooLarge)
			}
			return string(data), nil
		},
	}
}

// NewFederatedFile is NewFederatedToken for a file, such as Kubernetes projects it.
func NewFederatedFile(path, audience string) Credential {
	return NewFederatedToken(FederatedToken{
		Setting: "federated token file", Found: path, Audience: audience,
		Read: func() ([]byte, error) { return input.File(path, maxAssertion) },
	})
}

// NewFederatedIdentity returns the credential that is a token of a user-assigned
// managed identity, for an app that trusts it. Source: entra-docs
// workload-identity-federation-config-app-trust-managed-identity.md.
func NewFederatedIdentity(clientID, audience string) Credential {
	identity := managedIdentity{clientID: clientID}
	return &federated{
		kind: "managed identity as federated token", name: identity.String() + " as federated token", audience: audience,
		from: managedEndpoint,
		ownCheck: func() error {
			return identity.check(Request{}, time.Time{})
		},
		fault: func(err error) error { return settingError("managed identity", clientID, err) },
		fetch: func(ctx context.Context, c *Client, audience string) (string, error) {
			token, err := identity.acquire(ctx, c, Request{Scope: audience + "/.default"})
			return token.Access.Reveal(), err
		},
	}
}

// federated is a credential that is a token of another issuer.
type federated struct {
	kind, name string
	// from names the server that gives the token; empty if it is at hand.
	from     string
	audience string
	// ownCheck returns what is wrong with the credential itself; nil checks nothing.
	ownCheck func() error
	// fault makes the error of a token that cannot work.
	fault func(error) error
	// fetch returns the token as it is found, for an audience.
	fetch func(ctx context.Context, c *Client, audience string) (string, error)
}

func (f *federated) Kind() string   { return f.kind }
func (f *federated) String() string { return f.name }

func (*federated) sealingSecret() entra.Secret { return entra.Secret{} }

func (f *federated) provider(r Request) string {
	if f.from != "" {
		return f.from + ", then " + r.Authority.Origin
	}
	return r.Authority.Origin
}

func (f *federated) check(r Request, _ time.Time) error {
	var own error
	if f.ownCheck != nil {
		own = f.ownCheck()
	}
	return errors.Join(checkApplication(r), own)
}

// wantedAudience is what the token's audience should be; Entra's differs by cloud.
func (f *federated) wantedAudience(r Request) string {
	if f.audience != "" {
		return f.audience
	}
	return exchangeAudience(r.Authority)
}

func (f *federated) acquire(ctx context.Context, c *Client, r Request) (Token, error) {
	wanted := f.wantedAudience(r)
	found, err := f.fetch(ctx, c, wanted)
	if err != nil {
		return Token{}, err
	}
	token, changed, err := input.Clean(found)
	if err == nil && len(changed) > 0 {
		c.debug("federated token: read without " + strings.Join(changed, ", "))
	}
	var a *Assertion
	if err != nil {
		err = fmt.Errorf("%w: %s", ErrAssertionForm, strings.TrimPrefix(err.Error(), "form: "))
	} else {
		a, err = parseAssertion(token)
	}
	if err == nil && !a.ExpiresOn.IsZero() && c.now().Sub(a.ExpiresOn) > expiredGrace {
		err = fmt.Errorf("%w: at %s, %s ago", ErrAssertionExpired, text.Time(a.ExpiresOn), text.Duration(c.now().Sub(a.ExpiresOn)))
	}
	if err != nil {
		return Token{}, f.fault(err)
	}
	a.Wanted = wanted
	c.warnOfAssertion(a)
	return c.requestWithAssertion(ctx, r, entra.NewSecret(token), a)
}

// exchangeID is the application ID of the exchange resource, which is the audience in
// Entra's own tokens for it.
const exchangeID = "fb60f99c-7a34-4190-8149-302f77469936"

// warnOfAssertion warns of what Entra will probably reject.
func (c *Client) warnOfAssertion(a *Assertion) {
	if !slices.Contains(a.audiences, a.Wanted) && !slices.Contains(a.audiences, exchangeID) {
		c.warn(fmt.Sprintf("the federated token's audience is %s, and %s is expected, unless the app's federated credential names another",
			text.Quote(a.Audience), text.Quote(a.Wanted)))
	}
	if a.Algorithm != "RS256" {
		c.warn(fmt.Sprintf("the federated token is signed with %s, and Entra accepts RS256 only", text.Quote(a.Algorithm)))
	}
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
	if errors.As(err, &refusal) && refusal.Leg != LegAgent {
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
	// Algorithm is that of the signature.
	Algorithm string
	// Wanted is the audience that was expected.
	Wanted string
	// ClientID is the app that it was presented for.
	ClientID string

	audiences []string
}

// TrustedAudience is the audience that a federated credential for the token must name:
// its own, but for Entra's own tokens, in which a GUID stands for the URI that was
// asked for.
func (a *Assertion) TrustedAudience() string {
	if a.Audience == exchangeID {
		return a.Wanted
	}
	return a.Audience
}

// parseAssertion takes a federated token apart strictly: its three parts must be
// base64url, the first two JSON objects. It is not verified; Entra decides.
func parseAssertion(token string) (*Assertion, error) {
	parts := strings.Split(token, ".")
	switch {
	case token == "":
		return nil, ErrAssertionEmpty
	case len(parts) == 5:
		return nil, ErrAssertionEncrypted
	case len(parts) != 3:
		return nil, fmt.Errorf("%w: it has %s, not 3, separated by dots", ErrAssertionForm, text.Plural(len(parts), "part"))
	}
	var header struct {
		Algorithm string `json:"alg"`
	}
	var claims struct {
		Issuer   string          `json:"iss"`
		Subject  string          `json:"sub"`
		Audience json.RawMessage `json:"aud"`
		Expires  float64         `json:"exp"`
	}
	for i, into := range []any{&header, &claims, nil} {
		name := []string{"header", "payload", "signature"}[i]
		data, err := base64.RawURLEncoding.Strict().DecodeString(parts[i])
		switch {
		case err != nil || len(data) == 0:
			return nil, fmt.Errorf("%w: its %s is not base64url", ErrAssertionForm, name)
		case into != nil && json.Unmarshal(data, into) != nil:
			return nil, fmt.Errorf("%w: its %s is not a JSON object with the usual claims", ErrAssertionForm, name)
		}
	}
	a := &Assertion{
		Issuer:    text.OneLine(claims.Issuer, maxShown),
		Subject:   text.OneLine(claims.Subject, maxShown),
		Algorithm: text.OneLine(header.Algorithm, maxWord),
		audiences: audiences(claims.Audience),
	}
	if len(a.audiences) > 0 {
		a.Audience = text.OneLine(a.audiences[0], maxShown)
	}
	if claims.Expires > 0 && claims.Expires < 1<<40 {
		a.ExpiresOn = time.Unix(int64(claims.Expires), 0).UTC()
	}
	return a, nil
}

// audiences returns aud, which is a string or a list of them (RFC 7519 section
// 4.1.3).
func audiences(raw json.RawMessage) []string {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return []string{one}
	}
	var many []string
	if json.Unmarshal(raw, &many) != nil {
		return nil
	}
	return many
}

// notItsAnswer is the error of a platform whose answer holds no token that works.
func notItsAnswer(p Platform, err error) error {
	return &PlatformError{Platform: p, Status: http.StatusOK, Reason: ReasonNotItsAnswer, Err: err}
}
