package tenantfile_test

import (
	"strings"
	"testing"

	"m2m/internal/tenant/tenantfile"
)

// The default client comes first, with its tenant and its API.
func TestDefaultOfATenantFile(t *testing.T) {
	const one, two, three = "10000000-0000-4000-8000-000000000000", "20000000-0000-4000-8000-000000000000",
		"30000000-0000-4000-8000-000000000000"
	frame := "tenants:\n" +
		"  - id: " + one + "\n    apis: [{id: " + one + "}, {id: " + two + ", uris: [api://two]}]\n    clients:\n" +
		"      - {id: " + one + ", grants: [{api: api://two}], ONE}\n      - {id: " + two +
		", secrets: [x], grants: [{api: api://two}], TWO}\n" +
		"  - id: " + two + "\n    apis: [{id: " + three + "}]\n    clients:\n      - {id: " + three + ", THREE}\n"
	for _, c := range []struct {
		name, mark, as string
		want           [3]string
	}{
		{"the first with a secret and a grant", "ONE", "name: x", [3]string{one, two, two}},
		{"marked, without a secret", "ONE", "default: true", [3]string{one, one, two}},
		{"marked, in the other tenant", "THREE", "default: true", [3]string{two, three, three}},
		{"the only one with a secret is switched off", "TWO", "disabled: true", [3]string{one, one, two}},
	} {
		text := strings.Replace(frame, c.mark, c.as, 1)
		f, err := tenantfile.Parse("tenant.yaml",
			[]byte(strings.NewReplacer(", ONE}", "}", ", TWO}", "}", ", THREE}", "}").Replace(text)), noFiles)
		if err != nil {
			t.Fatal(err)
		}
		home := f.Tenants[0]
		if got := [3]string{home.ID, home.Clients[0].ID, home.APIs[0].ID}; got != c.want {
			t.Errorf("%s: tenant, client and API are %v, want %v", c.name, got, c.want)
		}
	}
}

// An object ID that the file leaves out is that of the client in its tenant,
// wherever in the tenant its clients stand.
func TestObjectIDsHeedNoOrder(t *testing.T) {
	const one, two = "10000000-0000-4000-8000-000000000000", "20000000-0000-4000-8000-000000000000"
	const apis, clients = "apis: [{id: " + one + "}]", "clients: [{id: " + one + "}]"
	read := func(tenant string) string {
		f, err := tenantfile.Parse("tenant.yaml", []byte("tenants: [{"+tenant+"}]"), noFiles)
		if err != nil {
			t.Fatal(err)
		}
		return f.Tenants[0].Clients[0].ObjectID
	}
	after, before, other := read("id: "+one+", "+apis+", "+clients), read(clients+", "+apis+", id: "+one),
		read(clients+", "+apis+", id: "+two)
	if after != before || before == other {
		t.Errorf("clients behind the ID: %s, before it: %s, in another tenant: %s", after, before, other)
	}
}
