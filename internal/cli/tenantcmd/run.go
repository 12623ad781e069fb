package tenantcmd

import (
	"cmp"
	"errors"

	"github.com/spf13/cobra"

	"m2m/internal/cli"
	"m2m/internal/exit"
	"m2m/internal/local"
	"m2m/internal/settings"
	"m2m/internal/tenant/directory"
	"m2m/internal/text"
)

const runLong = `Runs the local tenant without an API, on https://127.0.0.1:8443, for an API or a client of
your own. Other terminals reach it with --local.

With -- COMMAND it listens on a free port, runs the command with all it needs in its
environment (TENANT_ID, CLIENT_ID, CLIENT_SECRET, API_SCOPE, API_AUDIENCE, M2M_ISSUER,
M2M_JWKS_URI, M2M_TOKEN_ENDPOINT, CA files, ...) and exits with its exit code. API_URL stays
as it is.

--as NAME chooses another client of the tenant file, or a managed identity: the command then
gets IDENTITY_ENDPOINT and IDENTITY_HEADER, as App Service sets them, and no credential.
--imds ADDRESS answers as the metadata service of virtual machines instead.`

const runExamples = `  m2m tenant run                                        until Ctrl-C
  m2m tenant run -- npm test                            for the tests of a program
  m2m tenant run --tenant-file tenant.yaml              with tenants, apps and roles of your own
  m2m tenant run --as m2m-demo-user -- python app.py    the program has a managed identity
  m2m tenant run --intercept -- npm test                answer as login.microsoftonline.com`

// newRun makes the command that runs a local tenant alone.
func newRun(env *cli.Env) *cobra.Command {
	var tenants cli.TenantFlags
	cmd := &cobra.Command{
		Use:   "run [-- COMMAND ...]",
		Short: "Run the local tenant without an API",
		Long:  runLong, Example: runExamples,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkCommand(cmd, args); err != nil {
				return err
			}
			if env.EnvFile != "" {
				return exit.Usagef("--env-file means nothing here: the local tenant has settings of its own").Hint("leave it out")
			}
			o, err := tenants.Options(env, cmd, len(args) > 0)
			if err != nil {
				return err
			}
			if len(args) > 0 {
				return runForCommand(env, cmd, o, args)
			}
			return runUntilStopped(env, cmd, o)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.SetInterspersed(false) // what follows a word belongs to that word
	tenants.Add(flags, "")
	settings.AddFlags(flags, settings.CAFile)
	return cmd
}

// checkCommand wants every argument behind "--".
func checkCommand(cmd *cobra.Command, args []string) error {
	if err := cli.CheckFilled(cmd.Flags()); err != nil {
		return err
	}
	switch dash := cmd.ArgsLenAtDash(); {
	case len(args) == 0 && dash == 0:
		return exit.Usagef("there is no command after --").Hint("for example: m2m tenant run -- npm test")
	case len(args) > 0 && dash != 0:
		return exit.Usagef("m2m tenant run takes no argument, but was given %s", cli.Word(args[0])).
			Hint("to run a command with the tenant, put -- before it: m2m tenant run -- COMMAND ...")
	}
	return nil
}

func runForCommand(env *cli.Env, cmd *cobra.Command, o local.Options, command []string) (err error) {
	state := local.NewTemporary()
	if _, err := env.Signals.Claim(cmd.Context()); err != nil { // so that no signal ends m2m before the folder is removed
		return err
	}
	defer func() { err = cmp.Or(err, state.Release()) }()
	if err := state.Claim(); err != nil {
		return err
	}
	server, err := local.Open(o)
	if err != nil {
		return err
	}
	environ, _, err := server.CommandEnvironment(state, env.Environ, env.Executable)
	if err != nil {
		return errors.Join(err, server.Close())
	}
	code, err := server.RunWithChild(cmd.Context(), nil, local.Command{
		Argv: command, Environ: environ, Dir: env.Dir,
		Stdin: env.Stdin, Stdout: env.Stdout, Stderr: env.Stderr, Signals: env.Signals.Claim,
	})
	if err == nil && code != exit.Done {
		err = exit.Reported{Code: code}
	}
	return err
}

func runUntilStopped(env *cli.Env, cmd *cobra.Command, o local.Options) (err error) {
	in := cli.SettingsInput(env, cmd, settings.Uses{})
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
	o.Observers = local.Lines(env.Say)
	server, err := local.Open(o)
	if err != nil {
		return err
	}
	if _, err := server.WriteFiles(state, env.Lookup); err != nil {
		return errors.Join(err, server.Close())
	}
	announce(env, server, state)
	return cli.StopError(cmd.Context(), server.Serve(cmd.Context(), nil))
}

// announce prints where everything is.
func announce(env *cli.Env, server *local.Server, state *local.State) {
	home := server.Tenants.Tenants[0]
	client := home.Clients[0]
	variables := server.Environment(home, client)
	env.Say("local tenant  %s  (ends with this process)", server.Issuer.Authority(home.ID).URL())
	for _, line := range [][2]string{
		{"issuer", variables["M2M_ISSUER"]}, {"keys", variables["M2M_JWKS_URI"]}, {"tokens", variables["M2M_TOKEN_ENDPOINT"]},
		{"CA", text.ShellQuote(state.Path(local.CAFile))}, {"client", client.ID + ": " + text.ShellQuote(state.Path(local.ClientFile))},
	} {
		env.Say("%-13s %s", line[0], line[1])
	}
	for _, identity := range home.Identities {
		env.Say("%-13s %s: --as %s", "identity", kindInWords(identity), text.ShellQuote(cmp.Or(identity.Name, identity.ID)))
	}
	if imds := server.Issuer.IMDS(); imds != "" {
		env.Say("%-13s %s", "IMDS", imds)
	}
	env.Say("try, in another terminal:")
	env.Say("  m2m token --local | m2m verify --local")
	env.Say("  m2m tenant status")
	env.Say("Ctrl-C stops it")
}

func kindInWords(c directory.Client) string { return string(c.Kind) }
