package serve

import (
	"fmt"
	"net/http"
	"strings"

	"m2m/internal/verify"
)

// The headers that tell a program behind the gate who called. All three are
// always there, empty where the token says nothing, so that a proxy which copies
// them from /auth never leaves one of the caller's own in place.
const (
	headerClientID = "X-Auth-Client-Id"
	headerTenantID = "X-Auth-Tenant-Id"
	headerRoles    = "X-Auth-Roles"
)

// setIdentity writes the identity headers of a believed token.
func setIdentity(h http.Header, t *verify.Token) {
	h[headerClientID] = []string{headerValue(t.ClientID)}
	h[headerTenantID] = []string{headerValue(t.TenantID)}
	roles := make([]string, len(t.Roles))
	for i, role := range t.Roles {
		roles[i] = headerValue(role)
	}
	h[headerRoles] = []string{strings.Join(roles, ",")}
}

// stripVouched removes every header that a server behind could take for one that
// this gate vouches for: who called, and over which connection.
func stripVouched(h http.Header) {
	for name := range h {
		if folded := foldHeader(name); isIdentity(folded) || strings.HasPrefix(folded, "X-Forwarded") {
			delete(h, name)
		}
	}
}

func isIdentity(name string) bool {
	return name == headerClientID || name == headerTenantID || name == headerRoles
}

// foldHeader is the canonical name that a careless server makes of another. CGI,
// WSGI and PHP make "_" of the hyphen, and some of everything else that is no
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
