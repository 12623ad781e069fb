package verify

import (
	"net/url"
	"slices"
	"strings"

	"m2m/internal/entra"
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
	host := entra.LowerASCII(u.Hostname())
	_, known := cloudOf(host)
	return known || strings.HasSuffix(host, ".b2clogin.com") || strings.HasSuffix(host, ".ciamlogin.com")
}

// plain reports whether a token is judged as a plain OAuth access token.
func (p *Policy) plain(t *Token) bool {
	return t != nil && p.PlainIssuer != "" && t.Issuer == p.PlainIssuer && t.Version == ""
}

// settlePlain derives what settle does, from the claims of RFC 9068 section 2.2.
func (t *Token) settlePlain() {
	t.ClientID = t.plainClient()
	if raw, ok := t.Claim("scope"); ok && t.Scopes == nil {
		_ = t.readScopes(raw) // a scope that is no string grants nothing
	}
	t.Kind = t.plainKind()
}

// plainClient is the one client that client_id and azp name, if its ID is what
// RFC 6749 appendix A.1 allows.
func (t *Token) plainClient() string {
	id := t.extra.azp
	if raw, ok := t.Claim("client_id"); ok {
		id, _ = unquote(raw)
	}
	if t.extra.azp != "" && t.extra.azp != id || strings.ContainsFunc(id, notVisible) {
		return ""
	}
	return id
}

func notVisible(r rune) bool { return r < ' ' || r > '~' }

// plainKind believes an app only where sub is the client itself, as RFC 9068
// section 2.2 asks (Auth0 adds "@clients" to it), and takes for an ID token
// whatever looks like one and does not say at+jwt: other issuers name the client
// in those too.
func (t *Token) plainKind() Kind {
	x := &t.extra
	typ := entra.LowerASCII(x.typ)
	profiled := typ == "at+jwt" || typ == "application/at+jwt"
	switch {
	case !profiled && (x.nonce || x.userName || t.ClientID != "" && slices.Contains(t.audiences(), t.ClientID)):
		return ID
	case t.ClientID == "":
		return Other
	case t.Subject == t.ClientID, t.Subject == t.ClientID+"@clients":
		return App
	case profiled || t.Scopes != nil:
		return User
	}
	return Other
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
