package token

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	msalerrors "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"

	"m2m/internal/entra"
	"m2m/internal/text"
	"m2m/internal/transport"
)

// noRegion switches off MSAL_FORCE_REGION, which MSAL would otherwise apply to
// every authority, also to one that has no regions.
const noRegion = "DisableMsalForceRegion"

// requestFromEntra requests a token through MSAL. For an agent there are two requests:
// its blueprint gets a token of the agent for the exchange resource, and the agent
// presents that as assertion.
// Source: learn.microsoft.com/entra/agent-id, the autonomous app flow.
func (c *Client) requestFromEntra(
	ctx context.Context, r Request, cred confidential.Credential, options ...confidential.Option,
) (Token, error) {
	if r.Agent == "" {
		return c.requestOnce(ctx, r, cred, options...)
	}
	first := r
	first.Claims, first.Scope = "", exchangeAudience(r.Authority)+"/.default"
	exchange, err := c.requestOnce(ctx, first, cred, options...)
	if err != nil {
		return Token{}, onLeg(LegBlueprint, err)
	}
	c.debug("the blueprint got a token of agent " + text.Quote(r.Agent) + ", which the agent presents")
	second := r
	second.ClientID, second.Agent = r.Agent, ""
	present := func(context.Context, confidential.AssertionRequestOptions) (string, error) {
		return exchange.Access.Reveal(), nil
	}
	token, err := c.requestOnce(ctx, second, confidential.NewCredFromAssertionCallback(present))
	return token, onLeg(LegAgent, err)
}

// onLeg marks a refusal with the request that it answers.
func onLeg(leg Leg, err error) error {
	var refusal *Refusal
	if errors.As(err, &refusal) {
		refusal.Leg = leg
	}
	return err
}

// exchangeAudience is the audience of federated tokens in the authority's cloud.
func exchangeAudience(a entra.Authority) string {
	if cloud, ok := a.Cloud(); ok {
		return cloud.FederationAudience
	}
	return entra.Clouds()[0].FederationAudience
}

// requestOnce sends one token request. Each call has an MSAL client of its own, because
// MSAL's cache in memory does not distinguish credentials.
func (c *Client) requestOnce(
	ctx context.Context, r Request, cred confidential.Credential, options ...confidential.Option,
) (Token, error) {
	region := r.Region
	if region == "" {
		region = noRegion
	}
	client, err := confidential.New(r.Authority.URL(), r.ClientID, cred, append(options,
		confidential.WithHTTPClient(c.tokenHTTP(r.Authority)),
		// Instance discovery would send every authority to
		// login.microsoftonline.com; the hosts to trust are the ones that were set.
		confidential.WithInstanceDiscovery(false),
		confidential.WithAzureRegion(region))...)
	if err != nil {
		return Token{}, &SettingError{Setting: "authority", Found: r.Authority.URL(), Err: err}
	}
	var call []confidential.AcquireByCredentialOption
	if r.Claims != "" {
		call = append(call, confidential.WithClaims(r.Claims))
	}
	if r.Agent != "" {
		call = append(call, confidential.WithFMIPath(r.Agent))
	}
	result, err := client.AcquireTokenByCredential(ctx, []string{r.Scope}, call...)
	if err != nil {
		return Token{}, msalError(r.Authority.Origin, err)
	}
	return c.accept(r.Authority.Origin, result)
}

// tokenHTTP returns the HTTP client under MSAL, for one authority.
func (c *Client) tokenHTTP(a entra.Authority) *http.Client {
	return &http.Client{
		Transport: &tokenEndpoint{authority: a, next: c.transport(), wait: c.waiter(), debug: c.debug},
		// The endpoint's transport rejects redirects already; this keeps
		// net/http from building the next request.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// msalError converts an error of MSAL to one of this package. Neither its text
// nor CallErr.Req is used: the text repeats the answer's whole body, and the
// request holds the secret.
func msalError(address string, err error) error {
	address = strings.TrimPrefix(address, "https://")
	var (
		outage  *Outage
		fault   *UnreachableError
		setting *SettingError
		call    msalerrors.CallErr
		badJSON msalerrors.InvalidJsonErr
	)
	switch {
	case errors.As(err, &outage):
		return outage
	case errors.As(err, &fault):
		return fault
	case errors.As(err, &setting):
		return setting
	case errors.As(err, &call):
		return callError(address, call)
	case errors.As(err, &badJSON):
		return &Outage{Address: address, Status: http.StatusOK, Err: fmt.Errorf("%w: it is not JSON of a token response", ErrNotEntra)}
	case errors.Is(err, context.Canceled):
		return context.Canceled
	}
	if fault := transport.Diagnose(address, err); fault.Fault != transport.FaultOther {
		return &UnreachableError{fault}
	}
	return &Outage{Address: address, Err: fmt.Errorf("%w: %s", ErrNotEntra, text.OneLine(err.Error(), maxShown))}
}

func callError(address string, call msalerrors.CallErr) error {
	if call.Resp == nil {
		return &Outage{Address: address, Err: ErrNotEntra}
	}
	body, err := io.ReadAll(io.LimitReader(call.Resp.Body, maxAnswer))
	if err != nil {
		return &Outage{Address: address, Status: call.Resp.StatusCode, Err: ErrNotEntra}
	}
	return refusedBy(address, call.Resp.StatusCode, call.Resp.Header, body)
}

// accept checks that a token can be carried in a header (RFC 6750 section 2.1)
// before it goes into one, a curl configuration or a terminal.
func (c *Client) accept(address string, result confidential.AuthResult) (Token, error) {
	if !entra.IsBearerToken(result.AccessToken) {
		return Token{}, &Outage{
			Address: strings.TrimPrefix(address, "https://"), Status: http.StatusOK,
			Err: fmt.Errorf("%w: the access token is empty or holds characters that no header can carry", ErrNotEntra),
		}
	}
	return Token{
		Access:    entra.NewSecret(result.AccessToken),
		Type:      "Bearer",
		ExpiresOn: result.ExpiresOn.UTC(),
		RefreshOn: result.Metadata.RefreshOn.UTC(),
		Source:    SourceIDP,
	}, nil
}
