package tenant

import (
	"crypto/x509"
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"m2m/internal/entra"
	"m2m/internal/tenant/control"
	"m2m/internal/tenant/credential"
	"m2m/internal/tenant/directory"
	"m2m/internal/tenant/mint"
	"m2m/internal/tenant/refusal"
)

// TokenRequest is one request for a token and its answer.
type TokenRequest = control.TokenRequest

// tokenBodyV2 is a success at the v2.0 endpoint: these four fields and no
// others.
type tokenBodyV2 struct {
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"`
	ExtExpiresIn int64  `json:"ext_expires_in"`
	AccessToken  string `json:"access_token"`
}

// tokenBodyV1 is a success at the v1.0 endpoint, where numbers are strings.
type tokenBodyV1 struct {
	TokenType    string `json:"token_type"`
	ExpiresIn    string `json:"expires_in"`
	ExtExpiresIn string `json:"ext_expires_in"`
	ExpiresOn    string `json:"expires_on"`
	NotBefore    string `json:"not_before"`
	Resource     string `json:"resource"`
	AccessToken  string `json:"access_token"`
}

// serveToken answers at the token endpoint of one version.
func (s *Server) serveToken(v entra.Version) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		x := newExchange(r, s.now())
		outcome := TokenRequest{
			Time: x.now, Endpoint: v, Tenant: cut(r.PathValue("tenant")), Credential: credential.None,
			Status: http.StatusOK, TraceID: x.traceID, CorrelationID: x.correlationID,
		}
		token, refused := s.answer(v, w, r, x, &outcome)
		if refused != nil {
			outcome.Status = refused.Status
			explainRefusal(&outcome, refused)
		}
		s.requests.add(outcome, s.config.OnTokenRequest)
		x.tokenHeaders(w.Header(), outcome.Code)
		if refused != nil {
			x.writeRefusal(w, refused)
			return
		}
		writeJSON(w, http.StatusOK, token.body(v))
	}
}

// answer decides about one token request, in Entra's order: the request, the
// tenant, the app, its credential, the resource.
func (s *Server) answer(
	v entra.Version, w http.ResponseWriter, r *http.Request, x *exchange, outcome *TokenRequest,
) (*issuedToken, *refusal.Refusal) {
	form, refused := readForm(w, r)
	if refused != nil {
		return nil, refused
	}
	parsed, refused := parseForm(v, form, r.Header.Get("Authorization"))
	outcome.ClientID, outcome.Credential, outcome.Resource = cut(parsed.clientID), parsed.kind, cut(parsed.resource)
	if refused != nil {
		return nil, refused
	}
	segment := r.PathValue("tenant")
	if isGroup(segment) {
		return nil, refusal.TenantNeeded.With(segment)
	}
	tenant, refused := s.findTenant(segment)
	if refused != nil {
		return nil, refused
	}
	client, refused := admit(tenant, parsed.clientID)
	if refused != nil {
		return nil, refused
	}
	outcome.ClientName = client.Name
	if refused := checkBinding(r, parsed, x.now); refused != nil {
		return nil, refused
	}
	checker := credential.Checker{Origin: s.maker.Origin, HTTP: s.config.HTTPClient, Keys: s.maker.Keys}
	if refused := checker.Check(r.Context(), tenant, client, parsed.kind, parsed.value, x.now); refused != nil {
		return nil, refused
	}
	subject := mint.Subject{
		Tenant: tenant, Client: client, Resource: parsed.resource, Proof: parsed.kind.Proof(),
		Federated: parsed.kind == credential.Federated, Capabilities: parsed.capabilities, Endpoint: v,
	}
	if subject.API, refused = resolve(tenant, client, parsed); refused != nil {
		return nil, refused
	}
	if client.IsBlueprint {
		if subject.Agent, refused = agentOf(subject, parsed, r.URL.Query().Has("fmi_path")); refused != nil {
			return nil, refused
		}
		outcome.Agent = subject.Agent.ID
	}
	return s.issue(subject, x.now)
}

// admit returns the client or agent identity that may use the tenant at all. A
// managed identity has its own endpoint.
func admit(t *directory.Tenant, id string) (*directory.Client, *refusal.Refusal) {
	client := t.FindPrincipal(id)
	switch {
	case id == zeroGUID:
		return nil, refusal.ZeroApp.With(id)
	case client == nil || client.Kind == directory.SystemIdentity || client.Kind == directory.UserIdentity:
		return nil, refusal.UnknownApp.With(id, t.ID)
	case client.NoServicePrincipal:
		return nil, refusal.NoServicePrincipal.With(client.ID, t.ID)
	case client.Disabled:
		return nil, refusal.DisabledApp.With(client.ID)
	}
	return client, nil
}

// checkBinding refuses tokens that are bound to a key, which this tenant does not
// issue, and a TLS certificate that contradicts the assertion.
func checkBinding(r *http.Request, f tokenForm, now time.Time) *refusal.Refusal {
	var sent *x509.Certificate
	if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
		sent = r.TLS.PeerCertificates[0]
	}
	switch {
	case f.tokenType == "pop":
		return refusal.ProofOfPossession.With(f.tokenType)
	case f.tokenType == "mtls_pop" && sent == nil:
		return refusal.TLSCertificateNeeded.With()
	case f.tokenType == "mtls_pop" && now.After(sent.NotAfter):
		return refusal.TLSCertificateExpired.With()
	case f.tokenType == "mtls_pop":
		return refusal.TLSCertificateKind.With()
	case sent != nil && f.kind == credential.Certificate && !credential.IsSignedBy(f.value.Reveal(), sent):
		return refusal.TLSCertificateMismatch.With()
	}
	return nil
}

// agentOf returns the agent identity for which its blueprint requests a token to
// present. A blueprint gets no other tokens.
func agentOf(s mint.Subject, f tokenForm, inQuery bool) (*directory.Client, *refusal.Refusal) {
	if s.API == nil || !s.API.IsExchange() {
		return nil, refusal.BlueprintForItself.With(s.Client.ID, f.resource)
	}
	if f.fmiPath == "" {
		where := ""
		if inQuery {
			where = "; it came in the query and belongs in the body"
		}
		return nil, refusal.FMIPathNeeded.With(s.Client.ID, where)
	}
	agent := s.Tenant.FindPrincipal(f.fmiPath)
	if agent == nil || agent.Kind != directory.AgentIdentity || !strings.EqualFold(agent.Blueprint, s.Client.ID) {
		return nil, refusal.AgentUnknown.With(f.fmiPath, s.Client.ID, s.Tenant.ID)
	}
	return agent, nil
}

func (t *issuedToken) body(v entra.Version) any {
	token := t.Value.Reveal()
	if v == entra.V1 {
		in := strconv.FormatInt(t.expiresIn, 10)
		return tokenBodyV1{
			TokenType: "Bearer", ExpiresIn: in, ExtExpiresIn: in,
			ExpiresOn: strconv.FormatInt(t.Expires, 10), NotBefore: strconv.FormatInt(t.NotBefore, 10),
			Resource: t.resource, AccessToken: token,
		}
	}
	return tokenBodyV2{"Bearer", t.expiresIn, t.expiresIn, token}
}

// isGroup reports whether a path segment means many tenants.
func isGroup(segment string) bool {
	switch strings.ToLower(segment) {
	case "common", "organizations", "consumers":
		return true
	}
	return false
}

// zeroGUID is what an unset variable or a placeholder often holds; Entra has
// codes of its own for it.
const zeroGUID = "00000000-0000-0000-0000-000000000000"

// findTenant returns the tenant that a path segment names, in any case.
func (s *Server) findTenant(segment string) (*directory.Tenant, *refusal.Refusal) {
	if t := s.maker.Directory.Find(segment); t != nil {
		return t, nil
	}
	if segment == zeroGUID {
		return nil, refusal.ZeroTenant.With(zeroGUID)
	}
	err := entra.CheckTenant(segment)
	if errors.Is(err, entra.ErrTenantForm) || errors.Is(err, entra.ErrPlaceholder) && !entra.IsGUID(segment) {
		return nil, refusal.MalformedTenant.With(segment)
	}
	return nil, refusal.UnknownTenant.With(segment)
}

// Entra's default lifetime of an access token is random between these, so that
// clients do not all return at once.
const (
	shortestLifetime = 60 * time.Minute
	longestLifetime  = 90 * time.Minute
)

// issuedToken is a token with the other values of the answer.
type issuedToken struct {
	mint.Token
	resource  string
	expiresIn int64 // seconds
}

// issue makes the token of an authenticated client or managed identity.
func (s *Server) issue(subject mint.Subject, now time.Time) (*issuedToken, *refusal.Refusal) {
	if policy := subject.Client.BlockedByPolicy; policy != "" {
		return nil, refusal.Policy(policy)
	}
	lifetime := s.lifetime()
	if subject.Agent != nil {
		lifetime = exchangeLifetime
	}
	token, err := s.maker.Issue(subject, now, lifetime)
	if err != nil {
		return nil, refusal.NotSigned.With(err.Error())
	}
	return &issuedToken{
		Token:     token,
		resource:  subject.Resource,
		expiresIn: max(0, int64(lifetime/time.Second)-1), // Entra's hour is 3599 seconds
	}, nil
}

// exchangeLifetime is how long the token lives that a blueprint presents for an agent
// identity: 3900 seconds from its nbf, as seen.
const exchangeLifetime = time.Hour

// resolve finds the API that a request names; nil without a refusal is Microsoft
// Graph.
func resolve(t *directory.Tenant, c *directory.Client, f tokenForm) (*directory.API, *refusal.Refusal) {
	if f.resource == zeroGUID {
		return nil, refusal.ZeroResource.With(f.resource)
	}
	api, graph := t.FindAPI(f.resource), directory.IsGraph(f.resource)
	switch {
	case api == nil && !graph:
		return nil, refusal.UnknownResource.With(f.resource, t.ID)
	case f.target != "" && !slices.Contains(targetsOf(api), f.target):
		return nil, refusal.ResourceMismatch.With(f.target, f.resource+defaultScope)
	case api == nil:
		return nil, nil
	case api.AssignmentRequired && len(t.RolesOn(c, api)) == 0:
		return nil, refusal.AssignmentRequired.With(c.ID, f.resource)
	}
	return api, nil
}

// targetsOf lists what the resource of v2.0 may be for an API: its App ID URIs.
func targetsOf(api *directory.API) []string {
	if api == nil {
		graph := "https://" + entra.Clouds()[0].Graph[0]
		return []string{graph, graph + "/"}
	}
	return api.URIs
}

func (s *Server) lifetime() time.Duration {
	if lifetime := s.faults.Lifetime(); lifetime > 0 {
		return lifetime
	}
	from, to := s.config.TokenLifetime, max(s.config.TokenLifetime, s.config.LongestTokenLifetime)
	if to == 0 {
		from, to = shortestLifetime, longestLifetime
	}
	return from + time.Duration(rand.Int64N(int64((to-from)/time.Second)+1))*time.Second
}
