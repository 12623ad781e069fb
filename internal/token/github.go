package token

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"m2m/internal/entra"
	"m2m/internal/transport"
)

// What can be wrong with a job's identity in GitHub Actions.
var (
	ErrNotGitHub    = errors.New("the job has no identity to ask for")
	ErrGitHubForm   = errors.New("the request URL is not an https URL")
	ErrGitHubDenied = errors.New("GitHub gave the job no token")
)

// GitHub is what GitHub Actions gives a job that has the permission
// "id-token: write".
type GitHub struct {
	// RequestURL is ACTIONS_ID_TOKEN_REQUEST_URL.
	RequestURL string
	// RequestToken is ACTIONS_ID_TOKEN_REQUEST_TOKEN.
	RequestToken entra.Secret
	// Audience is the audience to ask for; empty is the one that the
	// authority's cloud expects.
	Audience string
}

// gitHub fetches a token for each use: GitHub's live five minutes.
type gitHub struct{ GitHub }

// NewGitHub returns the credential that is a job's identity in GitHub Actions.
// Source: docs.github.com/actions/reference/security/oidc.
func NewGitHub(g GitHub) Credential { return gitHub{g} }

func (gitHub) Kind() string   { return "GitHub Actions identity" }
func (gitHub) String() string { return "GitHub Actions identity" }

func (gitHub) sealingSecret() entra.Secret { return entra.Secret{} }

func (gitHub) provider(r Request) string { return "GitHub, then " + r.Authority.Origin }

func (g gitHub) check(r Request, _ time.Time) error {
	return errors.Join(checkApplication(r), settingError("GitHub Actions identity", "", g.checkVariables()))
}

// checkVariables checks what the runner gives a job to request its token with.
func (g gitHub) checkVariables() error {
	if g.RequestURL == "" || g.RequestToken.IsZero() {
		return ErrNotGitHub
	}
	if u, err := url.Parse(g.RequestURL); err != nil || u.Scheme != "https" || u.Host == "" {
		return ErrGitHubForm
	}
	return nil
}

func (g gitHub) acquire(ctx context.Context, c *Client, r Request) (Token, error) {
	token, err := g.fetch(ctx, c, g.audience(r))
	if err != nil {
		return Token{}, err
	}
	assertion, err := parseAssertion(token.Reveal())
	if err != nil {
		return Token{}, &Outage{Address: "GitHub", Status: http.StatusOK, Err: fmt.Errorf("%w: %w", ErrGitHubDenied, err)}
	}
	return c.requestWithAssertion(ctx, r, token, assertion)
}

// audience returns what Entra expects in a federated token; it differs by cloud.
func (g gitHub) audience(r Request) string {
	if g.Audience != "" {
		return g.Audience
	}
	if cloud, ok := r.Authority.Cloud(); ok {
		return cloud.FederationAudience
	}
	return entra.Clouds()[0].FederationAudience
}

// fetch asks GitHub for the job's token.
func (g gitHub) fetch(ctx context.Context, c *Client, audience string) (entra.Secret, error) {
	u, err := url.Parse(g.RequestURL)
	if err != nil {
		return entra.Secret{}, ErrGitHubForm // unreachable after check
	}
	query := u.Query() // the URL has one already
	query.Set("audience", audience)
	u.RawQuery = query.Encode()
	body, _, err := transport.Fetch(ctx, c.tokenHTTP(), u.String(), transport.Limits{
		Bytes:  maxAssertion,
		Header: http.Header{"Authorization": {"bearer " + g.RequestToken.Reveal()}},
	})
	var status *transport.StatusError
	switch {
	case errors.As(err, &status):
		return entra.Secret{}, &Outage{Address: u.Host, Status: status.Status, Err: ErrGitHubDenied}
	case errors.As(err, new(*transport.SizeError)):
		return entra.Secret{}, &Outage{Address: u.Host, Status: http.StatusOK, Err: ErrGitHubDenied}
	case err != nil:
		return entra.Secret{}, msalError(u.Host, err)
	}
	var answer struct {
		Value string `json:"value"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.Value == "" {
		return entra.Secret{}, &Outage{Address: u.Host, Status: http.StatusOK, Err: ErrGitHubDenied}
	}
	return entra.NewSecret(answer.Value), nil
}
