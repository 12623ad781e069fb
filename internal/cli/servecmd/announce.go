package servecmd

import (
	"cmp"
	"fmt"
	"strings"

	"m2m/internal/cli"
	"m2m/internal/entra"
	"m2m/internal/local"
	"m2m/internal/text"
)

// mostAnnounced is how many clients get a line of their own: what serve prints at
// its start stays within 15 lines.
const mostAnnounced = 3

// announceLocal prints where everything is: for people on stderr, for programs
// as one line of JSON on stdout.
func announceLocal(env *cli.Env, server *local.Server, api *api, state *local.State, form string) error {
	if form == "json" {
		return cli.WriteJSONLine(env.Out, localDocumentOf(server, state))
	}
	announceTenants(env, server)
	env.Say("API           %s%s", server.APIURL, api.path())
	announceUpstream(env, api.upstream)
	announceClients(env, server, state)
	api.announceCallers()
	env.Say("try, in another terminal:")
	env.Say("  m2m call --local %s", cmp.Or(api.path(), "/"))
	env.Say("  m2m token --local | m2m verify --local")
	env.Say("Ctrl-C stops it")
	return nil
}

func announceTenants(env *cli.Env, server *local.Server) {
	home := server.Tenants.Tenants[0]
	more := ""
	if others := len(server.Tenants.Tenants) - 1; others > 0 {
		more = fmt.Sprintf(", with %d more at its address", others)
	}
	env.Say("local tenant  %s  (ends with this process)%s", server.Issuer.Authority(home.ID).URL(), more)
}

func announceClients(env *cli.Env, server *local.Server, state *local.State) {
	take := "--env-file "
	if !server.Issuer.ProxyURL().IsZero() {
		take = "set -a; . "
		env.Say("programs      whatever login host of Microsoft they ask: set -a; . %s", text.ShellQuote(state.Path(local.ClientFile)))
	}
	clients := server.Clients()
	for n, c := range clients {
		switch {
		case n == mostAnnounced:
			env.Say("clients       %d more: %sclient-ID.env in %s", len(clients)-n, take, text.ShellQuote(state.Folder()))
			return
		case c.Default:
			env.Say("client        %s  %s: --local", c.Client.ID, rolesInWords(c.Roles))
		default:
			env.Say("client        %s  %s: %s%s", c.Client.ID, rolesInWords(c.Roles), take, text.ShellQuote(state.Path(c.EnvFile)))
		}
	}
}

func rolesInWords(roles []string) string {
	switch {
	case len(roles) == 0:
		return "has no role"
	case len(roles) == 1:
		return "has the role " + roles[0]
	}
	return "has the roles " + text.OneLine(strings.Join(roles, ", "), 60)
}

// localDocument is what `serve --local -o json` prints: where everything is. It
// holds no secret; those are in the files that it names. Its keys are stable.
type localDocument struct {
	AuthorityHost string           `json:"authority_host"`
	APIURL        string           `json:"api_url"`
	APIScope      string           `json:"api_scope,omitempty"`
	APIAudience   []string         `json:"api_audience"`
	CAFile        string           `json:"ca_file"`
	ControlFile   string           `json:"control_file"`
	Tenants       []tenantDocument `json:"tenants"`
	Clients       []clientDocument `json:"clients"`
}

type tenantDocument struct {
	TenantID  string   `json:"tenant_id"`
	Domains   []string `json:"domains"`
	Authority string   `json:"authority"`
	Discovery string   `json:"discovery"`
}

type clientDocument struct {
	ClientID string   `json:"client_id"`
	TenantID string   `json:"tenant_id"`
	Name     string   `json:"name,omitempty"`
	Default  bool     `json:"default"`
	Roles    []string `json:"roles"`
	EnvFile  string   `json:"env_file"`
}

func localDocumentOf(server *local.Server, state *local.State) localDocument {
	settings := server.Environment(server.Tenants.Tenants[0], server.Tenants.Tenants[0].Clients[0])
	d := localDocument{
		AuthorityHost: server.Issuer.Origin(), APIURL: server.APIURL,
		APIScope: settings["API_SCOPE"], APIAudience: strings.Split(settings["API_AUDIENCE"], ","),
		CAFile: state.Path(local.CAFile), ControlFile: state.Path(local.ControlFile),
	}
	for _, t := range server.Tenants.Tenants {
		authority := server.Issuer.Authority(t.ID)
		d.Tenants = append(d.Tenants, tenantDocument{t.ID, append([]string{}, t.Domains...), authority.URL(), authority.Discovery(entra.V2)})
	}
	for _, c := range server.Clients() {
		d.Clients = append(d.Clients,
			clientDocument{c.Client.ID, c.Tenant.ID, c.Client.Name, c.Default, append([]string{}, c.Roles...), state.Path(c.EnvFile)})
	}
	return d
}
