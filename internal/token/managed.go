package token

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/managedidentity"

	"m2m/internal/entra"
	"m2m/internal/text"
	"m2m/internal/transport"
)

// managedIdentity is the identity of the Azure resource that m2m runs on.
type managedIdentity struct{ clientID string }

// NewManagedIdentity returns the credential that is the identity of the Azure
// resource m2m runs on: the system-assigned one, or the user-assigned one that
// clientID names. MSAL finds the endpoint from the process's own environment.
func NewManagedIdentity(clientID string) Credential { return managedIdentity{clientID} }

func (managedIdentity) Kind() string { return "managed identity" }

func (m managedIdentity) String() string {
	if m.clientID == "" {
		return "managed identity, system-assigned"
	}
	return "managed identity " + text.Quote(m.clientID)
}

func (managedIdentity) sealingSecret() entra.Secret { return entra.Secret{} }

func (managedIdentity) provider(Request) string { return managedEndpoint }

// check needs neither tenant nor client: the resource's own are used.
func (m managedIdentity) check(Request, time.Time) error {
	if m.clientID == "" {
		return nil
	}
	return settingError("managed identity", m.clientID, entra.CheckClientID(m.clientID))
}

// managedEndpoint is the endpoint's name in errors: its address says nothing to
// a user.
const managedEndpoint = "the managed identity endpoint"

func (m managedIdentity) acquire(ctx context.Context, c *Client, r Request) (Token, error) {
	var id managedidentity.ID = managedidentity.SystemAssigned()
	if m.clientID != "" {
		id = managedidentity.UserAssignedClientID(m.clientID)
	}
	httpClient, last, err := c.localHTTP()
	if err != nil {
		return Token{}, err
	}
	client, err := managedidentity.New(id, managedidentity.WithHTTPClient(httpClient))
	if err != nil {
		return Token{}, m.unsupported(err)
	}
	var options []managedidentity.AcquireTokenOption
	if r.Claims != "" {
		options = append(options, managedidentity.WithClaims(r.Claims))
	}
	result, err := client.AcquireToken(ctx, r.Scope, options...)
	if err != nil {
		return Token{}, last.explain(err)
	}
	return c.accept(managedEndpoint, result)
}

func (m managedIdentity) unsupported(err error) error {
	return &SettingError{Setting: "managed identity", Err: fmt.Errorf("it cannot be used here: %w", err)}
}

// localHTTP returns the client for managed identity endpoints, which sit on the
// machine itself and speak plain http: no proxy, no redirects, and a short time
// to connect, because off Azure nothing answers at all. Service Fabric needs
// the transport to be net/http's own, so that nothing wraps it.
func (c *Client) localHTTP() (*http.Client, *lastAnswer, error) {
	local, err := c.transport().Direct(2 * time.Second)
	var file *transport.CAFileError
	switch {
	case errors.As(err, &file):
		return nil, nil, caFileError(file)
	case err != nil:
		return nil, nil, err
	}
	last := &lastAnswer{next: c.transport().Traced(local)}
	client := &http.Client{
		Transport:     last,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if source, err := managedidentity.GetSource(); err == nil && source == managedidentity.ServiceFabric {
		client.Transport = local
	}
	return client, last, nil
}

// lastAnswer bounds and traces the exchanges of one acquisition and keeps the
// last answer, because the body in MSAL's error for managed identities was read
// to its end already. MSAL makes one exchange at a time.
type lastAnswer struct {
	next http.RoundTripper

	status int
	header http.Header
	body   []byte
}

// RoundTrip implements http.RoundTripper.
func (a *lastAnswer) RoundTrip(req *http.Request) (*http.Response, error) {
	a.status, a.header, a.body = 0, nil, nil
	resp, err := a.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := readAnswer(resp)
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	a.status, a.header, a.body = resp.StatusCode, resp.Header, body
	return resp, nil
}

// explain converts MSAL's error to one of this package.
func (a *lastAnswer) explain(err error) error {
	if a.status >= 300 {
		return refusedBy(managedEndpoint, a.status, a.header, a.body)
	}
	return msalError(managedEndpoint, err)
}
