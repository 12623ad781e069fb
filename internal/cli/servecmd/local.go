package servecmd

import (
	"cmp"
	"errors"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"m2m/internal/cli"
	"m2m/internal/exit"
	"m2m/internal/local"
	"m2m/internal/settings"
)

// serveLocal runs a local tenant and the API: for a command, or until a signal.
func serveLocal(env *cli.Env, cmd *cobra.Command, o options) error {
	if env.EnvFile != "" {
		return exit.Usagef("--local and --env-file are both given; the local tenant has settings of its own").Hint("leave one of them out")
	}
	if err := o.checkOutput(); err != nil {
		return err
	}
	for _, a := range [][2]string{{o.addr, "--addr"}, {o.metricsAddr, "--metrics-addr"}} {
		if a[0] == "" {
			continue
		}
		if err := local.CheckLoopback(a[0], a[1]); err != nil {
			return err
		}
	}
	tenants, err := o.TenantFlags.Options(env, cmd, o.command != nil)
	if err != nil {
		return err
	}
	o.completeTenant(cmd, &tenants)
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
	in := cli.SettingsInput(env, cmd, settings.Uses{Judge: true})
	delete(in.Flags, "ca-file")
	return in
}

// completeTenant adds what a tenant has to know of the API. A free port serves a
// command, which gets the address from the environment.
func (o *options) completeTenant(cmd *cobra.Command, tenants *local.Options) {
	tenants.APIAddr, tenants.APITLS = o.addr, o.certFile != ""
	if o.command != nil && !cmd.Flags().Changed("addr") {
		tenants.APIAddr = "127.0.0.1:0"
	}
	tenants.Resources = func(origin string) ([]string, error) {
		resources, err := o.metadataOptions.identifiers(origin, true)
		var ids []string
		for _, resource := range resources {
			ids = append(ids, resource.String())
		}
		return ids, err
	}
}

// openLocal opens the tenant and the API's address.
func openLocal(env *cli.Env, tenants local.Options, logger *slog.Logger) (*local.Server, error) {
	tenants.Observers = newObservers(env, logger)
	return local.Open(tenants)
}

// serveCommandLocally runs the COMMAND of serve --local -- COMMAND with a tenant
// and an API that live as long as it does. Their messages are printed only if
// something fails.
func serveCommandLocally(env *cli.Env, cmd *cobra.Command, o options, tenants local.Options) (err error) {
	state := local.NewTemporary()
	if _, err := env.Signals.Claim(cmd.Context()); err != nil { // so that no signal ends m2m before the folder is removed
		return err
	}
	defer func() { err = cmp.Or(err, state.Release()) }()
	if err := state.Claim(); err != nil {
		return err
	}
	logger, err := o.localLogger(env, true)
	if err != nil {
		return err
	}
	server, err := openLocal(env, tenants, logger)
	if err != nil {
		return err
	}
	if set, _ := env.Lookup("API_URL"); set != "" {
		env.Say("the command gets API_URL=%s, the API that is served; the API_URL of the environment is not used", server.APIURL)
	}
	in := localInput(env, cmd)
	environ, withLocal, err := server.CommandEnvironment(state, env.Environ, env.Executable)
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
	api, err := newAPI(&quiet, resolved, o, place{origin: server.APIURL, local: true, log: logger})
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
func serveLocalUntilStopped(env *cli.Env, cmd *cobra.Command, o options, tenants local.Options) (err error) {
	in := localInput(env, cmd)
	in.NoEnvFile = true // as --local does, so that both mean the same folder
	places, err := settings.ResolvePlaces(in)
	if err != nil {
		return err
	}
	state := local.NewState(places.StateDir)
	if err := env.Signals.Guard(cmd.Context(), state.Release); err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, state.Release()) }()
	if err := state.Claim(); err != nil {
		return err
	}
	logger, err := o.localLogger(env, false)
	if err != nil {
		return err
	}
	server, err := openLocal(env, tenants, logger)
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
	api, err := newAPI(env, resolved, o, place{origin: server.APIURL, local: true, log: logger})
	if err != nil {
		return errors.Join(err, server.Close())
	}
	if err := announceLocal(env, server, api, state, o.form); err != nil {
		return errors.Join(err, server.Close(), api.close())
	}
	return cli.StopError(cmd.Context(), server.Serve(cmd.Context(), api.run))
}
