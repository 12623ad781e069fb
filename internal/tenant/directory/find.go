package directory

import (
	"slices"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/text"
)

// Directory is a list of tenants, found by the names that URLs use. Make one with
// New.
type Directory struct {
	Tenants []Tenant
	byName  map[string]*Tenant
}

// New makes the directory of tenants, which it keeps.
func New(tenants []Tenant) *Directory {
	d := &Directory{tenants, map[string]*Tenant{}}
	for i := range tenants {
		t := &tenants[i]
		for _, name := range append([]string{t.ID}, t.Domains...) {
			d.byName[text.LowerASCII(name)] = t
		}
	}
	return d
}

// Find returns the tenant that a name means: its ID or a domain, in any case;
// nil if there is none.
func (d *Directory) Find(name string) *Tenant { return d.byName[text.LowerASCII(name)] }

// IsNamed reports whether a name is the tenant's ID or one of its domains.
func (t *Tenant) IsNamed(name string) bool {
	name = text.LowerASCII(name)
	return name == text.LowerASCII(t.ID) ||
		slices.ContainsFunc(t.Domains, func(domain string) bool { return name == text.LowerASCII(domain) })
}

// RegionScope returns the tenant_region_scope of the tenant.
func (t *Tenant) RegionScope() string {
	if t.Region == "" {
		return "EU"
	}
	return t.Region
}

// FindClient finds a client by its ID, in any case; nil if there is none.
func (t *Tenant) FindClient(id string) *Client {
	i := slices.IndexFunc(t.Clients, func(c Client) bool { return strings.EqualFold(c.ID, id) })
	if i < 0 {
		return nil
	}
	return &t.Clients[i]
}

// FindPrincipal finds a client, managed identity or agent identity by its ID, in
// any case; nil if there is none.
func (t *Tenant) FindPrincipal(id string) *Client {
	for _, list := range t.principals() {
		if i := slices.IndexFunc(list, func(c Client) bool { return strings.EqualFold(c.ID, id) }); i >= 0 {
			return &list[i]
		}
	}
	return nil
}

// principals are all that can get tokens, by their lists.
func (t *Tenant) principals() [3][]Client { return [3][]Client{t.Clients, t.Identities, t.Agents} }

// FindNamed finds a client, managed identity or agent identity by its ID or its
// display name, in any case; nil if there is none.
func (t *Tenant) FindNamed(name string) *Client {
	if c := t.FindPrincipal(name); c != nil {
		return c
	}
	for _, list := range t.principals() {
		if i := slices.IndexFunc(list, func(c Client) bool { return strings.EqualFold(c.Name, name) }); i >= 0 {
			return &list[i]
		}
	}
	return nil
}

// FindAPI finds an API by its ID or one of its App ID URIs, in any case and with
// or without a slash at the end, as Entra does; nil if there is none.
func (t *Tenant) FindAPI(resource string) *API {
	want := resourceName(resource)
	if want == exchangeID || want == resourceName(exchangeAPI.URIs[0]) {
		return &exchangeAPI
	}
	i := slices.IndexFunc(t.APIs, func(a API) bool {
		return strings.EqualFold(a.ID, want) ||
			slices.ContainsFunc(a.URIs, func(uri string) bool { return resourceName(uri) == want })
	})
	if i < 0 {
		return nil
	}
	return &t.APIs[i]
}

// resourceName returns the form in which spellings of one resource are equal.
func resourceName(s string) string { return strings.ToLower(strings.TrimSuffix(s, "/")) }

// RolesOn returns the roles that the client was granted on an API of the
// tenant, in the order of the registration; nil if there are none.
func (t *Tenant) RolesOn(c *Client, api *API) (roles []string) {
	for _, role := range api.Roles {
		if slices.ContainsFunc(c.Grants, func(g Grant) bool {
			granted := t.FindAPI(g.API)
			return granted != nil && granted.ID == api.ID && slices.Contains(g.Roles, role)
		}) {
			roles = append(roles, role)
		}
	}
	return roles
}

// GraphRoles returns the roles that the client was granted on Microsoft Graph.
func (c *Client) GraphRoles() (roles []string) {
	for _, g := range c.Grants {
		if IsGraph(g.API) {
			roles = append(roles, g.Roles...)
		}
	}
	return roles
}

// APIOf returns the API that a client of the tenant is first of all for: that
// of its first grant, else the fallback. Microsoft Graph does not count.
func (t *Tenant) APIOf(c Client, fallback API) API {
	for _, g := range c.Grants {
		if api := t.FindAPI(g.API); api != nil && !api.IsExchange() {
			return *api
		}
	}
	return fallback
}

// Version returns the version of the API's tokens.
func (a *API) Version() entra.Version {
	if a.TokenVersion == "" {
		return entra.V1
	}
	return a.TokenVersion
}

// Address returns the name by which the API is asked for most often.
func (a *API) Address() string {
	if len(a.URIs) > 0 {
		return a.URIs[0]
	}
	return a.ID
}

// IsGraph reports whether a resource is Microsoft Graph of the public cloud, which
// is in every tenant.
func IsGraph(resource string) bool { return entra.Clouds()[0].IsGraph(resource) }
