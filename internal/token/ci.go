package token

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"m2m/internal/entra"
	"m2m/internal/text"
	"m2m/internal/transport"
)

// What can be wrong with a job's identity before it is asked for.
var (
	ErrNotGitHub           = errors.New("the job has no identity to ask for")
	ErrNotPipelines        = errors.New("this is not a job of Azure Pipelines with an identity to ask for")
	ErrNoServiceConnection = errors.New("no service connection is named")
	ErrJobURL              = errors.New("the address to ask is not an https URL")
	errNoJobToken          = errors.New("its answer holds no token")
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

// NewGitHub returns the credential that is a job's identity in GitHub Actions. A token
// is fetched for each use: GitHub's live five minutes.
// Source: docs.github.com/actions/reference/security/oidc.
func NewGitHub(g GitHub) Credential {
	const name = "GitHub Actions identity"
	return &federated{
		kind: name, name: name, from: "GitHub", audience: g.Audience,
		ownCheck: func() error {
			if g.RequestURL == "" || g.RequestToken.IsZero() {
				return settingError(name, "", ErrNotGitHub)
			}
			return settingError(name, "", checkJobURL(g.RequestURL))
		},
		fault: func(err error) error { return notItsAnswer(GitHubActions, err) },
		fetch: func(ctx context.Context, c *Client, audience string) (string, error) {
			u, err := url.Parse(g.RequestURL)
			if err != nil {
				return "", settingError(name, "", ErrJobURL) // unreachable after ownCheck
			}
			query := u.Query() // the URL has one already
			query.Set("audience", audience)
			u.RawQuery = query.Encode()
			return c.askPlatform(ctx, jobRequest{GitHubActions, http.MethodGet, u, "bearer", g.RequestToken, "value"})
		},
	}
}

// Pipelines is what Azure Pipelines gives a job.
type Pipelines struct {
	// RequestURI is SYSTEM_OIDCREQUESTURI.
	RequestURI string
	// AccessToken is SYSTEM_ACCESSTOKEN, which a job must map itself.
	AccessToken entra.Secret
	// ServiceConnection is AZURESUBSCRIPTION_SERVICE_CONNECTION_ID.
	ServiceConnection string
}

// NewPipelines returns the credential that is a job's identity in Azure Pipelines, as a
// service connection has it.
// Source: learn.microsoft.com/rest/api/azure/devops/distributedtask/oidctoken/create.
func NewPipelines(p Pipelines) Credential {
	const name = "Azure Pipelines identity"
	return &federated{
		kind: name, name: name, from: "Azure Pipelines",
		ownCheck: func() error {
			switch {
			case p.RequestURI == "" || p.AccessToken.IsZero():
				return settingError(name, "", ErrNotPipelines)
			case p.ServiceConnection == "":
				return settingError(name, "", ErrNoServiceConnection)
			}
			return settingError(name, "", checkJobURL(p.RequestURI))
		},
		fault: func(err error) error { return notItsAnswer(AzurePipelines, err) },
		fetch: func(ctx context.Context, c *Client, _ string) (string, error) {
			u, err := url.Parse(p.RequestURI)
			if err != nil {
				return "", settingError(name, "", ErrJobURL) // unreachable after ownCheck
			}
			query := u.Query()
			query.Set("api-version", "7.1")
			query.Set("serviceConnectionId", p.ServiceConnection)
			u.RawQuery = query.Encode()
			return c.askPlatform(ctx, jobRequest{AzurePipelines, http.MethodPost, u, "Bearer", p.AccessToken, "oidcToken"})
		},
	}
}

func checkJobURL(s string) error {
	if u, err := url.Parse(s); err != nil || u.Scheme != "https" || u.Host == "" {
		return ErrJobURL
	}
	return nil
}

// jobRequest asks a platform of CI for the token of a job.
type jobRequest struct {
	platform Platform
	method   string
	url      *url.URL
	scheme   string // of the Authorization header, as the platform writes it
	bearer   entra.Secret
	member   string // that holds the token in the answer
}

// askPlatform returns the token of a job. Its errors are *PlatformError, the context's
// and those of a CA file.
func (c *Client) askPlatform(ctx context.Context, r jobRequest) (token string, err error) {
	retry := transport.Retry{Attempts: 3, Backoff: transport.Backoff{First: firstPause, Longest: longestPause}, Sleep: c.waiter()}
	ended := retry.Do(ctx, func(int) transport.Attempt {
		token, err = c.askOnce(ctx, r)
		var platform *PlatformError
		if !errors.As(err, &platform) {
			return transport.Attempt{}
		}
		pause := platform.RetryAfter
		return transport.Attempt{Again: platform.Transient(), After: pause, Asked: pause > 0}
	})
	if ended != nil && !errors.Is(ended, transport.ErrNoTimeToRetry) {
		return "", ended
	}
	return token, err
}

func (c *Client) askOnce(ctx context.Context, r jobRequest) (string, error) {
	req, err := http.NewRequestWithContext(ctx, r.method, r.url.String(), http.NoBody)
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", r.scheme+" "+r.bearer.Reveal())
	req.Header.Set("Accept", "application/json")
	if r.platform == AzurePipelines {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-TFS-FedAuthRedirect", "Suppress") // a status instead of a sign-in page
	}
	resp, err := c.transport().RoundTrip(req)
	if err != nil {
		fault := networkFault(req, err)
		if unreachable := (*UnreachableError)(nil); errors.As(fault, &unreachable) {
			return "", &PlatformError{Platform: r.platform, Reason: ReasonNoAnswer, Err: unreachable.Cause}
		}
		return "", fault
	}
	body, err := readAnswer(resp)
	if err != nil {
		return "", &PlatformError{Platform: r.platform, Reason: ReasonNoAnswer, Err: transport.Diagnose(r.url.Host, err)}
	}
	var answer map[string]any
	if resp.StatusCode == http.StatusOK && json.Unmarshal(body, &answer) == nil {
		if token, _ := answer[r.member].(string); token != "" {
			return token, nil
		}
	}
	body = bytes.ReplaceAll(body, []byte(r.bearer.Reveal()), []byte(text.Redacted)) // its words are shown
	e := platformAnswer(r.platform, resp.StatusCode, resp.Header, body)
	if resp.StatusCode == http.StatusOK && e.Message == "" {
		e.Err = errNoJobToken
	}
	return "", e
}
