package serve

import (
	"fmt"
	"net/http"
	"strings"

	"m2m/internal/jwt"
)

// The headers that tell an upstream who called. All three are always set, empty
// where the token lacks the claim, so that a proxy which copies them from /auth
// always overwrites those that the caller sent.
const (
	headerClientID = "X-Auth-Client-Id"
	headerTenantID = "X-Auth-Tenant-Id"
	headerRoles    = "X-Auth-Roles"
)

// setIdentity sets the identity headers for a valid token.
func setIdentity(h http.Header, t *jwt.Token) {
	h[headerClientID] = []string{headerValue(t.ClientID)}
	h[headerTenantID] = []string{headerValue(t.TenantID)}
	roles := make([]string, len(t.Roles))
	for i, role := range t.Roles {
		roles[i] = headerValue(role)
	}
	h[headerRoles] = []string{strings.Join(roles, ",")}
}

// stripIdentity removes every header that an upstream could mistake for one that
// this gate sets (who called, and over which connection), and those that name another
// path. A trusted proxy may say where the request comes from, but not in a spelling
// that it would have passed on for its caller.
func stripIdentity(h http.Header, trusted bool) {
	for name := range h {
		switch folded := foldHeader(name); {
		case isIdentity(folded), isPathOverride(folded):
			delete(h, name)
		case isClientHeader(folded) && !(trusted && name == folded):
			delete(h, name)
		}
	}
}

// isPathOverride reports whether some servers take the path from a header (IIS, Symfony):
// it would lead out of the upstream's prefix.
func isPathOverride(folded string) bool {
	return folded == "X-Original-Url" || folded == "X-Rewrite-Url"
}

func isIdentity(name string) bool {
	return name == headerClientID || name == headerTenantID || name == headerRoles
}

// foldHeader returns the canonical form of a name as a lax server reads it. CGI,
// WSGI and PHP turn hyphens into "_", and some do so with everything that is not a
// letter or digit, so that X_Auth_Client_Id and X.Auth.Client.Id arrive under the
// same name (CVE-2015-0219).
func foldHeader(name string) string {
	return http.CanonicalHeaderKey(strings.Map(func(c rune) rune {
		if isAlphanumeric(c) {
			return c
		}
		return '-'
	}, name))
}

// headerValue escapes what would end or split a value: the comma, which a role
// of Entra's may hold, and all that is not visible ASCII (RFC 3986 section 2.1).
func headerValue(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || c == ',' || c == '%' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
