package directory

import (
	"m2m/internal/entra"
)

// Builtin returns the tenant that exists without any settings: one API,
// APIs[0], two clients, and two managed identities. Clients[0] has the API's role;
// Clients[1] has not, and gets tokens without roles. IDs are the same every time;
// the secrets are new at every call, so that no cached token outlives its tenant.
func Builtin() Tenant {
	const uri, role = "api://m2m-demo", "Data.Read"
	return Tenant{
		ID:      "bcca9397-21fa-44b1-a33d-6669fb9ef64d",
		Domains: []string{"m2mdemo.onmicrosoft.com"},
		APIs: []API{{
			ID:           "413888a3-2980-4619-b44a-e678d0ffb4e6",
			Name:         "m2m demo API",
			URIs:         []string{uri},
			TokenVersion: entra.V2,
			Roles:        []string{role},
		}},
		Clients: []Client{
			{
				ID:       "e11eefb9-fb70-4de4-9a7c-3a3592fdd502",
				ObjectID: "718ca565-a379-4f24-8f2d-afda64670f2b",
				Name:     "m2m demo client",
				Secrets:  []ClientSecret{{Value: NewClientSecret()}},
				Grants:   []Grant{{API: uri, Roles: []string{role}}},
			},
			{
				ID:       "b1fe6e62-805b-4ad4-bf3e-4ab842759800",
				ObjectID: "0f85dc02-dd46-459d-b0f2-1bd2f8189bc5",
				Name:     "m2m demo client without a role",
				Secrets:  []ClientSecret{{Value: NewClientSecret()}},
			},
		},
		Identities: []Client{
			{
				Kind:       SystemIdentity,
				ID:         "2c1a6d0e-5b84-4f37-9e62-d8b3a7f05c19",
				ObjectID:   "8e4f72b9-1d3a-4c65-a0f8-6b9c2e7d5134",
				Name:       "m2m-demo-system",
				ResourceID: ResourceIDOf(SystemIdentity, "m2m-demo-system"),
				Grants:     []Grant{{API: uri, Roles: []string{role}}},
			},
			{
				Kind:       UserIdentity,
				ID:         "95d7b3f2-c06e-4a18-8b4d-1f7e9a2c6d80",
				ObjectID:   "c3b9e5a7-60f2-4d81-b7ce-4a8d0f93e215",
				Name:       "m2m-demo-user",
				ResourceID: ResourceIDOf(UserIdentity, "m2m-demo-user"),
				Grants:     []Grant{{API: uri, Roles: []string{role}}},
			},
		},
	}
}

// ResourceIDOf returns the resource ID of a managed identity that has none in its
// file: its own, or that of the machine whose identity it is.
func ResourceIDOf(kind Kind, name string) string {
	const group = "/subscriptions/00000000-0000-4000-8000-000000000000/resourcegroups/m2m-local/providers/"
	if kind == SystemIdentity {
		return group + "Microsoft.Web/sites/" + name
	}
	return group + "Microsoft.ManagedIdentity/userAssignedIdentities/" + name
}
