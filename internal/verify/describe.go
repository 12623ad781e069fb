package verify

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"m2m/internal/entra"
)

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
	if !h.token.extra.alg {
		return expected, "no alg"
	}
	text := appendQuoted(make([]byte, 0, 128), h.token.Algorithm)
	for m := range h.token.Header.All() {
		switch m.Name {
		case "typ", "crit", "b64", "zip", "cty":
			text = append(append(append(append(text, ", "...), m.Name...), ' '), bound(m.Raw)...)
		}
	}
	return expected, string(text)
}

func describeKey(h *hearing) (expected, found string) {
	expected = "a key ID of the issuer's current keys"
	if h.token == nil {
		return expected, ""
	}
	found = "no key ID"
	if h.token.KeyID != "" {
		found = quote(h.token.KeyID)
	}
	switch {
	case h.key == nil:
		return expected, found
	case !keyFits(h.key, h.token, h.issuer.KeyIssuer):
		issuer := h.token.Issuer
		if h.token.Version == entra.V1 && h.issuer.KeyIssuer != "" {
			issuer = h.issuer.KeyIssuer
		}
		return "a key whose issuer is " + quote(issuer), found + " of " + quote(h.key.Issuer)
	case !decideKeyOwner(h).lets():
		return "a key of the cloud " + quote(h.issuer.Cloud), found + " of " + quote(h.key.Cloud)
	}
	text := append(append(make([]byte, 0, 160), found...), ", RSA "...)
	return expected, string(append(strconv.AppendInt(text, int64(h.key.RSA.N.BitLen()), 10), " bits"...))
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
	found = quote(h.token.Issuer)
	if h.plain {
		expected += ", whose tokens need no ver, nbf or tid"
	}
	if h.token.Version == "" && !h.issuer.Given {
		return "ver 1.0 or 2.0", "ver " + quote(h.token.extra.ver)
	}
	return expected, found
}

func describeTenant(h *hearing) (expected, found string) {
	if h.noClaims() {
		return "", ""
	}
	switch {
	case h.policy.AnyTenant, h.plain && (len(h.policy.Tenants) == 0 || h.token.TenantID == ""):
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
		return "the tenant in iss", fmt.Sprintf("tid %s with iss %s", quote(t.TenantID), quote(t.Issuer))
	default:
		return expected, quote(t.TenantID)
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
		return expected, bound(raw)
	}
	return expected, quote(h.token.Audience)
}

func describeLifetime(h *hearing) (expected, found string) {
	if h.noClaims() {
		return "", ""
	}
	text := appendStamp(append(make([]byte, 0, 128), "valid at "...), h.now)
	expected = string(append(text, h.policy.patience...))
	t := h.token
	switch {
	case t.IssuedAt.IsZero():
		return expected, "no iat"
	case t.NotBefore.IsZero() && !h.plain:
		return expected, "no nbf"
	case t.ExpiresAt.IsZero():
		return expected, "no exp"
	}
	from := t.NotBefore
	if from.IsZero() {
		from = t.IssuedAt // no nbf, and none asked for
	}
	text = appendStamp(append(appendStamp(text[:0], from), " to "...), t.ExpiresAt)
	if !t.IssuedAt.Equal(from) {
		text = appendStamp(append(text, ", issued "...), t.IssuedAt)
	}
	return expected, string(text)
}

func describeKind(h *hearing) (expected, found string) {
	if h.noClaims() {
		return "", ""
	}
	expected = "an app-only access token"
	if h.letsUsers() {
		expected = "an app-only or a user's access token"
	}
	if h.plain {
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
	if h.token.Kind != ID && !h.plain && !entra.IsGUID(h.token.ClientID) {
		found += ", calling app " + quote(h.token.ClientID)
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
	return expected, quote(h.token.ClientID)
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
	if _, scope := t.Claim("scope"); name == "scp" && h.plain && scope {
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
	case len(required) == 0 && len(t.Roles) == 0 && len(t.Scopes) == 0 && !h.plain:
		return expected, "neither roles nor scp, which Microsoft.Identity.Web refuses (IDW10201)"
	case len(has) == 0:
		return expected, "no " + name
	}
	return expected, name + " " + bound(strings.Join(has, ", "))
}

func stamp(t time.Time) string { return string(appendStamp(nil, t)) }

func appendStamp(dst []byte, t time.Time) []byte { return t.UTC().AppendFormat(dst, time.RFC3339) }
