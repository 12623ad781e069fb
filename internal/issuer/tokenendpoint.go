package issuer

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/tenant/credential"
	"m2m/internal/tenant/directory"
	"m2m/internal/tenant/refusal"
)

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
func (i *Issuer) serveToken(v entra.Version) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		x := newExchange(r, i.now())
		outcome := TokenRequest{
			Time: x.now, Endpoint: v, Tenant: refusal.Bound(r.PathValue("tenant")), Credential: credential.None,
			Status: http.StatusOK, TraceID: x.traceID, CorrelationID: x.correlationID,
		}
		token, refused := i.answer(v, w, r, x, &outcome)
		if refused != nil {
			outcome.Status, outcome.Code = refused.Status, refused.Code
			outcome.Error, outcome.Reason = refused.Word, refused.Reason
		}
		if i.onTokenRequest != nil {
			i.onTokenRequest(outcome)
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
func (i *Issuer) answer(v entra.Version, w http.ResponseWriter, r *http.Request, x *exchange, outcome *TokenRequest) (*issuedToken, *refusal.Refusal) {
	form, refused := readForm(w, r)
	if refused != nil {
		return nil, refused
	}
	parsed, refused := parseForm(v, form, r.Header.Get("Authorization"))
	outcome.ClientID, outcome.Credential, outcome.Resource = refusal.Bound(parsed.clientID), parsed.kind, refusal.Bound(parsed.resource)
	if refused != nil {
		return nil, refused
	}
	segment := r.PathValue("tenant")
	if isGroup(segment) {
		return nil, refusal.TenantNeeded.With(segment)
	}
	tenant, refused := i.findTenant(segment)
	if refused != nil {
		return nil, refused
	}
	client, refused := admit(tenant, parsed.clientID)
	if refused != nil {
		return nil, refused
	}
	outcome.ClientName = client.Name
	checker := credential.Checker{Origin: i.origin, HTTP: i.httpClient}
	if refused := checker.Check(r.Context(), tenant, client, parsed.kind, parsed.value, x.now); refused != nil {
		return nil, refused
	}
	return i.issue(v, tenant, client, parsed, x)
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

// isGroup reports whether a path segment stands for many tenants.
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
func (i *Issuer) findTenant(segment string) (*directory.Tenant, *refusal.Refusal) {
	if t := i.maker.Directory.Find(segment); t != nil {
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
