package serve

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// methods maps methods to the handlers of one path. HEAD is served as GET, and
// net/http omits the body; OPTIONS lists the methods and needs no token, since
// browsers send none with it.
type methods map[string]http.Handler

// anyMethod is the key of a handler that answers every method.
const anyMethod = "*"

// handler returns nil for a method that the path does not answer.
func (m methods) handler(method string) http.Handler {
	switch h, found := m[method]; {
	case found:
		return h
	case m[anyMethod] != nil:
		return m[anyMethod]
	case method == http.MethodHead:
		return m[http.MethodGet]
	case method == http.MethodOptions:
		return http.HandlerFunc(m.options)
	}
	return nil
}

func (m methods) options(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Allow", m.allow())
	w.WriteHeader(http.StatusNoContent)
}

// allow is the value of the header Allow (RFC 9110 section 10.2.1).
func (m methods) allow() string {
	names := slices.Collect(maps.Keys(m))
	names = append(names, http.MethodOptions)
	if m[http.MethodGet] != nil {
		names = append(names, http.MethodHead)
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ", ")
}
