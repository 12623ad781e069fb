package jwt

import (
	"slices"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/text"
)

// isPlain reports whether claims are those of a token that is not of Entra's form,
// by iss and by what every token of Entra's has.
func isPlain(claims Object) bool {
	iss, ok := stringClaim(claims, "iss")
	if !ok {
		return !hasAny(claims, "iss", "tid", "ver", "azp", "appid")
	}
	if isEntraForm(iss) {
		return false
	}
	ver, _ := stringClaim(claims, "ver")
	_, tid := claims.Get("tid")
	client := ""
	switch ver {
	case "1.0":
		client = "appid"
	case "2.0":
		client = "azp"
	}
	_, named := claims.Get(client)
	return !tid || !named
}

func hasAny(claims Object, names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { _, ok := claims.Get(name); return ok })
}

// isEntraForm reports whether an issuer is https://HOST/TENANT/v2.0 or, for v1.0,
// https://HOST/TENANT/, but for details that the issuer check is there for.
func isEntraForm(iss string) bool {
	rest, ok := strings.CutPrefix(iss, "https://")
	_, path, _ := strings.Cut(rest, "/")
	tenant, version, ended := strings.Cut(path, "/")
	return ok && ended && (entra.IsGUID(tenant) || tenant == "{tenantid}") && (version == "" || version == "v2.0")
}

// ofOwnForm names the claims of Entra that other issuers write in forms of
// their own: Okta's ver is a number, and its scp a list. What is not in Entra's
// form is ignored, and grants nothing.
func ofOwnForm(claim string) bool { return claim == "ver" || claim == "scp" || claim == "roles" }

// stringClaim returns a claim that is a string; ok is false for any other.
func stringClaim(claims Object, name string) (value string, ok bool) {
	raw, _ := claims.Get(name)
	return Unquote(raw)
}

// derivePlain is derive for the claims of RFC 9068 section 2.2.
func (t *Token) derivePlain() {
	t.ClientID = t.plainClient()
	for _, name := range []string{"scp", "scope"} {
		if raw, ok := t.Claim(name); ok && t.Scopes == nil && t.readScopes(raw) != nil {
			_ = ReadStrings(raw, &t.Scopes) // what is neither text nor list grants nothing
		}
	}
	t.Kind = t.plainKind()
}

// plainClient is the one client that client_id and azp name, or where there is
// neither Okta's cid, if its ID is what RFC 6749 appendix A.1 allows.
func (t *Token) plainClient() string {
	id := t.azp
	if raw, ok := t.Claim("client_id"); ok {
		id, _ = Unquote(raw)
	} else if id == "" {
		id, _ = stringClaim(t.Claims, "cid")
	}
	if id == "" {
		id = t.appid // of AD FS
	}
	if t.azp != "" && t.azp != id || strings.ContainsFunc(id, notVisible) {
		return ""
	}
	return id
}

func notVisible(r rune) bool { return r < ' ' || r > '~' }

// plainKind is App only where sub is the client itself, as RFC 9068 section 2.2
// asks (Auth0 adds "@clients" to it). A token that looks like an ID token is one
// unless typ is at+jwt, or Bearer as Keycloak writes it: other issuers name the
// client in ID tokens too.
func (t *Token) plainKind() Kind {
	typ := text.LowerASCII(t.Type)
	claimed, _ := stringClaim(t.Claims, "typ")
	profiled := typ == "at+jwt" || typ == "application/at+jwt" || claimed == "Bearer"
	switch {
	case !profiled && (t.nonce || t.userName || t.ClientID != "" && slices.Contains(t.Audiences(), t.ClientID)):
		return ID
	case t.ClientID == "":
		return Other
	case t.isClient() && (t.idtyp == "" || t.idtyp == "app"):
		return App
	case profiled || t.Scopes != nil:
		return User
	}
	return Other
}

func (t *Token) isClient() bool {
	return t.Subject == t.ClientID || t.Subject == t.ClientID+"@clients"
}

// Audiences is aud as RFC 7519 section 4.1.3 has it: a string or a list.
func (t *Token) Audiences() []string {
	if t.Audience != "" {
		return []string{t.Audience}
	}
	return t.audiences
}

// HasAudiences reports whether aud is a list.
func (t *Token) HasAudiences() bool { return t.audiences != nil }
