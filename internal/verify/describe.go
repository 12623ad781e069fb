package verify

import (
	"fmt"
	"strconv"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/text"
)

// maxShown bounds what is repeated of a token or an answer, in bytes.
const maxShown = 100

// Each describe function says in a few words what its rule expected and what
// it found. They run for people only; a token that is believed pays nothing.

func describeForm(h *hearing) (expected, found string) {
	expected = "three base64url parts of strict JSON"
	if h.fault != nil {
		return expected, h.fault.Found
	}
	return expected, "a compact JWS"
}

func describeAlgorithm(h *hearing) (expected, found string) {
	expected = "RS256, typ JWT, no crit, b64, zip or cty"
	if h.token == nil || h.token.Header.IsZero() {
		return expected, ""
	}
	if !h.token.Has.Alg {
		return expected, "no alg"
	}
	b := text.AppendQuoted(make([]byte, 0, 128), h.token.Algorithm)
	for m := range h.token.Header.All() {
		switch m.Name {
		case "typ", "crit", "b64", "zip", "cty":
			b = append(append(append(append(b, ", "...), m.Name...), ' '), text.Bound(m.Raw, maxShown)...)
		}
	}
	return expected, string(b)
}

func describeKey(h *hearing) (expected, found string) {
	expected = "a key ID of the issuer's current keys"
	if h.token == nil {
		return expected, ""
	}
	found = "no key ID"
	if h.token.KeyID != "" {
		found = text.Quote(h.token.KeyID)
	}
	switch {
	case h.key == nil:
		return expected, found
	case !keyFits(h.key, h.token, h.issuer.KeyIssuer):
		issuer := h.token.Issuer
		if h.token.Version == entra.V1 && h.issuer.KeyIssuer != "" {
			issuer = h.issuer.KeyIssuer
		}
		return "a key whose issuer is " + text.Quote(issuer), found + " of " + text.Quote(h.key.Issuer)
	case !decideKeyOwner(h).lets():
		return "a key of the cloud " + text.Quote(h.issuer.Cloud), found + " of " + text.Quote(h.key.Cloud)
	}
	b := append(append(make([]byte, 0, 160), found...), ", RSA "...)
	return expected, string(append(strconv.AppendInt(b, int64(h.key.RSA.N.BitLen()), 10), " bits"...))
}

func describeSignature(h *hearing) (expected, found string) {
	expected = "an RS256 signature by that key"
	switch {
	case !h.checked:
		return expected, "not checked"
	case h.signed != nil:
		return expected, "a signature that does not match"
	}
	return expected, "a signature that matches"
}

func describeIssuer(h *hearing) (expected, found string) {
	if h.noClaims() {
		return "", ""
	}
	expected = "the issuer of a configured tenant"
	switch {
	case h.issuer.Any:
		expected = "any"
	case h.issuer.Name != "":
		expected = strings.Replace(h.issuer.Name, anyTenant, "<tid>", 1)
	case h.issuer.Hint != "":
		expected = h.issuer.Hint
	}
	if h.token.Issuer == "" {
		return expected, "no iss"
	}
	found = text.Quote(h.token.Issuer)
	if h.token.Plain {
		expected += ", whose tokens need no ver, nbf or tid"
	}
	if h.token.Version == "" && !h.issuer.Given {
		return "ver 1.0 or 2.0", "ver " + text.Quote(h.token.VersionClaim)
	}
	return expected, found
}

func describeTenant(h *hearing) (expected, found string) {
	if h.noClaims() {
		return "", ""
	}
	switch {
	case h.policy.AnyTenant, h.token.Plain && (len(h.policy.Tenants) == 0 || h.token.TenantID == ""):
		expected = "any"
	case len(h.policy.Tenants) == 0:
		expected = "not configured"
	default:
		expected = strings.Join(h.policy.Tenants, " or ")
	}
	switch t := h.token; {
	case t.TenantID == "":
		return expected, "no tid"
	case !tenantInIssuer(t) && !h.given():
		return "the tenant in iss", fmt.Sprintf("tid %s with iss %s", text.Quote(t.TenantID), text.Quote(t.Issuer))
	default:
		return expected, text.Quote(t.TenantID)
	}
}

func describeAudience(h *hearing) (expected, found string) {
	if h.noClaims() {
		return "", ""
	}
	switch {
	case h.policy.AnyAudience:
		expected = "any"
	case len(h.policy.Audiences) == 0:
		expected = "not configured"
	default:
		expected = strings.Join(h.policy.Audiences, " or ")
	}
	raw, ok := h.token.Claim("aud")
	switch {
	case !ok:
		return expected, "no aud"
	case h.token.Audience == "":
		return expected, text.Bound(raw, maxShown)
	}
	return expected, text.Quote(h.token.Audience)
}

func describeLifetime(h *hearing) (expected, found string) {
	if h.noClaims() {
		return "", ""
	}
	b := text.AppendTime(append(make([]byte, 0, 128), "valid at "...), h.now)
	expected = string(append(b, h.policy.patience...))
	t := h.token
	switch {
	case t.IssuedAt.IsZero():
		return expected, "no iat"
	case t.NotBefore.IsZero() && !h.token.Plain:
		return expected, "no nbf"
	case t.ExpiresAt.IsZero():
		return expected, "no exp"
	}
	from := t.NotBefore
	if from.IsZero() {
		from = t.IssuedAt // no nbf, and none asked for
	}
	b = text.AppendTime(append(text.AppendTime(b[:0], from), " to "...), t.ExpiresAt)
	if !t.IssuedAt.Equal(from) {
		b = text.AppendTime(append(b, ", issued "...), t.IssuedAt)
	}
	return expected, string(b)
}

func describeKind(h *hearing) (expected, found string) {
	if h.noClaims() {
		return "", ""
	}
	expected = "an app-only access token"
	if h.letsUsers() {
		expected = "an app-only or a user's access token"
	}
	if h.token.Plain {
		expected += " (sub is the client)"
	}
	switch h.token.Kind {
	case App:
		found = "an app-only access token"
	case User:
		found = "a user's access token"
	case ID:
		found = "an ID token"
	default:
		found = "some other token"
	}
	if h.token.Kind != ID && !h.token.Plain && !entra.IsGUID(h.token.ClientID) {
		found += ", calling app " + text.Quote(h.token.ClientID)
	}
	return expected, found
}

func describeClient(h *hearing) (expected, found string) {
	if h.noClaims() {
		return "", ""
	}
	expected = "any"
	if len(h.policy.Clients) > 0 {
		expected = strings.Join(h.policy.Clients, " or ")
	}
	if h.token.ClientID == "" {
		return expected, "none"
	}
	return expected, text.Quote(h.token.ClientID)
}

func describePermission(h *hearing) (expected, found string) {
	if h.noClaims() {
		return "", ""
	}
	p, t := h.policy, h.token
	name, required, has := "roles", p.Roles, t.Roles
	if t.Kind == User || len(p.Roles) == 0 && len(p.Scopes) > 0 {
		name, required, has = "scp", p.Scopes, t.Scopes
	}
	if _, scope := t.Claim("scope"); name == "scp" && h.token.Plain && scope {
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
	case len(required) == 0 && len(t.Roles) == 0 && len(t.Scopes) == 0 && !h.token.Plain:
		return expected, "neither roles nor scp, which Microsoft.Identity.Web refuses (IDW10201)"
	case len(has) == 0:
		return expected, "no " + name
	}
	return expected, name + " " + text.Bound(strings.Join(has, ", "), maxShown)
}
