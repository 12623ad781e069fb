package verify

import (
	"net/url"
	"slices"
	"strings"

	"m2m/internal/text"
)

// IsEntraIssuer reports whether an issuer is one of Entra's: its host is one of
// theirs, or it has the form of theirs, as a local tenant's has.
func IsEntraIssuer(issuer string) bool {
	if host, _, _ := anyIssuer(issuer); host != "" || strings.Contains(issuer, anyTenant) {
		return true
	}
	u, err := url.Parse(issuer)
	if err != nil {
		return false // iss may be any text (RFC 7519 section 4.1.1); none of Entra's is
	}
	host := text.LowerASCII(u.Hostname())
	_, known := cloudOf(host)
	return known || strings.HasSuffix(host, ".b2clogin.com") || strings.HasSuffix(host, ".ciamlogin.com")
}

// plain reports whether claims are judged as those of a plain OAuth access
// token: the policy's PlainIssuer wrote them, and not in one of Entra's versions.
func plain(claims Object, issuer string) bool {
	if issuer == "" {
		return false
	}
	iss, _ := claimText(claims, "iss")
	ver, _ := claimText(claims, "ver")
	return iss == issuer && ver != "1.0" && ver != "2.0"
}

// ofOwnForm names the claims of Entra's that other issuers write in forms of
// their own: Okta's ver is a number, and its scp a list. What is not in Entra's
// form says nothing, and grants nothing.
func ofOwnForm(claim string) bool { return claim == "ver" || claim == "scp" || claim == "roles" }

// claimText returns a claim that is a string; ok is false for any other.
func claimText(claims Object, name string) (value string, ok bool) {
	raw, _ := claims.Get(name)
	return unquote(raw)
}

// settlePlain derives what settle does, from the claims of RFC 9068 section 2.2.
func (t *Token) settlePlain() {
	t.ClientID = t.plainClient()
	for _, name := range []string{"scp", "scope"} {
		if raw, ok := t.Claim(name); ok && t.Scopes == nil && t.readScopes(raw) != nil {
			_ = readStrings(raw, &t.Scopes) // what is neither text nor list grants nothing
		}
	}
	t.Kind = t.plainKind()
}

// plainClient is the one client that client_id and azp name, or where there is
// neither Okta's cid, if its ID is what RFC 6749 appendix A.1 allows.
func (t *Token) plainClient() string {
	id := t.extra.azp
	if raw, ok := t.Claim("client_id"); ok {
		id, _ = unquote(raw)
	} else if id == "" {
		id, _ = claimText(t.Claims, "cid")
	}
	if t.extra.azp != "" && t.extra.azp != id || strings.ContainsFunc(id, notVisible) {
		return ""
	}
	return id
}

func notVisible(r rune) bool { return r < ' ' || r > '~' }

// plainKind believes an app only where sub is the client itself, as RFC 9068
// section 2.2 asks (Auth0 adds "@clients" to it), and takes for an ID token
// whatever looks like one and does not say at+jwt, or in Keycloak's way Bearer:
// other issuers name the client in those too.
func (t *Token) plainKind() Kind {
	x := &t.extra
	typ := text.LowerASCII(x.typ)
	claimed, _ := claimText(t.Claims, "typ")
	profiled := typ == "at+jwt" || typ == "application/at+jwt" || claimed == "Bearer"
	switch {
	case !profiled && (x.nonce || x.userName || t.ClientID != "" && slices.Contains(t.audiences(), t.ClientID)):
		return ID
	case t.ClientID == "":
		return Other
	case t.isClient() && (x.idtyp == "" || x.idtyp == "app"):
		return App
	case profiled || t.Scopes != nil:
		return User
	}
	return Other
}

func (t *Token) isClient() bool {
	return t.Subject == t.ClientID || t.Subject == t.ClientID+"@clients"
}

// audiences is aud as RFC 7519 section 4.1.3 has it: a string or a list.
func (t *Token) audiences() (all []string) {
	if t.Audience != "" {
		return []string{t.Audience}
	}
	if raw, ok := t.Claim("aud"); ok {
		_ = readStrings(raw, &all) // what is neither is no audience
	}
	return all
}

// listsAll keeps a token for several APIs, each of which could replay it at the
// others, to APIs that are all this one.
func (p *Policy) listsAll(audiences []string) bool {
	other := func(audience string) bool { return !slices.Contains(p.Audiences, audience) }
	return len(audiences) > 0 && !slices.ContainsFunc(audiences, other)
}

// decidePlainTenant asks for a tenant only where the token names one and the
// policy does too: the issuer, which is compared exactly, stands for it.
func decidePlainTenant(h *hearing) outcome {
	switch p := h.policy; {
	case h.token.TenantID == "", len(p.Tenants) == 0, p.AnyTenant:
		return switchedOff()
	case !slices.Contains(p.Tenants, h.token.TenantID):
		return fail(ErrTenantMismatch)
	}
	return pass()
}
