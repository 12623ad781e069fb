package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"m2m/internal/entra"
	"m2m/internal/issuer"
)

// localRun is a local tenant and the API beside it, both listening, in this
// process.
type localRun struct {
	tenant         issuer.Tenant
	issuer         *issuer.Issuer
	controlKey     entra.Secret
	tenantListener net.Listener
	listener       net.Listener // the API's
}

// serveLocal runs a local tenant and the API: for a command, or until a signal.
func (a *app) serveLocal(cmd *cobra.Command, o serveOptions) error {
	if a.envFile != "" {
		return &usageError{reason: "--local and --env-file are both given; the local tenant has settings of its own", hints: []string{"leave one of them out"}}
	}
	if o.command != nil {
		return a.serveCommandLocally(cmd, o)
	}
	return a.serveLocalUntilStopped(cmd, o)
}

// observers are told of what happens at the tenant; nil ones are not.
type observers struct {
	tokenRequest  func(issuer.TokenRequest)
	tunnelRequest func(issuer.TunnelRequest)
}

// openLocal opens both listeners and makes the tenant. Free ports serve a
// command, which gets its addresses from the environment.
func (a *app) openLocal(cmd *cobra.Command, o serveOptions, told observers) (*localRun, error) {
	address := func(flag, value string) string {
		if o.command != nil && !cmd.Flags().Changed(flag) {
			return "127.0.0.1:0"
		}
		return value
	}
	tenantListener, err := listenLoopback(address("tenant-addr", o.tenantAddr), "--tenant-addr")
	if err != nil {
		return nil, err
	}
	apiListener, err := listenLoopback(address("addr", o.addr), "--addr")
	if err != nil {
		return nil, errors.Join(err, tenantListener.Close())
	}
	tenant := issuer.Builtin()
	interception, err := a.interception(o, told.tunnelRequest)
	if err != nil {
		return nil, errors.Join(err, tenantListener.Close(), apiListener.Close())
	}
	controlKey := issuer.NewControlKey()
	made, err := issuer.New(tenantListener, issuer.Config{
		Tenants: []issuer.Tenant{tenant}, OnTokenRequest: told.tokenRequest, Intercept: interception,
		ControlKey: controlKey,
	})
	if err != nil {
		return nil, errors.Join(err, tenantListener.Close(), apiListener.Close())
	}
	return &localRun{tenant, made, controlKey, tenantListener, apiListener}, nil
}

// listenLoopback opens an address of this machine alone: a tenant with demo
// apps and an API that believes it are for nobody else.
func listenLoopback(address, flag string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, &usageError{reason: fmt.Sprintf("%s %q is not HOST:PORT", flag, address), err: err}
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, &usageError{
			reason: fmt.Sprintf("%s %s can be reached from other machines; --local only ever listens on loopback", flag, address),
			hints:  []string{fmt.Sprintf("give %s 127.0.0.1:PORT, or localhost or [::1]", flag)},
		}
	}
	return listen(address, flag)
}

// environment lists the settings of one client of the running tenant.
func (r *localRun) environment(client issuer.Client) localSettings {
	return localEnvironment(r.issuer.Origin(), r.tenant, client, httpURL(r.listener))
}

// serve runs the tenant and the API until ctx ends.
func (r *localRun) serve(ctx context.Context, api *api) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return r.issuer.Serve(ctx) })
	group.Go(func() error { return api.run(ctx, r.listener) })
	return group.Wait()
}

// close frees the addresses of a run that never began.
func (r *localRun) close() error { return errors.Join(r.tenantListener.Close(), r.listener.Close()) }

// serveLocalUntilStopped runs both on their usual addresses and writes the
// settings down where --local finds them.
func (a *app) serveLocalUntilStopped(cmd *cobra.Command, o serveOptions) (err error) {
	in := a.input(cmd, uses{})
	in.noEnvFile = true // as --local does, so that both mean the same folder
	places, err := resolvePlaces(in)
	if err != nil {
		return err
	}
	state, err := claimLocalState(places.stateDir)
	if errors.Is(err, errLocalTenantRuns) {
		return &usageError{
			reason: "a local tenant is already running on this machine",
			hints:  []string{"use it with --local, or stop it first", "for a second one beside it, set M2M_STATE_DIR to another folder"},
			err:    err,
		}
	}
	if err != nil {
		return &usageError{reason: err.Error(), hints: []string{"set M2M_STATE_DIR to a folder that can be written"}, err: err}
	}
	defer func() { err = cmp.Or(err, state.release()) }()

	run, err := a.openLocal(cmd, o, observers{a.tokenRequestLine, a.tunnelLine})
	if err != nil {
		return err
	}
	if in.local, err = run.writeDown(state, a.lookup); err != nil {
		return errors.Join(err, run.close())
	}
	resolved, err := resolveSettings(in)
	if err != nil {
		return errors.Join(err, run.close())
	}
	api, err := a.newAPI(resolved, o)
	if err != nil {
		return errors.Join(err, run.close())
	}
	a.announceLocal(run, api, state)
	return ended(cmd.Context(), run.serve(cmd.Context(), api))
}

// writeDown writes the settings of both clients into the state folder and
// returns those of the first. Its file comes last: it is what --local waits for.
func (r *localRun) writeDown(state *localState, lookup func(string) (string, bool)) (localSettings, error) {
	intercept := r.interceptVariables(lookup, state.path(localRootsFile))
	settings := func(client issuer.Client) localSettings {
		s := r.environment(client).withPlaces(state.path(localCAFile), state.path(localCacheFolder))
		maps.Copy(s, intercept)
		return s
	}
	with, without := settings(r.tenant.Clients[0]), settings(r.tenant.Clients[1])
	err := state.writeCA(r.issuer.CAPEM())
	err = errors.Join(err, state.writeControl(controlAccess{r.issuer.ControlURL(), r.controlKey.Reveal(), state.path(localCAFile)}))
	if intercept != nil {
		err = errors.Join(err, os.WriteFile(state.path(localRootsFile), rootsWith(r.issuer.CAPEM(), lookup), 0o600))
	}
	err = errors.Join(err, state.write(localNoRoleFile, without), state.write(localClientFile, with))
	return with, err
}

// tokenRequestLine prints what became of one request for a token.
func (a *app) tokenRequestLine(r issuer.TokenRequest) {
	outcome := "issued"
	if r.Code != 0 {
		outcome = fmt.Sprintf("refused with AADSTS%d", r.Code)
	}
	a.say("%s token request: client %q, %s, resource %q: %s",
		r.Time.UTC().Format(time.TimeOnly), r.ClientID, r.Credential, r.Resource, outcome)
}

// announceLocal says where everything is.
func (a *app) announceLocal(run *localRun, api *api, state *localState) {
	with, without := run.tenant.Clients[0], run.tenant.Clients[1]
	a.say("local tenant  %s  (ends with this process)", run.issuer.Authority(run.tenant.ID).URL())
	a.say("API           %s/secure-data", httpURL(run.listener))
	a.say("client        %s  has the role %s: --local", with.ID, with.Grants[0].Roles[0])
	take := "--env-file "
	if !run.issuer.ProxyURL().IsZero() {
		take = "set -a; . "
		a.say("programs      whatever login host of Microsoft's they ask: set -a; . %s", shellWord(state.path(localClientFile)))
	}
	a.say("client        %s  has no role: %s%s", without.ID, take, shellWord(state.path(localNoRoleFile)))
	api.announceCallers()
	a.say("try, in another terminal:")
	a.say("  m2m call --local /secure-data")
	a.say("  m2m token --local | m2m verify --local")
	a.say("Ctrl-C stops it")
}

// shellWord quotes a path for a shell, if it needs that.
func shellWord(path string) string {
	if strings.ContainsAny(path, " \t'\"$&;()<>*?`\\|") {
		return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	}
	return path
}
