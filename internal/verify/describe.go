package verify

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/jwks"
	"m2m/internal/jwt"
	"m2m/internal/text"
)

// maxShown bounds what is repeated of a token or an answer, in bytes.
const maxShown = 100

// Each describe function says in a few words what its rule expected and what
// it found. They run for reports and errors only, not for valid tokens.

func describeForm(h *evaluation) (expected, found string) {
	expected = "three base64url parts of strict JSON"
	if h.fault != nil {
		return cmp.Or(h.fault.Expected, expected), h.fault.Found
	}
	return expected, "a compact JWS"
}

func describeAlgorithm(h *evaluation) (expected, found string) {
	expected = "RS256, typ JWT, no crit, b64, zip or cty"
	if h.Token == nil || h.Token.Header.IsZero() {
		return expected, ""
	}
	if !h.Token.Has.Alg {
		return expected, "no alg"
	}
	b := text.AppendQuoted(make([]byte, 0, 128), h.Token.Algorithm)
	for m := range h.Token.Header.All() {
		switch m.Name {
		case "typ", "crit", "b64", "zip", "cty":
			b = append(append(append(append(b, ", "...), m.Name...), ' '), text.Bound(m.Raw, maxShown)...)
		}
	}
	return expected, string(b)
}

func describeKey(h *evaluation) (expected, found string) {
	expected = "a key ID of the issuer's current keys"
	if h.Token == nil {
		return expected, ""
	}
	found = "no key ID"
	if h.Token.KeyID != "" {
		found = text.Quote(h.Token.KeyID)
	}
	switch {
	case h.key == nil:
		return expected, found
	case !h.key.MayVerify(h.Token, h.issuer.KeyIssuer):
		issuer := h.Token.Issuer
		if h.Token.Version == entra.V1 && h.issuer.KeyIssuer != "" {
			issuer = h.issuer.KeyIssuer
		}
		return "a key whose issuer is " + text.Quote(issuer), found + " of " + text.Quote(h.key.Issuer)
	case !decideKeyOwner(h).allows():
		return "a key of the cloud " + text.Quote(h.issuer.Cloud), found + " of " + text.Quote(h.key.Cloud)
	}
	b := append(append(make([]byte, 0, 160), found...), ", RSA "...)
	return expected, string(append(strconv.AppendInt(b, int64(h.key.RSA.N.BitLen()), 10), " bits"...))
}

func describeSignature(h *evaluation) (expected, found string) {
	expected = "an RS256 signature by that key"
	switch {
	case !h.signatureChecked:
		return expected, "not checked"
	case h.signatureErr != nil:
		return expected, "a signature that does not match"
	}
	return expected, "a signature that matches"
}

func describeIssuer(h *evaluation) (expected, found string) {
	if h.noClaims() {
		return "", ""
	}
	expected = "the issuer of a configured tenant"
	switch {
	case h.issuer.Any:
		expected = "any"
	case h.issuer.Name != "":
		expected = strings.ReplaceAll(h.issuer.Name, jwks.TenantPlaceholder, "<tid>")
	case h.issuer.Hint != "":
		expected = h.issuer.Hint
	}
	if h.Token.Issuer == "" {
		return expected, "no iss"
	}
	found = text.Quote(h.Token.Issuer)
	if h.Token.Version == "" && !h.issuer.Given && !h.Token.Plain {
		if _, ok := h.Token.Claim("ver"); !ok {
			return "ver 1.0 or 2.0", "no ver"
		}
		return "ver 1.0 or 2.0", "ver " + text.Quote(h.Token.VersionClaim)
	}
	return expected, found
}

func describeTenant(h *evaluation) (expected, found string) {
	if h.noClaims() {
		return "", ""
	}
	switch {
	case h.policy.AnyTenant, h.Token.Plain && (len(h.policy.Tenants) == 0 || h.Token.TenantID == ""):
		expected = "any"
	case len(h.policy.Tenants) == 0:
		expected = "not configured"
	default:
		expected = strings.Join(h.policy.Tenants, " or ")
	}
	switch t := h.Token; {
	case t.TenantID == "":
		return expected, "no tid"
	case !tenantInIssuer(t) && !h.issuerGiven():
		return "the tenant in iss", fmt.Sprintf("tid %s with iss %s", text.Quote(t.TenantID), text.Quote(t.Issuer))
	default:
		return expected, text.Quote(t.TenantID)
	}
}

func describeAudience(h *evaluation) (expected, found string) {
	if h.noClaims() {
		return "", ""
	}
	switch {
	case slices.ContainsFunc(h.Token.Audiences(), entra.IsExchange):
		expected = "an API, not a token exchange"
	case h.policy.AnyAudience:
		expected = "any"
	case len(h.policy.Audiences) == 0:
		expected = "not configured"
	default:
		expected = strings.Join(h.policy.Audiences, " or ")
	}
	raw, ok := h.Token.Claim("aud")
	switch {
	case !ok:
		return expected, "no aud"
	case h.Token.HasAudiences():
		return expected, text.Bound(raw, maxShown)
	}
	return expected, text.Quote(h.Token.Audience)
}

func describeLifetime(h *evaluation) (expected, found string) {
	if h.noClaims() {
		return "", ""
	}
	b := text.AppendTime(append(make([]byte, 0, 128), "valid at "...), h.now)
	expected = string(append(b, h.policy.lifetimeText...))
	t := h.Token
	switch {
	case t.IssuedAt.IsZero():
		return expected, "no iat"
	case t.NotBefore.IsZero() && !h.Token.Plain:
		return expected, "no nbf"
	case t.ExpiresAt.IsZero():
		return expected, "no exp"
	}
	from := t.NotBefore
	if from.IsZero() {
		from = t.IssuedAt // no nbf, and none required
	}
	b = text.AppendTime(append(text.AppendTime(b[:0], from), " to "...), t.ExpiresAt)
	if !t.IssuedAt.Equal(from) {
		b = text.AppendTime(append(b, ", issued "...), t.IssuedAt)
	}
	return expected, string(b)
}

func describeKind(h *evaluation) (expected, found string) {
	if h.noClaims() {
		return "", ""
	}
	expected = "an app-only access token"
	if h.allowsUsers() {
		expected = "an app-only or a user's access token"
	}
	if h.Token.Plain {
		expected += " (sub is the client)"
	}
	switch h.Token.Kind {
	case jwt.App:
		found = "an app-only access token"
	case jwt.User:
		found = "a user's access token"
	case jwt.ID:
		found = "an ID token"
	default:
		found = "some other token"
	}
	if h.Token.Kind != jwt.ID && !h.Token.Plain && !entra.IsGUID(h.Token.ClientID) {
		found += ", calling app " + text.Quote(h.Token.ClientID)
	}
	return expected, found
}

func describeBinding(h *evaluation) (expected, found string) {
	expected = "a bearer token, which is bound to no key"
	if h.noClaims() || !h.Token.Has.Cnf {
		return expected, "no cnf"
	}
	raw, _ := h.Token.Claim("cnf")
	return expected, "cnf " + text.Bound(raw, maxShown)
}

func describeClient(h *evaluation) (expected, found string) {
	if h.noClaims() {
		return "", ""
	}
	expected = "any"
	if len(h.policy.Clients) > 0 {
		expected = strings.Join(h.policy.Clients, " or ")
	}
	if h.Token.ClientID == "" {
		return expected, "none"
	}
	return expected, text.Quote(h.Token.ClientID)
}

func describePermission(h *evaluation) (expected, found string) {
	if h.noClaims() {
		return "", ""
	}
	p, t := h.policy, h.Token
	if p.RequireAgent && !isAgent(t) {
		return "an agent identity", "no xms_par_app_azp, and no xms_act_fct with 11"
	}
	name, required, has := "roles", p.Roles, t.Roles
	if len(p.Scopes) > 0 && (t.Kind == jwt.User || len(p.Roles) == 0) {
		name, required, has = "scp", p.Scopes, t.Scopes
	}
	if _, scope := t.Claim("scope"); name == "scp" && h.Token.Plain && scope {
		name = "scope"
	}
	expected = "nothing required"
	if len(required) > 0 {
		quantity := "one of "
		if p.RequireAll {
			quantity = "all of "
		}
		if len(required) == 1 {
			quantity = ""
		}
		expected = name + " " + quantity + strings.Join(required, ", ")
	}
	switch {
	case len(required) == 0 && len(t.Roles) == 0 && len(t.Scopes) == 0 && !h.Token.Plain:
		return expected, "neither roles nor scp, which Microsoft.Identity.Web rejects (IDW10201)"
	case len(has) == 0:
		return expected, "no " + name
	}
	return expected, name + " " + text.Bound(strings.Join(has, ", "), maxShown)
}
