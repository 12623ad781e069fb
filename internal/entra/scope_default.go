package entra

import (
	"regexp"
	"strings"
	"sync"
)

// permissionScope is a resource with the name of one permission behind it, as
// scopes of users' tokens have it: api://orders/Orders.Read.
var permissionScope = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^((?:api|https)://[^/]+)/([A-Za-z][\w.-]*)$`)
})

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
	if m := permissionScope().FindStringSubmatch(resource); m != nil {
		resource = m[1]
	}
	return strings.TrimSuffix(resource, "/") + defaultScope
}
