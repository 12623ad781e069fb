package servecmd

import (
	"cmp"
	"errors"
	"io"
	"os"

	"github.com/spf13/cobra"

	"m2m/internal/cli"
	"m2m/internal/exit"
	"m2m/internal/local"
	"m2m/internal/settings"
	"m2m/internal/tenant/tenantfile"
)

// serveLocal runs a local tenant and the API: for a command, or until a signal.
func serveLocal(env *cli.Env, cmd *cobra.Command, o options) error {
	if env.EnvFile != "" {
		return exit.Usagef("--local and --env-file are both given; the local tenant has settings of its own").Hint("leave one of them out")
	}
	if err := o.checkOutput(); err != nil {
		return err
	}
	if o.metricsAddr != "" {
		if err := local.CheckLoopback(o.metricsAddr, "--metrics-addr"); err != nil {
			return err
		}
	}
	tenants, err := local.Tenants(o.tenantFile, env.ReadFile)
	if err != nil {
		return err
	}
	if o.command != nil {
		return serveCommandLocally(env, cmd, o, tenants)
	}
	return serveLocalUntilStopped(env, cmd, o, tenants)
}

// checkOutput rejects unknown output formats.
func (o *options) checkOutput() error {
	if err := cli.CheckForm(o.form, []string{"text", "json"}); err != nil {
		return err
	}
	if o.form == "json" && o.command != nil {
		return exit.Usagef("-o json and a command are both given; stdout is the command's").
			Hint("leave -o out: the command finds all in its environment, such as TENANT_ID and API_URL")
	}
	return nil
}

// localInput is what the settings of the API next to a local tenant are resolved
// from: the --ca-file of outside issuers is not what the API has to trust.
func localInput(env *cli.Env, cmd *cobra.Command) settings.Input {
	in := cli.SettingsInput(env, cmd, settings.Uses{})
	delete(in.Flags, "ca-file")
	return in
}

// openLocalFor opens the tenant and the API's address. Free ports serve a command,
// which gets its addresses from the environment.
func openLocalFor(env *cli.Env, cmd *cobra.Command, o options, tenants tenantfile.File, observed local.Observers) (*local.Server, error) {
	faults, err := local.ParseFaults(o.faults)
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
	return local.Open(local.Options{
		Tenants: tenants, Faults: faults, TenantAddr: address("tenant-addr", o.tenantAddr), APIAddr: address("addr", o.addr),
		APITLS: o.certFile != "", Intercept: o.intercept, CAFile: caFile, Proxy: env.Proxy, Observers: observed,
	})
}

// serveCommandLocally runs the COMMAND of serve --local -- COMMAND with a tenant
// and an API that live as long as it does. Their messages are printed only if
// something fails.
func serveCommandLocally(env *cli.Env, cmd *cobra.Command, o options, tenants tenantfile.File) (err error) {
	folder, err := os.MkdirTemp("", "m2m-local-")
	if err != nil {
		return exit.Usagef("no temporary folder can be made: %v", err).Hint("set TMPDIR to a folder that can be written").Wrap(err)
	}
	defer func() { err = cmp.Or(err, os.RemoveAll(folder)) }()

	server, err := openLocalFor(env, cmd, o, tenants, local.Observers{})
	if err != nil {
		return err
	}
	in := localInput(env, cmd)
	environ, withLocal, err := server.CommandEnvironment(folder, env.Environ, env.Executable)
	if err != nil {
		return errors.Join(err, server.Close())
	}
	in.Local = withLocal
	resolved, err := settings.Resolve(in)
	if err != nil {
		return errors.Join(err, server.Close())
	}
	quiet := *env
	quiet.Stderr = io.Discard
	api, err := newAPI(&quiet, resolved, o)
	if err != nil {
		return errors.Join(err, server.Close())
	}
	code, err := server.RunWithChild(cmd.Context(), api.run, local.Command{
		Argv: o.command, Environ: environ, Dir: env.Dir,
		Stdin: env.Stdin, Stdout: env.Stdout, Stderr: env.Stderr, Signals: env.Signals.Claim,
	})
	if err == nil && code != exit.Done {
		err = exit.Reported{Code: code}
	}
	return err
}

// serveLocalUntilStopped runs both on their usual addresses and writes the
// settings where --local finds them.
func serveLocalUntilStopped(env *cli.Env, cmd *cobra.Command, o options, tenants tenantfile.File) (err error) {
	in := localInput(env, cmd)
	in.NoEnvFile = true // as --local does, so that both mean the same folder
	places, err := settings.ResolvePlaces(in)
	if err != nil {
		return err
	}
	state, err := local.Claim(places.StateDir)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, state.Release()) }()

	observed, err := newObservers(env, o.logOptions)
	if err != nil {
		return err
	}
	server, err := openLocalFor(env, cmd, o, tenants, observed)
	if err != nil {
		return err
	}
	if in.Local, err = server.WriteFiles(state, env.Lookup); err != nil {
		return errors.Join(err, server.Close())
	}
	resolved, err := settings.Resolve(in)
	if err != nil {
		return errors.Join(err, server.Close())
	}
	api, err := newAPI(env, resolved, o)
	if err != nil {
		return errors.Join(err, server.Close())
	}
	if err := announceLocal(env, server, api, state, o.form); err != nil {
		return errors.Join(err, server.Close(), api.close())
	}
	return stopError(cmd.Context(), server.Serve(cmd.Context(), api.run))
}
