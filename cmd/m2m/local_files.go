package main

import (
	"encoding/json"
	"errors"
	"maps"
	"os"

	"m2m/internal/issuer"
	"m2m/internal/tenant/control"
)

// localClient is a client of a running tenant, with the file that has its
// settings.
type localClient struct {
	tenant    issuer.Tenant
	client    issuer.Client
	isDefault bool
	// envFile is the name of the file in the state folder.
	envFile string
	// roles are those that it has on the API that serve runs.
	roles []string
}

// clients lists the clients of every tenant, the default one first.
func (s *localServer) clients() (list []localClient) {
	home := s.tenants.Tenants[0]
	for _, tenant := range s.tenants.Tenants {
		for _, client := range tenant.Clients {
			c := localClient{tenant: tenant, client: client, envFile: otherEnvFile(home, tenant, client)}
			if tenant.ID == home.ID {
				c.roles = tenant.RolesOn(&client, &home.APIs[0])
			}
			list = append(list, c)
		}
	}
	list[0].isDefault, list[0].envFile = true, localClientFile
	return list
}

// otherEnvFile names the settings of a client that is not the default. A client
// can be in several tenants.
func otherEnvFile(home, tenant issuer.Tenant, client issuer.Client) string {
	switch {
	case client.ID == issuer.Builtin().Clients[1].ID && tenant.ID == issuer.Builtin().ID:
		return localNoRoleFile
	case tenant.ID == home.ID:
		return "client-" + client.ID + ".env"
	}
	return "client-" + client.ID + "@" + tenant.ID + ".env"
}

// writeFiles writes the settings of every client into the state folder and
// returns those of the default one. Its file comes last: --local waits for it.
func (s *localServer) writeFiles(state *localState, lookup func(string) (string, bool)) (map[string]string, error) {
	intercept := s.interceptVariables(lookup, state.path(localRootsFile))
	access, err := json.Marshal(control.Access{URL: s.issuer.ControlURL(), Key: s.controlKey.Reveal(), CAFile: state.path(localCAFile)})
	err = errors.Join(err,
		os.WriteFile(state.path(localCAFile), s.issuer.CAPEM(), 0o600),
		os.WriteFile(state.path(localControlFile), access, 0o600))
	if intercept != nil {
		err = errors.Join(err, os.WriteFile(state.path(localRootsFile), rootsWith(s.issuer.CAPEM(), lookup), 0o600))
	}
	settings := func(c localClient) map[string]string {
		settings := s.environment(c.tenant, c.client)
		addPlaces(settings, state.path(localCAFile), state.path(localCacheFolder))
		maps.Copy(settings, intercept)
		return settings
	}
	clients := s.clients()
	for _, c := range clients[1:] {
		err = errors.Join(err, state.writeSettings(c.envFile, settings(c)))
	}
	chosen := settings(clients[0])
	return chosen, errors.Join(err, state.writeSettings(clients[0].envFile, chosen))
}
