package main

import (
	"cmp"
	"errors"
	"io"
	"os"

	"github.com/spf13/cobra"

	"m2m/internal/cli"
	"m2m/internal/exit"
	"m2m/internal/issuer"
	"m2m/internal/settings"
)

// serveLocal runs a local tenant and the API: for a command, or until a signal.
func serveLocal(env *cli.Env, cmd *cobra.Command, o serveOptions) error {
	if env.EnvFile != "" {
		return exit.Usagef("--local and --env-file are both given; the local tenant has settings of its own").Hint("leave one of them out")
	}
	if err := o.checkOutput(); err != nil {
		return err
	}
	if o.metricsAddr != "" {
		if err := checkLoopback(o.metricsAddr, "--metrics-addr"); err != nil {
			return err
		}
	}
	tenants, err := tenantsOf(o.tenantFile, env.ReadFile)
	if err != nil {
		return err
	}
	if o.command != nil {
		return serveCommandLocally(env, cmd, o, tenants)
	}
	return serveLocalUntilStopped(env, cmd, o, tenants)
}

// checkOutput refuses unknown output formats.
func (o *serveOptions) checkOutput() error {
	if err := cli.CheckForm(o.form, []string{"text", "json"}); err != nil {
		return err
	}
	if o.form == "json" && o.command != nil {
		return exit.Usagef("-o json and a command are both given; stdout is the command's").
			Hintf("leave -o out: the command finds all in its environment, such as %s", "TENANT_ID and API_URL")
	}
	return nil
}

// localInput is what the settings of the API next to a local tenant are resolved
// from: the --ca-file of outside issuers is not what the API has to trust.
func localInput(env *cli.Env, cmd *cobra.Command) settings.Input {
	in := inputFor(env, cmd, settings.Uses{})
	delete(in.Flags, "ca-file")
	return in
}

// openLocalFor opens the tenant and the API's address. Free ports serve a command,
// which gets its addresses from the environment.
func openLocalFor(env *cli.Env, cmd *cobra.Command, o serveOptions, tenants issuer.TenantFile, observed observers) (*localServer, error) {
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
	caFile, _ := cmd.Flags().GetString("ca-file")
	return openLocal(localOptions{
		tenants: tenants, faults: faults, tenantAddr: address("tenant-addr", o.tenantAddr), apiAddr: address("addr", o.addr),
		apiTLS: o.certFile != "", intercept: o.intercept, caFile: caFile, proxy: env.Proxy, observers: observed,
	})
}

// serveCommandLocally runs the COMMAND of serve --local -- COMMAND with a tenant
// and an API that live as long as it does. Their messages are printed only if
// something fails.
func serveCommandLocally(env *cli.Env, cmd *cobra.Command, o serveOptions, tenants issuer.TenantFile) (err error) {
	folder, err := os.MkdirTemp("", "m2m-local-")
	if err != nil {
		return exit.Usagef("no temporary folder can be made: %v", err).Hint("set TMPDIR to a folder that can be written").Wrap(err)
	}
	defer func() { err = cmp.Or(err, os.RemoveAll(folder)) }()

	server, err := openLocalFor(env, cmd, o, tenants, observers{})
	if err != nil {
		return err
	}
	in := localInput(env, cmd)
	environ, local, err := server.commandEnvironment(folder, env.Environ, env.Executable)
	if err != nil {
		return errors.Join(err, server.close())
	}
	in.Local = local
	resolved, err := settings.Resolve(in)
	if err != nil {
		return errors.Join(err, server.close())
	}
	quiet := *env
	quiet.Stderr = io.Discard
	api, err := newAPI(&quiet, resolved, o)
	if err != nil {
		return errors.Join(err, server.close())
	}
	code, err := server.runWithChild(cmd.Context(), api.run, command{
		argv: o.command, environ: environ, dir: env.Dir,
		stdin: env.Stdin, stdout: env.Stdout, stderr: env.Stderr, signals: env.Signals.Claim,
	})
	if err == nil && code != exit.Done {
		err = exit.Reported{Code: code}
	}
	return err
}

// serveLocalUntilStopped runs both on their usual addresses and writes the
// settings where --local finds them.
func serveLocalUntilStopped(env *cli.Env, cmd *cobra.Command, o serveOptions, tenants issuer.TenantFile) (err error) {
	in := localInput(env, cmd)
	in.NoEnvFile = true // as --local does, so that both mean the same folder
	places, err := settings.ResolvePlaces(in)
	if err != nil {
		return err
	}
	state, err := claimLocalState(places.StateDir)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, state.release()) }()

	observed, err := observersFor(env, o.logOptions)
	if err != nil {
		return err
	}
	server, err := openLocalFor(env, cmd, o, tenants, observed)
	if err != nil {
		return err
	}
	if in.Local, err = server.writeFiles(state, env.Lookup); err != nil {
		return errors.Join(err, server.close())
	}
	resolved, err := settings.Resolve(in)
	if err != nil {
		return errors.Join(err, server.close())
	}
	api, err := newAPI(env, resolved, o)
	if err != nil {
		return errors.Join(err, server.close())
	}
	if err := announceLocal(env, server, api, state, o.form); err != nil {
		return errors.Join(err, server.close(), api.close())
	}
	return ended(cmd.Context(), server.serve(cmd.Context(), api.run))
}
