package token

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/managedidentity"

	"m2m/internal/entra"
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
	return "managed identity " + quote(m.clientID)
}

func (managedIdentity) lasting() entra.Secret { return entra.Secret{} }

func (managedIdentity) provider(Request) string { return "the managed identity endpoint" }

// check asks for no tenant and no client: the resource's own are used.
func (m managedIdentity) check(Request, time.Time) error {
	if m.clientID == "" {
		return nil
	}
	if err := entra.CheckClientID(m.clientID); err != nil {
		return &SettingError{Setting: "managed identity", Found: m.clientID, Err: err, Advice: []string{
			"give the Client ID of the user-assigned identity, not its Object ID or name",
		}}
	}
	return nil
}

func (m managedIdentity) acquire(ctx context.Context, c *Client, r Request) (Token, error) {
	var id managedidentity.ID = managedidentity.SystemAssigned()
	if m.clientID != "" {
		id = managedidentity.UserAssignedClientID(m.clientID)
	}
	httpClient, err := c.localHTTP()
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
		return Token{}, msalError("the managed identity endpoint", err)
	}
	return c.accept("the managed identity endpoint", result)
}

func (m managedIdentity) unsupported(err error) error {
	return &SettingError{Setting: "managed identity", Err: fmt.Errorf("it cannot be used here: %w", err)}
}

// localHTTP returns the client for managed identity endpoints, which sit on the
// machine itself and speak plain http: no proxy, no redirects, and a short time
// to connect, because off Azure nothing answers at all. Service Fabric needs
// the transport to be net/http's own, so that nothing wraps it.
func (c *Client) localHTTP() (*http.Client, error) {
	standard, err := c.transport().standard()
	if err != nil {
		return nil, err
	}
	local := standard.Clone()
	local.Proxy = nil
	local.DialContext = (&net.Dialer{Timeout: 2 * time.Second}).DialContext
	client := &http.Client{
		Transport:     local,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if source, err := managedidentity.GetSource(); err != nil || source == managedidentity.ServiceFabric {
		return client, nil
	}
	client.Transport = boundedAnswers{c.transport(), local}
	return client, nil
}

// boundedAnswers traces exchanges and cuts answers off that are too large.
type boundedAnswers struct {
	trace *Transport
	next  http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (b boundedAnswers) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := b.trace.traced(b.next, req)
	if err != nil {
		return nil, err
	}
	resp.Body = http.MaxBytesReader(nil, resp.Body, maxAnswer)
	return resp, nil
}
