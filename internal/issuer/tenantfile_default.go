package issuer

import "fmt"

// chooseDefault finds the client that a program started beside the tenants
// gets. Its tenant needs an API, because such a program is given one too.
func (r *fileReader) chooseDefault(f *TenantFile) {
	if len(r.defaults) > 1 {
		r.problem(r.places[r.defaults[1]], "default: another client is the default already, at line %d", r.places[r.defaults[0]].line)
		return
	}
	found := f.firstClient(func(path string, _ *Client) bool { return len(r.defaults) > 0 && path+".Default" == r.defaults[0] }) ||
		f.firstClient(func(_ string, c *Client) bool { return c.isUsable() }) ||
		f.firstClient(func(string, *Client) bool { return true })
	switch {
	case !found:
		r.problem(place{}, "no tenant has a client; nobody could ask for a token")
	case len(f.Tenants[f.Tenant].APIs) == 0:
		r.problem(r.nearestPlace(fmt.Sprintf("Tenants[%d].Clients[%d]", f.Tenant, f.Client)),
			"the tenant of the default client has no API that a token could be for")
	}
}

// firstClient makes the first client that fits the default.
func (f *TenantFile) firstClient(fits func(path string, c *Client) bool) bool {
	for i := range f.Tenants {
		for n := range f.Tenants[i].Clients {
			if fits(fmt.Sprintf("Tenants[%d].Clients[%d]", i, n), &f.Tenants[i].Clients[n]) {
				f.Tenant, f.Client = i, n
				return true
			}
		}
	}
	return false
}

// isUsable reports whether a client can get a token with a secret and has been
// granted something.
func (c *Client) isUsable() bool {
	return len(c.Secrets) > 0 && len(c.Grants) > 0 && !c.Disabled && !c.NoServicePrincipal && c.BlockedByPolicy == ""
}

// DefaultClient returns the client that a program started beside the tenants
// gets, and its tenant.
func (f TenantFile) DefaultClient() (Tenant, Client) {
	t := f.Tenants[f.Tenant]
	return t, t.Clients[f.Client]
}

// APIOf returns the API that a client of the tenant is first of all for: that
// of its first grant, else the fallback. Microsoft Graph does not count.
func (t *Tenant) APIOf(c Client, fallback API) API {
	for _, g := range c.Grants {
		if api := t.findAPI(g.API); api != nil {
			return *api
		}
	}
	return fallback
}

// RolesOf returns the roles that a client was granted on an API of the tenant.
func (t *Tenant) RolesOf(c Client, api API) []string {
	if found := t.findAPI(api.ID); found != nil {
		return t.rolesOn(&c, found)
	}
	return nil
}
