package entra

import (
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// What can be wrong with a scope before anything is sent.
var (
	ErrScopeMissing    = errors.New("no scope is set")
	ErrScopeNotDefault = errors.New("the scope does not end in /.default")
	ErrScopeSeveral    = errors.New("the scope names several resources")
	ErrScopeSignIn     = errors.New("the scope is one of OpenID Connect, for the sign-in of a user")
)

const defaultScope = "/.default"

// signInScopes are those of OpenID Connect, which no app-only token has.
var signInScopes = []string{"openid", "profile", "email", "offline_access"}

// CheckScope says what Entra would reject in the scope of a client-credentials
// request: it must name one resource and end in /.default (AADSTS1002012,
// AADSTS70011, AADSTS28000). The error is one of the ErrScope sentinels or
// ErrPlaceholder. White space around the scope does no harm.
func CheckScope(scope string) error {
	if IsPlaceholder(scope) {
		return ErrPlaceholder
	}
	fields := strings.Fields(scope)
	switch {
	case len(fields) == 0:
		return ErrScopeMissing
	case len(fields) == 1 && slices.Contains(signInScopes, strings.ToLower(fields[0])):
		return ErrScopeSignIn
	case len(fields) > 1:
		return ErrScopeSeveral
	case !strings.HasSuffix(fields[0], defaultScope) || fields[0] == defaultScope:
		return ErrScopeNotDefault
	}
	return nil
}

// IsScopeToken reports whether s has only the characters of one scope (RFC 6749
// section 3.3).
func IsScopeToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < 0x21 || c > 0x7e || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// Resource returns the resource that a scope asks for: the scope less one
// trailing "/.default" and white space around it. An App ID URI that itself
// ends in a slash keeps it, which is why such a scope is written with two
// ("https://vault.example//.default").
func Resource(scope string) string {
	return strings.TrimSuffix(strings.TrimSpace(scope), defaultScope)
}

// Audiences derives the audiences that an API accepts when none are set: the
// resource of its scope and, where the resource is a GUID or api://GUID, that
// GUID in lower case, as Entra writes it; without a scope the client ID, as
// where one registration is both. An empty list means that nothing can be
// derived, never that any audience will do.
//
// complete is false where a v2.0 token for that scope would carry a GUID that
// nobody can derive from the scope: for api://name and other App ID URIs.
func Audiences(scope, clientID string) (accepted []string, complete bool) {
	resource := Resource(scope)
	if strings.TrimSpace(scope) == "" {
		resource = clientID
	}
	id := strings.TrimPrefix(resource, "api://")
	switch {
	case resource == "":
		return nil, false
	case IsGUID(id):
		return distinct(resource, strings.ToLower(id)), true
	case resource == clientID:
		return []string{resource}, true
	}
	return []string{resource}, false
}

func distinct(a, b string) []string {
	if a == b {
		return []string{a}
	}
	return []string{a, b}
}

// permissionScope is a resource with the name of one permission behind it, as
// scopes of users' tokens have it: api://orders/Orders.Read.
var permissionScope = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^((?:api|https)://[^/]+)/([A-Za-z][\w.-]*)$`)
})

// DefaultScope returns what a scope should probably have been: its first
// resource, less the name of a permission, and /.default. It is empty for what can
// be no resource, such as openid or User.Read: only a GUID or a URI can.
func DefaultScope(scope string) string {
	fields := strings.Fields(scope)
	fields = slices.DeleteFunc(fields, func(f string) bool { return slices.Contains(signInScopes, strings.ToLower(f)) })
	if len(fields) == 0 {
		return ""
	}
	resource := strings.Trim(fields[0], "\"'`,;")
	if unescaped, err := url.PathUnescape(resource); err == nil {
		resource = unescaped
	}
	if at := strings.LastIndex(strings.ToLower(resource), defaultScope); at >= 0 && strings.Trim(resource[at+len(defaultScope):], "/") == "" {
		resource = resource[:at] // /.DEFAULT, /.default/
	} else {
		if m := permissionScope().FindStringSubmatch(resource); m != nil {
			resource = m[1]
		}
		resource = strings.TrimSuffix(resource, "/")
	}
	if !IsGUID(resource) && !isResourceURI(resource) {
		return ""
	}
	return resource + defaultScope
}

// isResourceURI reports whether s can be an App ID URI: a scheme and something behind
// it, in characters that a scope may have.
func isResourceURI(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme != "" && (u.Host != "" || u.Opaque != "") && IsScopeToken(s) && !strings.ContainsAny(s, "%?#,;")
}
