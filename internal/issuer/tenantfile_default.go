package issuer

import (
	"fmt"
	"slices"

	"m2m/internal/tenant/directory"
)

// chooseDefault puts the client first that a program started beside the tenants
// gets. Its tenant needs an API, because such a program is given one too.
func (r *fileReader) chooseDefault(f *TenantFile) {
	if len(r.defaults) > 1 {
		r.problem(r.places[r.defaults[1]], "default: another client is the default already, at line %d", r.places[r.defaults[0]].line)
		return
	}
	isMarked := func(path string, _ *directory.Client) bool {
		return len(r.defaults) > 0 && path+".Default" == r.defaults[0]
	}
	for _, fits := range []func(path string, c *directory.Client) bool{
		isMarked,
		func(_ string, c *directory.Client) bool { return isUsable(c) },
		func(string, *directory.Client) bool { return true },
	} {
		tenant, client, ok := f.findClient(fits)
		switch {
		case !ok:
			continue
		case len(f.Tenants[tenant].APIs) == 0:
			r.problem(r.nearestPlace(clientPath(tenant, client)), "the tenant of the default client has no API that a token could be for")
		default:
			f.putFirst(tenant, client)
		}
		return
	}
	r.problem(place{}, "no tenant has a client; nobody could ask for a token")
}

func clientPath(tenant, client int) string {
	return fmt.Sprintf("Tenants[%d].Clients[%d]", tenant, client)
}

func (f *TenantFile) findClient(fits func(path string, c *directory.Client) bool) (tenant, client int, ok bool) {
	for i := range f.Tenants {
		for n := range f.Tenants[i].Clients {
			if fits(clientPath(i, n), &f.Tenants[i].Clients[n]) {
				return i, n, true
			}
		}
	}
	return 0, 0, false
}

func (f *TenantFile) putFirst(tenant, client int) {
	moveFirst(f.Tenants, tenant)
	home := &f.Tenants[0]
	moveFirst(home.Clients, client)
	api := home.APIOf(home.Clients[0], home.APIs[0])
	moveFirst(home.APIs, slices.IndexFunc(home.APIs, func(a directory.API) bool { return a.ID == api.ID }))
}

// fillObjectIDs gives those clients that have no object ID one that is theirs in
// their tenant, the same in every run.
func (f *TenantFile) fillObjectIDs() {
	for _, t := range f.Tenants {
		for i := range t.Clients {
			if c := &t.Clients[i]; c.ObjectID == "" && !c.NoServicePrincipal {
				c.ObjectID = directory.ObjectID(t.ID, c.ID)
			}
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
	return len(c.Secrets) > 0 && len(c.Grants) > 0 && !c.Disabled && !c.NoServicePrincipal && c.BlockedByPolicy == ""
}
