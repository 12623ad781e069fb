package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"m2m/internal/entra"
	"m2m/internal/issuer"
)

// localRun is a local tenant and the API beside it, both listening, in this
// process.
type localRun struct {
	tenants        issuer.TenantFile
	issuer         *issuer.Issuer
	controlKey     entra.Secret
	tenantListener net.Listener
	listener       net.Listener // the API's
	apiURL         string       // its origin
}

// serveLocal runs a local tenant and the API: for a command, or until a signal.
func (a *app) serveLocal(cmd *cobra.Command, o serveOptions) error {
	if a.envFile != "" {
		return &usageError{reason: "--local and --env-file are both given; the local tenant has settings of its own", hints: []string{"leave one of them out"}}
	}
	if err := o.checkOutput(); err != nil {
		return err
	}
	if o.metricsAddr != "" {
		if err := checkLoopback(o.metricsAddr, "--metrics-addr"); err != nil {
			return err
		}
	}
	tenants, err := a.tenants(o.tenantFile)
	if err != nil {
		return err
	}
	if o.command != nil {
		return a.serveCommandLocally(cmd, o, tenants)
	}
	return a.serveLocalUntilStopped(cmd, o, tenants)
}

// observers are told of what happens at the tenant; nil ones are not.
type observers struct {
	tokenRequest  func(issuer.TokenRequest)
	tunnelRequest func(issuer.TunnelRequest)
	fault         func(issuer.FaultAnswer)
}

// openLocal opens both listeners and makes the tenants. Free ports serve a
// command, which gets its addresses from the environment.
func (a *app) openLocal(cmd *cobra.Command, o serveOptions, tenants issuer.TenantFile, told observers) (*localRun, error) {
	faults, err := parseFaults(o.faults)
	if err != nil {
		return nil, err
	}
	address := func(flag, value string) string {
		if o.command != nil && !cmd.Flags().Changed(flag) {
			return "127.0.0.1:0"
		}
		return value
	}
	outside, err := a.outsideIssuers(cmd)
	if err != nil {
		return nil, err
	}
	tenantListener, err := listenLoopback(address("tenant-addr", o.tenantAddr), "--tenant-addr")
	if err != nil {
		return nil, err
	}
	apiListener, err := listenLoopback(address("addr", o.addr), "--addr")
	if err != nil {
		return nil, errors.Join(err, tenantListener.Close())
	}
	interception, err := a.interception(o, told.tunnelRequest)
	if err != nil {
		return nil, errors.Join(err, tenantListener.Close(), apiListener.Close())
	}
	controlKey := issuer.NewControlKey()
	made, err := issuer.New(tenantListener, issuer.Config{
		Tenants: tenants.Tenants, TokenLifetime: tenants.TokenLifetime, LongestTokenLifetime: tenants.LongestTokenLifetime,
		HTTPClient: outside, OnTokenRequest: told.tokenRequest, Intercept: interception,
		ControlKey: controlKey, OnFault: told.fault,
	})
	if err != nil {
		return nil, errors.Join(err, tenantListener.Close(), apiListener.Close())
	}
	run := &localRun{tenants, made, controlKey, tenantListener, apiListener, originOf(apiListener, o.certFile != "")}
	if err := run.inject(faults); err != nil {
		return nil, errors.Join(err, run.close())
	}
	return run, nil
}

// listenLoopback opens an address of this machine alone: a tenant with demo
// apps and an API that believes it are for nobody else.
func listenLoopback(address, flag string) (net.Listener, error) {
	if err := checkLoopback(address, flag); err != nil {
		return nil, err
	}
	return listen(address, flag)
}

func checkLoopback(address, flag string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return &usageError{reason: fmt.Sprintf("%s %q is not HOST:PORT", flag, address), err: err}
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return &usageError{
			reason: fmt.Sprintf("%s %s can be reached from other machines; --local only ever listens on loopback", flag, address),
			hints:  []string{fmt.Sprintf("give %s 127.0.0.1:PORT, or localhost or [::1]", flag)},
		}
	}
	return nil
}

// environment lists the settings of one client of a running tenant.
func (r *localRun) environment(tenant issuer.Tenant, client issuer.Client) localSettings {
	fallback := slices.Concat(tenant.APIs, r.tenants.Tenants[0].APIs)[0]
	return localEnvironment(r.issuer.Origin(), tenant, client, tenant.APIOf(client, fallback), r.apiURL)
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
func (a *app) serveLocalUntilStopped(cmd *cobra.Command, o serveOptions, tenants issuer.TenantFile) (err error) {
	in := a.localInput(cmd)
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

	told, err := a.observers(o.logOptions)
	if err != nil {
		return err
	}
	run, err := a.openLocal(cmd, o, tenants, told)
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
	if err := a.announceLocal(run, api, state, o.form); err != nil {
		return errors.Join(err, run.close(), api.close())
	}
	return ended(cmd.Context(), run.serve(cmd.Context(), api))
}
