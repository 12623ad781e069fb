package main

import (
	"errors"
	"maps"
	"os"
	"strings"

	"m2m/internal/issuer"
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
func (r *localRun) clients() (list []localClient) {
	home := r.tenants.Tenants[0]
	for _, tenant := range r.tenants.Tenants {
		for _, client := range tenant.Clients {
			c := localClient{tenant: tenant, client: client, envFile: otherEnvFile(home, tenant, client)}
			if tenant.ID == home.ID {
				c.roles = tenant.RolesOf(client, home.APIs[0])
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

// writeDown writes the settings of every client into the state folder and
// returns those of the default one. Its file comes last: it is what --local
// waits for.
func (r *localRun) writeDown(state *localState, lookup func(string) (string, bool)) (localSettings, error) {
	intercept := r.interceptVariables(lookup, state.path(localRootsFile))
	err := state.writeCA(r.issuer.CAPEM())
	err = errors.Join(err, state.writeControl(controlAccess{r.issuer.ControlURL(), r.controlKey.Reveal(), state.path(localCAFile)}))
	if intercept != nil {
		err = errors.Join(err, os.WriteFile(state.path(localRootsFile), rootsWith(r.issuer.CAPEM(), lookup), 0o600))
	}
	settings := func(c localClient) localSettings {
		s := r.environment(c.tenant, c.client).withPlaces(state.path(localCAFile), state.path(localCacheFolder))
		maps.Copy(s, intercept)
		return s
	}
	clients := r.clients()
	for _, c := range clients[1:] {
		err = errors.Join(err, state.write(c.envFile, settings(c)))
	}
	chosen := settings(clients[0])
	return chosen, errors.Join(err, state.write(clients[0].envFile, chosen))
}

// shellWord quotes a path for a shell, if it needs that.
func shellWord(path string) string {
	if strings.ContainsAny(path, " \t'\"$&;()<>*?`\\|") {
		return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	}
	return path
}
