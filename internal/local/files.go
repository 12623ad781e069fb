package local

import (
	"encoding/json"
	"errors"
	"maps"

	"m2m/internal/tenant/control"
	"m2m/internal/tenant/directory"
)

// Client is a client of a running tenant, with the file that has its settings.
type Client struct {
	Tenant  directory.Tenant
	Client  directory.Client
	Default bool // --local means this client
	// EnvFile is the name of the file in the state folder.
	EnvFile string
	// Roles are those that it has on the API that is served.
	Roles []string
}

// Clients lists the clients of every tenant, the default one first.
func (s *Server) Clients() (list []Client) {
	home := s.Tenants.Tenants[0]
	for _, tenant := range s.Tenants.Tenants {
		for _, client := range tenant.Clients {
			c := Client{Tenant: tenant, Client: client, EnvFile: otherEnvFile(home, tenant, client)}
			if tenant.ID == home.ID {
				c.Roles = tenant.RolesOn(&client, &home.APIs[0])
			}
			list = append(list, c)
		}
	}
	list[0].Default, list[0].EnvFile = true, ClientFile
	return list
}

// otherEnvFile names the settings of a client that is not the default. A client
// can be in several tenants.
func otherEnvFile(home, tenant directory.Tenant, client directory.Client) string {
	switch {
	case client.ID == directory.Builtin().Clients[1].ID && tenant.ID == directory.Builtin().ID:
		return noRoleFile
	case tenant.ID == home.ID:
		return "client-" + client.ID + ".env"
	}
	return "client-" + client.ID + "@" + tenant.ID + ".env"
}

// entry is a client or managed identity in the file of choices.
type entry struct {
	Names []string `json:"names"` // its ID, and its display name if it has one
	File  string   `json:"file"`
}

func entryOf(c directory.Client, file string) entry {
	e := entry{[]string{c.ID}, file}
	if c.Name != "" {
		e.Names = append(e.Names, c.Name)
	}
	return e
}

// WriteFiles writes the settings of every client into the state folder and
// returns those of the default one. Its file comes last: --local waits for it.
func (s *Server) WriteFiles(state *State, lookup func(string) (string, bool)) (map[string]string, error) {
	proxied := s.interceptVariables(lookup, state.Path(rootsFile))
	access, err := json.Marshal(control.Access{URL: s.Issuer.ControlURL(), Key: s.controlKey.Reveal(), CAFile: state.Path(CAFile)})
	err = errors.Join(err, state.write(CAFile, s.Issuer.CAPEM()), state.write(ControlFile, access))
	if proxied != nil {
		err = errors.Join(err, state.write(rootsFile, rootsWith(s.Issuer.CAPEM(), lookup)))
	}
	settings := func(c Client) map[string]string {
		variables := s.Environment(c.Tenant, c.Client)
		addPlaces(variables, state.Path(CAFile), state.Path(cacheFolder))
		maps.Copy(variables, proxied)
		return variables
	}
	clients := s.Clients()
	var choices []entry
	for _, c := range clients {
		choices = append(choices, entryOf(c.Client, c.EnvFile))
	}
	for _, c := range clients[1:] {
		err = errors.Join(err, state.writeSettings(c.EnvFile, settings(c)))
	}
	home := s.Tenants.Tenants[0]
	for _, identity := range home.Identities {
		variables := settings(Client{Tenant: home, Client: identity})
		delete(variables, "CLIENT_ID")
		delete(variables, "AZURE_CLIENT_ID")
		address, header := s.Issuer.IdentityEndpoint()
		variables[identityEndpoint], variables[identityHeader] = address, header.Reveal()
		if identity.Kind == directory.UserIdentity {
			variables["AZURE_CLIENT_ID"] = identity.ID
		}
		file := "identity-" + identity.ID + ".env"
		choices = append(choices, entryOf(identity, file))
		err = errors.Join(err, state.writeSettings(file, variables))
	}
	index, indexErr := json.Marshal(choices)
	err = errors.Join(err, indexErr, state.write(choicesFile, index))
	chosen := settings(clients[0])
	return chosen, errors.Join(err, state.writeSettings(clients[0].EnvFile, chosen))
}
