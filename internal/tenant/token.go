package tenant

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"m2m/internal/entra"
	"m2m/internal/tenant/credential"
	"m2m/internal/tenant/directory"
	"m2m/internal/tenant/mint"
	"m2m/internal/tenant/refusal"
)

// TokenRequest is one request at a token endpoint and its answer. It holds no
// secret and no token. What the client sent is cut to 128 bytes and otherwise as
// it came: quote it where it is printed.
type TokenRequest struct {
	// Time is when the answer was decided, by the tenant's clock.
	Time time.Time
	// Endpoint is the version of the endpoint, not of the token.
	Endpoint entra.Version
	// Tenant is the tenant as the URL gave it.
	Tenant string
	// ClientID is the ID that the client sent; ClientName is the display
	// name of the app with that ID, empty if there is none.
	ClientID, ClientName string
	// Credential is the kind that was sent.
	Credential credential.Kind
	// Resource is the API that the token is for: the scope less /.default, or
	// the resource of v1.0.
	Resource string
	// Status is the HTTP status of the answer.
	Status int
	// Code is the AADSTS code; 0 means that a token was issued.
	Code int
	// Error is the OAuth error word and Reason our text; both empty if a token
	// was issued.
	Error, Reason string
	// TraceID and CorrelationID are those of the answer.
	TraceID, CorrelationID string
}

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
			outcome.Status, outcome.Code = refused.Status, refused.Code
			outcome.Error, outcome.Reason = refused.Word, refused.Reason
		}
		if s.config.OnTokenRequest != nil {
			s.config.OnTokenRequest(outcome)
		}
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
	checker := credential.Checker{Origin: s.maker.Origin, HTTP: s.config.HTTPClient}
	if refused := checker.Check(r.Context(), tenant, client, parsed.kind, parsed.value, x.now); refused != nil {
		return nil, refused
	}
	return s.issue(v, tenant, client, parsed, x)
}

// admit returns the client that may use the tenant at all.
func admit(t *directory.Tenant, id string) (*directory.Client, *refusal.Refusal) {
	client := t.FindClient(id)
	switch {
	case id == zeroGUID:
		return nil, refusal.ZeroApp.With(id)
	case client == nil:
		return nil, refusal.UnknownApp.With(id, t.ID)
	case client.NoServicePrincipal:
		return nil, refusal.NoServicePrincipal.With(client.ID, t.ID)
	case client.Disabled:
		return nil, refusal.DisabledApp.With(client.ID)
	}
	return client, nil
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

// issue makes the token of an authenticated client.
func (s *Server) issue(
	endpoint entra.Version, t *directory.Tenant, c *directory.Client, f tokenForm, x *exchange,
) (*issuedToken, *refusal.Refusal) {
	api, refused := resolve(t, c, f.resource)
	if refused != nil {
		return nil, refused
	}
	if c.BlockedByPolicy != "" {
		return nil, refusal.Policy(c.BlockedByPolicy)
	}
	lifetime := s.lifetime()
	token, err := s.maker.Issue(mint.Subject{
		Tenant: t, Client: c, API: api, Resource: f.resource, Proof: f.kind.Proof(), Capabilities: f.capabilities, Endpoint: endpoint,
	}, x.now, lifetime)
	if err != nil {
		return nil, refusal.NotSigned.With(err.Error())
	}
	return &issuedToken{
		Token:     token,
		resource:  f.resource,
		expiresIn: max(0, int64(lifetime/time.Second)-1), // Entra's hour is 3599 seconds
	}, nil
}

// resolve finds the API that a resource names; nil without a refusal is
// Microsoft Graph.
func resolve(t *directory.Tenant, c *directory.Client, resource string) (*directory.API, *refusal.Refusal) {
	if resource == zeroGUID {
		return nil, refusal.ZeroResource.With(resource)
	}
	api := t.FindAPI(resource)
	switch {
	case api == nil && directory.IsGraph(resource):
		return nil, nil
	case api == nil:
		return nil, refusal.UnknownResource.With(resource, t.ID)
	case api.AssignmentRequired && len(t.RolesOn(c, api)) == 0:
		return nil, refusal.AssignmentRequired.With(c.ID, resource)
	}
	return api, nil
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
