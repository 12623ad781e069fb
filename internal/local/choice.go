package local

import (
	"fmt"
	"slices"
	"strings"

	"m2m/internal/exit"
	"m2m/internal/tenant/directory"
	"m2m/internal/tenant/tenantfile"
	"m2m/internal/text"
)

// Choose makes the client with an ID or display name the default of the tenants, or
// returns the managed identity that has it; then its tenant and API are the first. An
// empty name changes nothing. flag is the flag that gave the name.
func Choose(f *tenantfile.File, name, flag string) (*directory.Client, error) {
	if name == "" {
		return nil, nil
	}
	chosen := f.Choose(name)
	switch {
	case chosen == nil:
		return nil, exit.Usagef("%s: no client or managed identity %s in the tenants", flag, text.Quote(name)).
			Hint("known: " + strings.Join(namesOf(f.Tenants), ", "))
	case chosen.Kind == directory.AgentIdentity:
		return nil, exit.Usagef("%s: %s is an agent identity, which has no credential of its own", flag, text.Quote(name)).
			Hintf("give %s its blueprint %s, and request its tokens with fmi_path", flag, chosen.Blueprint)
	case chosen.Kind == directory.App:
		return nil, nil
	}
	return chosen, nil
}

// mostNames bounds how many names a hint lists.
const mostNames = 12

// namesOf lists what Choose takes.
func namesOf(tenants []directory.Tenant) (names []string) {
	for _, t := range tenants {
		for _, c := range slices.Concat(t.Clients, t.Identities) {
			if len(names) == mostNames {
				return append(names, "...")
			}
			if c.Name == "" {
				names = append(names, c.ID)
				continue
			}
			names = append(names, fmt.Sprintf("%s (%s)", text.Quote(c.Name), c.ID))
		}
	}
	return names
}
