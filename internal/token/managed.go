package token

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	msalerrors "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/managedidentity"

	"m2m/internal/entra"
	"m2m/internal/text"
	"m2m/internal/transport"
)

// managedIdentity is the identity of the Azure resource that m2m runs on.
type managedIdentity struct {
	clientID string
	at       *appService // nil means where MSAL finds it
}

// appService is an endpoint that speaks App Service's protocol.
type appService struct {
	address string
	header  entra.Secret
}

// NewManagedIdentity returns the credential that is the identity of the Azure
// resource m2m runs on: the system-assigned one, or the user-assigned one that
// clientID names. MSAL finds the endpoint from the process's own environment.
func NewManagedIdentity(clientID string) Credential { return managedIdentity{clientID: clientID} }

// NewManagedIdentityAt is NewManagedIdentity at an endpoint that speaks App Service's
// protocol, whatever the process's environment says: that of a local tenant.
func NewManagedIdentityAt(address string, header entra.Secret, clientID string) Credential {
	return managedIdentity{clientID, &appService{address, header}}
}

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
func (m managedIdentity) check(r Request, _ time.Time) error {
	if r.Agent != "" {
		return settingError("agent", r.Agent, ErrAgentManaged)
	}
	if m.clientID == "" {
		return nil
	}
	return settingError("managed identity", m.clientID, entra.CheckClientID(m.clientID))
}

// managedEndpoint is the endpoint's name in errors: its address says nothing to
// a user.
const managedEndpoint = "the managed identity endpoint"

func (m managedIdentity) acquire(ctx context.Context, c *Client, r Request) (Token, error) {
	endpoint, err := c.managedEndpoint()
	if err != nil {
		return Token{}, err
	}
	if m.at != nil {
		endpoint.platform, endpoint.at = AppService, m.at
	}
	return m.acquireFrom(ctx, c, r, endpoint)
}

func (m managedIdentity) acquireFrom(ctx context.Context, c *Client, r Request, endpoint *endpoint) (Token, error) {
	var id managedidentity.ID = managedidentity.SystemAssigned()
	if m.clientID != "" {
		id = managedidentity.UserAssignedClientID(m.clientID)
	}
	// The endpoint retries as each platform documents it; MSAL's three tries, one
	// second apart, are too few for IMDS.
	client, err := managedidentity.New(id, managedidentity.WithHTTPClient(endpoint.client()), managedidentity.WithRetryPolicyDisabled())
	if err != nil {
		return Token{}, m.unsupported(endpoint.platform, err)
	}
	var options []managedidentity.AcquireTokenOption
	if r.Claims != "" {
		options = append(options, managedidentity.WithClaims(r.Claims))
	}
	result, err := client.AcquireToken(ctx, r.Scope, options...)
	if err == nil {
		var token Token
		if token, err = c.accept(managedEndpoint, result); err == nil {
			token.ClientID, token.Resource = endpoint.identity()
			return token, nil
		}
	}
	fault := endpoint.explain(ctx, err)
	var platform *PlatformError
	if errors.As(fault, &platform) {
		platform.Identity, platform.Resource = m.clientID, entra.Resource(r.Scope)
	}
	return Token{}, fault
}

// unsupported is the error of a platform that has no user-assigned identities, or
// whose variables cannot be used.
func (m managedIdentity) unsupported(p Platform, err error) error {
	return &SettingError{Setting: "managed identity", Err: fmt.Errorf("it cannot be used on %s: %s", p, text.OneLine(err.Error(), maxShown))}
}

// platformOfSource are MSAL's names of the platforms.
func platformOfSource() Platform {
	source, _ := managedidentity.GetSource()
	switch source {
	case managedidentity.AppService:
		return AppService
	case managedidentity.AzureArc:
		return AzureArc
	case managedidentity.AzureML:
		return AzureML
	case managedidentity.CloudShell:
		return CloudShell
	case managedidentity.ServiceFabric:
		return ServiceFabric
	}
	return IMDS
}

// endpoint is the transport under MSAL for managed identities. It retries, bounds and
// traces exchanges and keeps the last answer, because the body in MSAL's error was
// read to its end already, and because MSAL drops whose token it is.
type endpoint struct {
	platform Platform
	next     http.RoundTripper
	wait     func(context.Context, time.Duration) error
	debug    func(string)
	at       *appService // nil means where MSAL sends the request

	sent   http.Header // of the last request
	status int
	header http.Header
	body   []byte
}

// managedEndpoint returns the transport to the endpoint, which sits on the machine
// itself and speaks plain http: no proxy, no redirects, and a short time to connect,
// because off Azure nothing answers at all.
func (c *Client) managedEndpoint() (*endpoint, error) {
	local, err := c.transport().Direct(2 * time.Second)
	var file *transport.CAFileError
	switch {
	case errors.As(err, &file):
		return nil, caFileError(file)
	case err != nil:
		return nil, err
	}
	e := &endpoint{platform: platformOfSource(), next: local, wait: c.waiter(), debug: c.debug}
	if e.platform != ServiceFabric {
		e.next = c.transport().Traced(local)
	}
	return e, nil
}

// client returns the HTTP client for MSAL. Service Fabric's needs net/http's own
// transport, to which MSAL adds the certificate's thumbprint.
func (a *endpoint) client() *http.Client {
	client := &http.Client{
		Transport:     a,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if a.platform == ServiceFabric {
		client.Transport = a.next
	}
	return client
}

// imdsPauses are those that IMDS documents, tries after 0, 2, 6, 14 and 30 seconds, and
// more of the last one for a 410, which lasts up to 70 seconds.
// Source: entra-docs how-to-use-vm-token.md.
var imdsPauses = []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second}

// awayTries is how often IMDS is asked that answers 410.
const awayTries = 8

// RoundTrip implements http.RoundTripper.
func (a *endpoint) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := bodyOf(req)
	if err != nil {
		return nil, err
	}
	var resp *http.Response
	var failure error
	ended := transport.Retry{Attempts: awayTries, Sleep: a.wait, BeforePause: func(attempt int, pause time.Duration) {
		a.debug(fmt.Sprintf("attempt %d failed, the next one in %s: status %d", attempt, text.Duration(pause), a.status))
	}}.Do(req.Context(), func(attempt int) transport.Attempt {
		again := req.Clone(req.Context())
		if body != nil {
			again.Body = io.NopCloser(bytes.NewReader(body))
		}
		if resp, failure = a.exchange(again); failure != nil {
			return transport.Attempt{}
		}
		return a.retry(attempt)
	})
	if ended != nil && !errors.Is(ended, transport.ErrNoTimeToRetry) {
		return nil, ended
	}
	return resp, failure
}

// bodyOf reads the body of a request, so that it can be sent again.
func bodyOf(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	defer func() { _ = req.Body.Close() }() // MSAL's, from memory
	return io.ReadAll(req.Body)
}

// redirect sends a request of MSAL to the endpoint in App Service's protocol.
func (s *appService) redirect(req *http.Request) error {
	address, err := url.Parse(s.address)
	if err != nil {
		return errors.New("the address of the managed identity endpoint does not parse")
	}
	query := url.Values{"api-version": {"2019-08-01"}}
	for _, name := range []string{"resource", "client_id"} {
		if value := req.URL.Query().Get(name); value != "" {
			query.Set(name, value)
		}
	}
	address.RawQuery = query.Encode()
	req.URL, req.Host = address, address.Host
	req.Header = http.Header{"X-Identity-Header": {s.header.Reveal()}}
	return nil
}

func (a *endpoint) exchange(req *http.Request) (*http.Response, error) {
	if a.at != nil {
		if err := a.at.redirect(req); err != nil {
			return nil, err
		}
	}
	a.sent, a.status, a.header, a.body = req.Header, 0, nil, nil
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

// retry says whether the last answer may be another one the next time, and when.
func (a *endpoint) retry(attempt int) transport.Attempt {
	if a.status < 400 {
		return transport.Attempt{}
	}
	e := platformAnswer(a.platform, a.status, a.header, a.body)
	most, pause := 3, time.Second
	if a.platform == IMDS {
		most, pause = len(imdsPauses)+1, imdsPauses[min(attempt, len(imdsPauses))-1]
		if e.Reason == ReasonAway {
			most = awayTries
		}
	}
	return transport.Attempt{Again: e.Transient() && attempt < most, After: max(pause, e.RetryAfter), Asked: true}
}

// identity returns whose token the last answer has, and what it is for, where it says
// so.
func (a *endpoint) identity() (clientID, resource string) {
	var answer struct {
		ClientID string `json:"client_id"`
		Resource string `json:"resource"`
	}
	if json.Unmarshal(a.body, &answer) != nil {
		return "", ""
	}
	return text.OneLine(answer.ClientID, maxWord), text.OneLine(answer.Resource, maxShown)
}

// explain converts MSAL's error to one of this package.
func (a *endpoint) explain(ctx context.Context, err error) error {
	var (
		call    msalerrors.CallErr
		badJSON msalerrors.InvalidJsonErr
	)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return context.Canceled
	case a.platform == ServiceFabric && errors.As(err, &call) && call.Resp != nil:
		_, body, _ := strings.Cut(call.Err.Error(), ":\n") // its transport is not this one
		return platformAnswer(a.platform, call.Resp.StatusCode, call.Resp.Header, []byte(body)).without(call.Req.Header)
	case a.platform == AzureArc && a.status == http.StatusUnauthorized && !errors.As(err, &call):
		return a.explainKeyFile(err)
	case a.platform == AzureArc && !errors.As(err, &call) && strings.Contains(err.Error(), "did not confirm"):
		return &PlatformError{
			Platform: AzureArc, Reason: ReasonOldAgent, Message: "it did not confirm the user-assigned identity that was asked for",
		}
	case a.status != 0, errors.As(err, &badJSON):
		return platformAnswer(a.platform, max(a.status, 200), a.header, a.body).without(a.sent)
	}
	return a.unreachable(err)
}

// unreachable is an endpoint that does not answer. IMDS is then not there: its address
// is no route, or a firewall's.
func (a *endpoint) unreachable(err error) error {
	fault := transport.Diagnose("", err)
	e := &PlatformError{Platform: a.platform, Reason: ReasonNoAnswer, Err: fault}
	if a.platform == IMDS {
		switch fault.Fault {
		case transport.FaultRefused, transport.FaultTimeout, transport.FaultOther, transport.FaultClosed:
			e.Reason = ReasonNoEndpoint
		}
	}
	return e
}

// explainKeyFile is about the file that Arc's challenge names, in MSAL's words: it has
// no error types for them.
func (a *endpoint) explainKeyFile(err error) error {
	words := text.OneLine(err.Error(), maxShown)
	e := &PlatformError{Platform: AzureArc, Reason: ReasonKeyFileStrange, Message: words}
	switch {
	case strings.Contains(words, "permission denied"), strings.Contains(words, "Access is denied"):
		e.Reason = ReasonKeyFileDenied
	case strings.Contains(words, "no such file"), strings.Contains(words, "cannot find"):
		e.Reason = ReasonKeyFileMissing
	}
	return e
}

// secretHeaders prove to an endpoint that this process may ask.
var secretHeaders = []string{"X-Identity-Header", "Secret", "Authorization"}

// without removes what a request proved itself with from the platform's words, which
// are shown.
func (e *PlatformError) without(sent http.Header) *PlatformError {
	for _, name := range secretHeaders {
		secret := strings.TrimPrefix(sent.Get(name), "Basic ")
		if secret != "" {
			e.Message = strings.ReplaceAll(e.Message, secret, text.Redacted)
			e.Code = strings.ReplaceAll(e.Code, secret, text.Redacted)
		}
	}
	return e
}
