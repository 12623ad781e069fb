package issuer

import (
	"errors"
	"slices"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/tenant/refusal"
	"m2m/internal/text"
)

// zeroGUID is what an unset variable or a placeholder often holds; Entra has
// codes of its own for it.
const zeroGUID = "00000000-0000-0000-0000-000000000000"

// directory finds tenants by the names that URLs use. It is read-only once
// made.
type directory map[string]*Tenant

func newDirectory(tenants []Tenant) directory {
	d := directory{}
	for i := range tenants {
		t := &tenants[i]
		for _, name := range append([]string{t.ID}, t.Domains...) {
			d[text.LowerASCII(name)] = t
		}
	}
	return d
}

// find returns the tenant that a path segment names, in any case.
func (d directory) find(segment string) (*Tenant, *refusal.Refusal) {
	if t := d[text.LowerASCII(segment)]; t != nil {
		return t, nil
	}
	if segment == zeroGUID {
		return nil, refusal.ZeroTenant.With(zeroGUID)
	}
	err := entra.CheckTenant(segment)
	if errors.Is(err, entra.ErrTenantForm) || errors.Is(err, entra.ErrPlaceholder) && !entra.IsGUID(segment) {
		return nil, refusal.MalformedTenant.With(segment)
	}
	return nil, refusal.UnknownTenant.With(segment)
}

// isGroup reports whether a path segment stands for many tenants.
func isGroup(segment string) bool {
	switch strings.ToLower(segment) {
	case "common", "organizations", "consumers":
		return true
	}
	return false
}

// isNamed reports whether a name is the tenant's ID or one of its domains.
func (t *Tenant) isNamed(name string) bool {
	name = text.LowerASCII(name)
	return name == text.LowerASCII(t.ID) ||
		slices.ContainsFunc(t.Domains, func(domain string) bool { return name == text.LowerASCII(domain) })
}

func (t *Tenant) region() string {
	if t.Region == "" {
		return "EU"
	}
	return t.Region
}

func (t *Tenant) findClient(id string) *Client {
	i := slices.IndexFunc(t.Clients, func(c Client) bool { return strings.EqualFold(c.ID, id) })
	if i < 0 {
		return nil
	}
	return &t.Clients[i]
}

// findAPI finds an API by its ID or one of its App ID URIs, in any case and
// with or without a slash at the end, as Entra does.
func (t *Tenant) findAPI(resource string) *API {
	want := resourceName(resource)
	i := slices.IndexFunc(t.APIs, func(a API) bool {
		return strings.EqualFold(a.ID, want) ||
			slices.ContainsFunc(a.URIs, func(uri string) bool { return resourceName(uri) == want })
	})
	if i < 0 {
		return nil
	}
	return &t.APIs[i]
}

// resourceName brings the spellings of one resource together.
func resourceName(s string) string { return strings.ToLower(strings.TrimSuffix(s, "/")) }

// rolesOn returns the roles that the client was granted on an API, in the
// order of the registration; nil if there are none.
func (t *Tenant) rolesOn(c *Client, api *API) []string {
	var roles []string
	for _, role := range api.Roles {
		if slices.ContainsFunc(c.Grants, func(g Grant) bool {
			return t.findAPI(g.API) == api && slices.Contains(g.Roles, role)
		}) {
			roles = append(roles, role)
		}
	}
	return roles
}

// graphRoles returns the roles that the client was granted on Microsoft Graph.
func (c *Client) graphRoles() []string {
	var roles []string
	for _, g := range c.Grants {
		if isGraph(g.API) {
			roles = append(roles, g.Roles...)
		}
	}
	return roles
}

func (a *API) version() entra.Version {
	if a.TokenVersion == "" {
		return entra.V1
	}
	return a.TokenVersion
}
