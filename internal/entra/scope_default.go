package entra

import (
	"regexp"
	"strings"
)

// DefaultScope returns what a scope should probably have been: its first
// resource, less the name of a permission, and /.default. An empty scope stays
// empty.
func DefaultScope(scope string) string {
	fields := strings.Fields(scope)
	if len(fields) == 0 {
		return ""
	}
	resource := fields[0]
	if strings.HasSuffix(resource, defaultScope) {
		return resource
	}
	// A resource with the name of one permission behind it, as scopes of users'
	// tokens have it: api://orders/Orders.Read. Compiled here, since only a
	// mistake needs it.
	permissionScope := regexp.MustCompile(`^((?:api|https)://[^/]+)/([A-Za-z][\w.-]*)$`)
	if m := permissionScope.FindStringSubmatch(resource); m != nil {
		resource = m[1]
	}
	return strings.TrimSuffix(resource, "/") + defaultScope
}
