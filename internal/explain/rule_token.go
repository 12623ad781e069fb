package explain

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"m2m/internal/entra"
	"m2m/internal/explain/catalogue"
	"m2m/internal/explain/pasted"
	"m2m/internal/explain/reply"
	"m2m/internal/issuer"
	"m2m/internal/jwt"
	"m2m/internal/text"
	"m2m/internal/transport"
)

// noToken: RFC 6750 section 3.1 has the API give no error code in this case.
func noToken(e *Evidence) *Diagnosis {
	switch {
	case e.is("sent") || !e.rejected():
		return nil
	case e.unauthorized() && (len(e.Said.Challenges) == 0 || e.bearer.Scheme != ""):
		return certain(CodeNoToken, "no bearer token was sent, and the API wants one").with(CallWithToken)
	case e.unauthorized():
		return nil
	}
	return likely(CodeNoToken, "no bearer token was sent").with(CallWithToken)
}

// notAToken: what was sent has not the form of a JWT. Some services take other
// tokens too, so that only a response about the token makes it the cause.
func notAToken(e *Evidence) *Diagnosis {
	if !e.unauthorized() || e.tokenErr == nil || e.token != nil {
		return nil
	}
	if p, ok := pasted.WhatIs(e.Context.Token.Reveal()); ok {
		return certain(CodeNotAToken, "what was sent is "+p.Is+", not an access token",
			"send an access token: it begins with eyJ and holds two dots").
			with(VerifyToken, "--decode")
	}
	return certain(CodeNotAToken, "what was sent is not an access token: "+text.Bound(e.tokenErr.Error(), maxText),
		"check where it comes from: an empty or truncated file, a secret instead of a token, or quotes around it").
		with(VerifyToken, "--decode")
}

// notABearer: a token that is bound to a key cannot be sent as a bearer token (RFC
// 8705, RFC 9449).
func notABearer(e *Evidence) *Diagnosis {
	if !e.unauthorized() || !e.hasClaim("cnf") {
		return nil
	}
	return likely(CodeBound, "the token is bound to a key (cnf) and was sent as a bearer token, without proof of that key",
		"send it over the TLS connection, or with the DPoP proof, of that key; or request a token that is not bound").with(VerifyToken)
}

// graphTokenElsewhere: Graph's tokens carry a nonce in the header that was
// changed after signing, so that only Graph can verify them.
func graphTokenElsewhere(e *Evidence) *Diagnosis {
	if !e.unauthorized() || e.token == nil || e.isMicrosofts() || !entra.IsGraph(e.token.Audience) || e.looksLikeGraph() {
		return nil
	}
	cause := "the token is for Microsoft Graph, and was sent to another API"
	if _, nonce := e.token.Header.Get("nonce"); nonce {
		cause += "; only Graph can validate such a token"
	}
	return certain(CodeGraphToken, cause).with(OwnScope)
}

// looksLikeGraph reports the form of Graph's errors, which have the ids of the
// request in innerError, or at least code and message in error; so a copy of Graph at
// another address is not taken for another API.
func (e *Evidence) looksLikeGraph() bool {
	hasPart := func(place string) bool {
		return slices.ContainsFunc(e.Said.Parts, func(p reply.Part) bool { return p.Place == place })
	}
	return hasPart("error.code") && hasPart("error.message") ||
		slices.ContainsFunc(e.Said.IDs(), func(id string) bool { return strings.HasPrefix(strings.ToLower(id), "error.innererror.") }) ||
		slices.ContainsFunc(e.Said.Codes(), func(code string) bool { return strings.HasPrefix(code, "InvalidAuthenticationToken") })
}

// idToken: RFC 9700 section 2.3 and Entra's own advice; its audience is the
// client, not an API.
func idToken(e *Evidence) *Diagnosis {
	if !e.rejected() || e.token == nil || e.token.Kind != jwt.ID || !e.isEntra() {
		return nil
	}
	return certain(CodeIDToken, "an ID token was sent: it tells a client who signed in, and is never for an API",
		"send an access token").with(NewToken)
}

// exchangeToken: tokens of CI systems and clusters are assertions, and so is an
// Entra token for the exchange resource.
func exchangeToken(e *Evidence) *Diagnosis {
	if !e.unauthorized() || e.token == nil || e.family == nil {
		return nil
	}
	const exchange = "fb60f99c-7a34-4190-8149-302f77469936"
	if e.family.Use == issuer.ForExchange || strings.EqualFold(e.token.Audience, exchange) ||
		strings.HasPrefix(strings.ToLower(e.token.Audience), "api://azureadtokenexchange") {
		what := e.family.Token
		if e.isEntra() {
			what = "a token for Entra's token exchange"
		}
		return likely("assertion_sent",
			fmt.Sprintf("what was sent is %s: an assertion to exchange for an access token, not a token for an API", what),
			"request an access token with it: it goes where a client secret would go").with(FederatedToken)
	}
	return nil
}

// challengedAudience: some APIs say which resource they are (Azure Key Vault:
// resource="https://vault.azure.net").
func challengedAudience(e *Evidence) *Diagnosis {
	wanted := cmp.Or(e.bearer.Params["resource_id"], e.bearer.Params["resource"])
	if !e.unauthorized() || wanted == "" || e.token == nil || e.token.Audience == "" || sameAudience(wanted, e.token.Audience) ||
		strings.HasPrefix(wanted, "http") && sameService(wanted, e.token.Audience) {
		return nil
	}
	wanted = text.Bound(wanted, maxShown)
	return certain(CodeWrongAudience, fmt.Sprintf("the API says that it is %s, and the token is for %s", wanted,
		text.Bound(e.token.Audience, maxShown))).with(TokenFor, wanted)
}

// sameService reports whether two audiences are of one service: Key Vault and its
// application id.
func sameService(a, b string) bool {
	one, ok := catalogue.ServiceByAudience(a)
	other, found := catalogue.ServiceByAudience(b)
	return ok && found && one.ID == other.ID
}

// challengedTenant: the authority in the challenge names another tenant.
func challengedTenant(e *Evidence) *Diagnosis {
	authority := cmp.Or(e.bearer.Params["authorization_uri"], e.bearer.Params["authorization"])
	if !e.unauthorized() || e.token == nil || !entra.IsGUID(e.token.TenantID) {
		return nil
	}
	for part := range strings.SplitSeq(authority, "/") {
		// The tenant of personal accounts and the empty one stand for "any".
		if entra.IsGUID(part) && !strings.EqualFold(part, e.token.TenantID) && !strings.HasPrefix(part, "00000000-0000") {
			return certain(CodeWrongTenant, fmt.Sprintf("the API takes tokens of the tenant %s, and the token is of %s", part, e.token.TenantID),
				"set TENANT_ID="+part+", with a client that is registered there").with(VerifyToken)
		}
	}
	return nil
}

// otherService: the address is a service of Microsoft, and the token is for
// another resource.
func otherService(e *Evidence) *Diagnosis {
	if !e.unauthorized() || e.token == nil || e.token.Audience == "" || transport.Loopback(e.URL.Hostname()) {
		return nil
	}
	resource := e.resource()
	if e.byHost.Kind != catalogue.API || resource == "" || e.audienceFits() || e.byHost.ID == "graph" && entra.IsGraph(e.token.Audience) {
		return nil
	}
	return certain(CodeWrongAudience, fmt.Sprintf("the token is for %s, and was sent to %s, which is %s",
		text.Bound(e.token.Audience, maxShown), text.Bound(e.URL.Host, maxShown), e.byHost.Name)).with(TokenFor, resource)
}

// expired: by this machine's clock, or by the API's where that is known.
func expired(e *Evidence) *Diagnosis {
	if !e.unauthorized() || e.token == nil || e.token.ExpiresAt.IsZero() {
		return nil
	}
	exp := e.token.ExpiresAt
	switch {
	case !exp.After(
		e.now):
		return certain(CodeExpired, fmt.Sprintf("the token expired %s ago, at %s", text.Duration(e.now.Sub(exp)),
			text.Time(exp))).with(FreshToken)
	case e.clocksDiffer() && !exp.After(e.serverNow()):
		return likely(CodeExpired, fmt.Sprintf("by the API's clock, which is %s, the token has expired", describeSkew(e.skew)),
			"set both machines' clocks by NTP").with(FreshToken)
	}
	return nil
}

// notYetValid: Entra's tokens are valid at once, so that a clock is wrong. APIs
// allow a few minutes.
func notYetValid(e *Evidence) *Diagnosis {
	if !e.unauthorized() || e.token == nil || e.token.NotBefore.IsZero() {
		return nil
	}
	ahead := e.token.NotBefore.Sub(e.serverNow())
	switch {
	case ahead <= 0:

		return nil
	case !e.clocksDiffer():
		return likely(CodeNotYetValid, fmt.Sprintf("the token is not valid for another %s: a clock is wrong",
			text.Duration(max(ahead, time.Second))),
			"set the clocks of this machine and of the issuer by NTP").with(VerifyToken)
	}
	return likely(CodeNotYetValid, fmt.Sprintf("by the API's clock, which is %s, the token is not valid yet", describeSkew(e.skew)),
		"set both machines' clocks by NTP").with(VerifyToken)
}

// silent reports whether the other side leaves open why it rejects the token: only
// then the token's own form may suggest it.
func (e *Evidence) silent() bool { return e.token != nil && !e.Said.GivesReason() && !e.isMicrosofts() }

// knownAudience: the settings say which audiences the API accepts. Where they
// hold only an App ID URI, the client ID in a v2.0 token may be the same API's.
func knownAudience(e *Evidence) *Diagnosis {
	if !e.unauthorized() || !e.silent() || len(e.Audiences) == 0 {
		return nil
	}
	guids := false
	for _, audience := range e.Audiences {
		if sameAudience(audience, e.token.Audience) {
			return nil
		}
		guids = guids || entra.IsGUID(audience)
	}
	if !guids && entra.IsGUID(e.token.Audience) {
		return nil
	}
	return likely(CodeWrongAudience, fmt.Sprintf("the token is for %s, and the settings say that the API accepts only %s",
		orNothing(text.Bound(e.token.Audience, maxShown)), list(e.Audiences)),
		"set API_SCOPE to the API's own scope; a v1.0 token carries the App ID URI, a v2.0 token the client ID",
		"or set the API's audience to what the token carries").with(VerifyToken)
}

// algorithm: Entra signs with RS256, and so that is what APIs take.
func algorithm(e *Evidence) *Diagnosis {
	if !e.unauthorized() || !e.silent() || e.token.Algorithm == "" || e.token.Algorithm == "RS256" || !e.isEntra() {
		return nil
	}
	return likely(CodeAlgorithm, fmt.Sprintf("the token names the algorithm %q, and Entra signs with RS256 alone",
		text.Bound(e.token.Algorithm, 40)), "get a token from Entra").with(VerifyToken)
}

// otherIssuer: neither Entra nor the tenant that the settings name issued it.
func otherIssuer(e *Evidence) *Diagnosis {
	if !e.unauthorized() || !e.silent() || e.token.Issuer == "" || e.token.Kind == jwt.ID {
		return nil
	}
	rest, isHTTPS := strings.CutPrefix(e.token.Issuer, "https://")
	host, _, _ := strings.Cut(rest, "/")
	if known := e.IssuerHost; known == "" || !isHTTPS || text.LowerASCII(host) == text.LowerASCII(known) || host == "sts.windows.net" ||
		entra.IsLoginHost(host) {
		return nil
	}
	return likely(CodeWrongIssuer, fmt.Sprintf("the token was issued by %s, and the settings name %s as the issuer of the API's tokens",
		text.Bound(e.token.Issuer, maxShown), e.IssuerHost), "get one from there").with(VerifyToken)
}

// knownTenant: the settings name the tenant, and the token is another's.
func knownTenant(e *Evidence) *Diagnosis {
	if !e.unauthorized() || !e.silent() || !entra.IsGUID(e.TenantID) || !entra.IsGUID(e.token.TenantID) ||
		strings.EqualFold(e.TenantID,
			e.token.TenantID) {

		return nil

	}
	return likely(CodeWrongTenant, fmt.Sprintf("the token is of the tenant %s, and the settings name the tenant %s",
		e.token.TenantID, e.TenantID),
		"get one from the API's own tenant, or set TENANT_ID to the token's").with(VerifyToken)
}

// longestLifetime is longer than any token of Entra: those of continuous access
// evaluation live for up to 28 hours.
const longestLifetime = 29 * time.Hour

// longLived: an API may reject a token that lives longer than Entra's do.
func longLived(e *Evidence) *Diagnosis {
	if !e.unauthorized() || !e.silent() || !e.isEntra() || e.token.IssuedAt.IsZero() ||
		e.token.ExpiresAt.Sub(e.token.IssuedAt) <= longestLifetime {
		return nil
	}
	return possible(CodeLifetime, fmt.Sprintf("the token lives for %s, longer than any token of Entra",
		text.Duration(e.token.ExpiresAt.Sub(e.token.IssuedAt))), "get one from Entra").with(VerifyToken)
}

// userToken: the API lets apps in, and this token is a user's.
func userToken(e *Evidence) *Diagnosis {
	if !e.silent() || !e.isEntra() || e.token.Kind != jwt.User || len(e.token.Roles) > 0 ||
		e.status() != http.StatusForbidden && !(e.unauthorized() && len(e.RequiredRoles) > 0) {
		return nil
	}
	return possible(CodeUserToken, "the token is a user's, without roles: an API that lets only apps in, by their roles, rejects it",
		"call with an app's own token").with(NewToken)
}

// noRoles: Entra gives tokens without roles to any app of the tenant.
func noRoles(e *Evidence) *Diagnosis {
	if e.status() != http.StatusForbidden || !e.silent() || !e.isEntra() || e.token.Kind != jwt.App || len(
		e.token.Roles) > 0 ||
		e.permissionsIn() != "" || !e.fromOwnAPI() {

		return nil

	}
	return possible(CodeNoRoles,
		"the token carries no roles: no app role of the API was assigned to the client, or only "+
			"after the token was issued").
		with(GrantRole)
}

// fromOwnAPI reports that nothing shows a gateway to have answered.
func (e *Evidence) fromOwnAPI() bool {
	r := e.responder()
	return (r == nil || !slices.ContainsFunc(e.proofs, func(p catalogue.Proof) bool { return p.Service.Kind == catalogue.Gateway }) &&
		e.byHost.Kind != catalogue.API) && e.Said.Kind != "HTML"
}

// missingRole: the roles that the API wants are known.
func missingRole(e *Evidence) *Diagnosis {
	if e.status() != http.StatusForbidden || !e.silent() || len(e.RequiredRoles) == 0 || e.permissionsIn() != "" {
		return nil
	}
	for _, want := range e.RequiredRoles {
		if slices.Contains(e.token.Roles, want) {
			return nil
		}
	}
	return likely(CodeMissingRole, fmt.Sprintf("the settings say that the API wants the role %s, and the token carries %s",
		strings.Join(e.RequiredRoles, " or "), e.rolesOrNone())).with(GrantRole)
}

func (e *Evidence) rolesOrNone() string {
	if e.token == nil || len(e.token.Roles) == 0 {
		return "no roles"
	}
	return list(e.token.Roles)
}

// missingScope: RFC 6750 section 3 lets the API name what it wants.
func missingScope(e *Evidence) *Diagnosis {
	wanted := e.bearer.Params["scope"]
	if e.status() != http.StatusForbidden || wanted == "" || e.bearer.Params["error"] != "insufficient_scope" || !e.is("sent") {
		return nil
	}
	wanted = text.Bound(wanted, maxShown)
	if e.token != nil && e.token.Kind == jwt.App && e.isEntra() {
		return certain(CodeMissingScope, fmt.Sprintf("the API wants the scope %q, which an app's own token of Entra never carries", wanted)).
			with(AcceptRole)
	}
	return certain(CodeMissingScope, fmt.Sprintf("the API wants the scope %q; the token is one %s", wanted, e.permissions()),
		"have the scope granted to the client, and get a new token").with(VerifyToken)
}

func (e *Evidence) permissions() string {
	if e.token == nil {
		return "that m2m cannot read"
	}
	return describePermissions(e.token)
}

// lacksPermission: an API that speaks RFC 6750 says itself what it requires, so
// that nothing has to be guessed.
func lacksPermission(e *Evidence) *Diagnosis {
	if e.status() != http.StatusForbidden || e.bearer.Params["error"] != "insufficient_scope" || e.token == nil || !e.isEntra() ||
		!e.Said.Problem || !e.Said.GivesReason() {
		return nil
	}
	// The words are those of m2m serve, whose challenge names no scope to an app.
	if strings.Contains(e.Said.Words(), "requires scp ") && e.token.Kind == jwt.App {
		return certain(CodeMissingScope, "the API requires a scope, which an app's own token of Entra never carries").with(AcceptRole)
	}
	return certain(CodeMissingRole, fmt.Sprintf("the token lacks what the API requires: it carries %s", e.rolesOrNone())).with(GrantRole)
}
