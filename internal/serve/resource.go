package serve

import (
	"errors"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"m2m/internal/transport"
)

// Resource is the identifier of a protected resource (RFC 9728 section 1.2): the URL
// that clients call, or the beginning of it.
type Resource struct {
	// id is the identifier as it was given: clients compare it byte by byte.
	id string
	// origin is its scheme and host, and path the rest; "" for an origin alone.
	origin, path string
}

// Errors of [ParseResource].
var (
	ErrResourceURL    = errors.New("the resource is not an absolute https URL")
	ErrResourceScheme = errors.New("the resource is a plain http URL, which only loopback may be")
	ErrResourceSlash  = errors.New("the resource ends with a slash, which an App ID URI cannot")
	ErrResourceForm   = errors.New("the resource has more than a lower-case host and a plain path")
)

// ParseResource reads an identifier. It must be what clients type and what Entra takes
// for an App ID URI: https (http on loopback), no slash at the end, no query.
func ParseResource(id string) (Resource, error) {
	u, err := url.Parse(id)
	switch {
	case err != nil, u.Scheme != "https" && u.Scheme != "http", u.Host == "" || u.Hostname() == "":
		return Resource{}, ErrResourceURL
	case u.Scheme == "http" && !transport.Loopback(u.Hostname()):
		return Resource{}, ErrResourceScheme
	case u.User != nil, strings.ContainsAny(id, "?# "), u.Scheme+"://"+strings.ToLower(u.Host)+u.EscapedPath() != id:
		return Resource{}, ErrResourceForm
	case strings.HasSuffix(id, "/"):
		return Resource{}, ErrResourceSlash
	case u.Path != "" && path.Clean(u.Path) != u.Path:
		return Resource{}, ErrResourceForm
	}
	return Resource{id, u.Scheme + "://" + u.Host, u.EscapedPath()}, nil
}

// String returns the identifier.
func (r Resource) String() string { return r.id }

// metadataPath is where the document of the resource is (RFC 9728 section 3.1).
func (r Resource) metadataPath() string { return resourceMetadata + r.path }

// MetadataURL is the address of its document.
func (r Resource) MetadataURL() string { return r.origin + r.metadataPath() }

// covers reports whether the resource's path is the request's, or whole segments at
// its beginning.
func (r Resource) covers(requestPath string) bool {
	rest, found := strings.CutPrefix(requestPath, r.path)
	return found && (rest == "" || rest[0] == '/' || r.path == "")
}

// The well-known names that the gate answers itself, without a token.
const (
	resourceMetadata = "/.well-known/oauth-protected-resource"
	// Clients that find no metadata of a resource look for its authorization server
	// here, and post their secret to /token if they find neither.
	serverMetadata = "/.well-known/oauth-authorization-server"
	openIDMetadata = "/.well-known/openid-configuration"
	// wellKnownRoute counts the requests for all of them in the metrics.
	wellKnownRoute = "/.well-known"
)

func isUnder(requestPath, name string) bool {
	return requestPath == name || strings.HasPrefix(requestPath, name+"/")
}

// Discovery says what clients may find out without a token (RFC 9728). Its zero value
// publishes nothing.
type Discovery struct {
	// Off switches metadata off, and what challenges say about it.
	Off bool
	// Resources are the identifiers, of which no two have the same path.
	Resources []Resource
	// Name and Documentation are resource_name and resource_documentation.
	Name, Documentation string
	// Scope is what an app asks Entra for: the API's App ID URI or client ID and
	// /.default. Empty if it is not known.
	Scope string
	// Issuers are the authorization servers; ok is false while one is not known.
	Issuers func() (issuers []string, ok bool)
}

// ErrResourcePath says that two resources have the same path, so that one document
// would have to speak for both.
var ErrResourcePath = errors.New("two resources have the same path")

func (d Discovery) check() error {
	paths := map[string]bool{}
	for _, r := range d.Resources {
		if paths[r.path] {
			return ErrResourcePath
		}
		paths[r.path] = true
	}
	return nil
}

// resourceOf returns the resource with the longest path that covers the request's.
func (d Discovery) resourceOf(requestPath string) (longest Resource, ok bool) {
	for _, r := range d.Resources {
		if r.covers(requestPath) && (!ok || len(r.path) > len(longest.path)) {
			longest, ok = r, true
		}
	}
	return longest, ok
}

// qualified returns scopes as clients must ask for them: Entra takes a bare name for
// one of Microsoft Graph's.
func (d Discovery) qualified(scopes []string) []string {
	base := strings.TrimSuffix(d.Scope, "/.default")
	if base == "" {
		return nil
	}
	var full []string
	for _, scope := range scopes {
		full = append(full, base+"/"+scope)
	}
	return full
}

// scopes are what a client should ask for: /.default, which serves apps and, with what
// was consented to, users; where only scopes are required, which no app has, those.
// Entra rejects a mixture of both (AADSTS70011).
func (a *API) scopes() []string {
	p, d := a.config.Policy, a.config.Discovery
	switch {
	case d.Scope == "":
		return nil
	case len(p.Scopes) > 0 && len(p.Roles) == 0:
		return d.qualified(p.Scopes)
	}
	return []string{d.Scope}
}

// metadataDocument is the document of RFC 9728 section 2.
type metadataDocument struct {
	Resource               string   `json:"resource"`
	AuthorizationServers   []string `json:"authorization_servers"`
	ScopesSupported        []string `json:"scopes_supported,omitempty"`
	BearerMethodsSupported []string `json:"bearer_methods_supported"`
	Name                   string   `json:"resource_name,omitempty"`
	Documentation          string   `json:"resource_documentation,omitempty"`
}

// isWellKnown reports whether the gate answers a path itself, as no upstream may.
func (d Discovery) isWellKnown(requestPath string) bool {
	return isUnder(requestPath, serverMetadata) || isUnder(requestPath, openIDMetadata) ||
		!d.Off && isUnder(requestPath, resourceMetadata)
}

// serveWellKnown answers the well-known names. Browsers read the answer from pages of
// other origins, because nothing in it is a secret.
func (a *API) serveWellKnown(w http.ResponseWriter, r *http.Request) {
	d, h := a.config.Discovery, w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "GET, OPTIONS")
	h.Set("Access-Control-Allow-Headers", "Content-Type, MCP-Protocol-Version")
	at := slices.IndexFunc(d.Resources, func(resource Resource) bool { return resource.metadataPath() == r.URL.EscapedPath() })
	switch {
	case at < 0 || d.Off || !isUnder(r.URL.Path, resourceMetadata):
		Problem{Status: http.StatusNotFound, Detail: "there is no such metadata here"}.write(w, r)
		return
	case r.Method == http.MethodOptions:
		w.WriteHeader(http.StatusNoContent)
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		h.Set("Allow", "GET, HEAD, OPTIONS")
		Problem{Status: http.StatusMethodNotAllowed, Detail: "this path answers GET, HEAD, OPTIONS"}.write(w, r)
		return
	}
	issuers, known := []string(nil), false
	if d.Issuers != nil {
		issuers, known = d.Issuers()
	}
	if !known {
		h.Set("Retry-After", "5")
		Problem{Status: http.StatusServiceUnavailable, Detail: "the issuer of the API's tokens is not known yet"}.write(w, r)
		return
	}
	writeJSON(w, "application/json", http.StatusOK, metadataDocument{
		Resource: d.Resources[at].id, AuthorizationServers: issuers, ScopesSupported: a.scopes(),
		BearerMethodsSupported: []string{"header"}, Name: d.Name, Documentation: d.Documentation,
	})
}

// requestedPath is the path that the caller asked for: of a proxy's authentication
// subrequest the one in its header (X-Original-URI by nginx, X-Forwarded-Uri by Caddy
// and Traefik). It only chooses among the configured resources.
func requestedPath(r *http.Request) string {
	if r.URL.Path != authRoute {
		return r.URL.Path
	}
	for _, name := range []string{"X-Original-Uri", "X-Forwarded-Uri"} {
		if u, err := url.ParseRequestURI(r.Header.Get(name)); err == nil {
			return u.Path
		}
	}
	return r.URL.Path
}
