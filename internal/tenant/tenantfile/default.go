package tenantfile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"m2m/internal/strictyaml"
	"m2m/internal/tenant/directory"
)

// chooseDefault puts the client first whose settings a program gets that is
// started with the tenants. Its tenant needs an API, because such a program gets
// one too.
func (r *reader) chooseDefault(root *strictyaml.Node, f *File) {
	if len(r.defaults) > 1 {
		r.Add(r.defaults[1].at, "default: another client is the default already, at line %d", r.defaults[0].at.Line)
		return
	}
	isMarked := func(c *directory.Client) bool { return len(r.defaults) > 0 && c == r.defaults[0].client }
	for _, fits := range []func(*directory.Client) bool{isMarked, isUsable, func(*directory.Client) bool { return true }} {
		tenant, client, ok := f.findClient(fits)
		switch {
		case !ok:
			continue
		case len(f.Tenants[tenant].APIs) == 0:
			n := nodeOf(root, fmt.Sprintf("Tenants[%d].Clients[%d]", tenant, client))
			r.Add(n.Place, "the tenant of the default client has no API that a token could be for")
		default:
			f.putFirst(tenant, client)
		}
		return
	}
	r.Add(strictyaml.Place{}, "no tenant has a client, so that nothing could request a token")
}

func (f *File) findClient(fits func(*directory.Client) bool) (tenant, client int, ok bool) {
	for i := range f.Tenants {
		for n := range f.Tenants[i].Clients {
			if fits(&f.Tenants[i].Clients[n]) {
				return i, n, true
			}
		}
	}
	return 0, 0, false
}

func (f *File) putFirst(tenant, client int) {
	moveFirst(f.Tenants, tenant)
	home := &f.Tenants[0]
	moveFirst(home.Clients, client)
	putAPIFirst(home, home.Clients[0])
}

// putAPIFirst puts the API first that a client is first of all for.
func putAPIFirst(t *directory.Tenant, c directory.Client) {
	api := t.APIOf(c, t.APIs[0])
	moveFirst(t.APIs, slices.IndexFunc(t.APIs, func(a directory.API) bool { return a.ID == api.ID }))
}

// Choose puts the client with an ID or display name first, as the default is, or the
// tenant and the API of the managed identity with it, and returns it; nil if there is
// none. An agent identity is returned and changes nothing.
func (f *File) Choose(name string) *directory.Client {
	for i := range f.Tenants {
		c := f.Tenants[i].FindNamed(name)
		switch {
		case c == nil || len(f.Tenants[i].APIs) == 0 || len(f.Tenants[i].Clients) == 0:
			continue
		case c.Kind == directory.AgentIdentity:
			return c
		case c.Kind == directory.App:
			id := c.ID
			f.putFirst(i, slices.IndexFunc(f.Tenants[i].Clients, func(c directory.Client) bool { return c.ID == id }))
			return &f.Tenants[0].Clients[0]
		}
		chosen := *c
		moveFirst(f.Tenants, i)
		putAPIFirst(&f.Tenants[0], chosen)
		return &chosen
	}
	return nil
}

// fillIDs gives what has no object ID one that is its own in its tenant, the same in
// every run; and managed identities without a resource ID one that follows from the
// name.
func (f *File) fillIDs() {
	for _, t := range f.Tenants {
		for _, list := range [][]directory.Client{t.Clients, t.Identities} {
			for i := range list {
				if c := &list[i]; c.ObjectID == "" && !c.NoServicePrincipal {
					c.ObjectID = directory.ObjectID(t.ID, c.ID)
				}
			}
		}
		for i := range t.Identities {
			if c := &t.Identities[i]; c.ResourceID == "" {
				c.ResourceID = directory.ResourceIDOf(c.Kind, strings.ReplaceAll(cmp.Or(c.Name, c.ID), " ", "-"))
			}
		}
		for i := range t.Agents {
			t.Agents[i].ObjectID = t.Agents[i].ID
		}
	}
}

// moveFirst moves one item to the front; the others keep their order.
func moveFirst[T any](list []T, n int) {
	item := list[n]
	copy(list[1:], list[:n])
	list[0] = item
}

// isUsable reports whether a client can get a token with a secret and has been
// granted something.
func isUsable(c *directory.Client) bool {
	return len(c.Secrets) > 0 && len(c.Grants) > 0 && !c.Disabled && !c.NoServicePrincipal && c.BlockedByPolicy == "" && !c.IsBlueprint
}
