package servecmd

import (
	"cmp"
	"context"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"m2m/internal/cli"
	"m2m/internal/exit"
	"m2m/internal/local"
	"m2m/internal/settings"
)

const long = `Runs an API that accepts only requests with a valid token: GET /secure-data, with
/openapi.json and /docs to read it, /healthz and /readyz. TENANT_ID and API_SCOPE (or
API_AUDIENCE) must be set.

--local needs no settings. It runs an Entra-shaped tenant on https://127.0.0.1:8443 with an
API, a client that has its role and one that has not. Other terminals reach it with --local.
With -- COMMAND it starts both on free ports, runs the command with all it needs in its
environment (TENANT_ID, CLIENT_ID, CLIENT_SECRET, API_SCOPE, API_URL, CA files, ...), and
exits with the exit code of the command. A command that a signal asked to end has 10 seconds
before SIGTERM, and 5 more before SIGKILL.

--intercept is for programs with Microsoft's address written into them. The tenant then
answers as login.microsoftonline.com and every other login host, through a proxy that
HTTPS_PROXY of the command names; the proxy passes other hosts on, port 443 only.`

const examples = `  m2m serve                                   the protected API on http://127.0.0.1:8000
  m2m serve --require-role Data.Read          accept only apps that have this role
  m2m serve --upstream http://127.0.0.1:9000  the same checks in front of an API of your own
  m2m serve --check                           only check whether it can start
  m2m serve --local                           with a local tenant, offline
  m2m serve --local -- m2m call /secure-data  both for one command, on free ports
  m2m serve --local -- npm test               the same for the tests of another program
  m2m serve --local --tenant-file FILE        with tenants, apps and roles of your own
  m2m serve --local --intercept -- npm test   for programs that ask login.microsoftonline.com
  m2m serve --local --fault token:429,times=2 with a tenant that misbehaves`

// options are the flags of serve.
type options struct {
	addr string
	// metricsAddr is where the metrics are served apart from the API; empty: at
	// the API's address, to callers on this machine.
	metricsAddr string
	form        string
	certFile    string
	keyFile     string
	cli.TenantFlags
	logOptions
	upstreamOptions
	metadataOptions
	cli.PolicyFlags
	check             bool
	explainRejections bool
	keyGrace          time.Duration
	drain             time.Duration
	drainDelay        time.Duration
	// command is the COMMAND after "--"; nil without one.
	command []string
}

// New makes the command m2m serve.
func New(env *cli.Env) *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   "serve [--local [-- COMMAND ...]]",
		Short: "Run a protected API, with --local also a local tenant",
		Long:  long, Example: examples,
		RunE: func(cmd *cobra.Command, args []string) error {
			withLocal, _ := cmd.Flags().GetBool("local")
			if err := cmp.Or(cli.CheckFilled(cmd.Flags()), o.takeCommand(cmd, args, withLocal)); err != nil {
				return err
			}
			switch {
			case withLocal && o.check:
				return exit.Usagef("--check and --local are both given; --check is for a tenant elsewhere").Hint("leave one of them out")
			case withLocal:
				return serveLocal(env, cmd, o)
			}
			return serveAlone(env, cmd, o)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.SetInterspersed(false) // what follows a word belongs to that word: see takeCommand
	flags.Bool("local", false, "run a local tenant with the API")
	flags.BoolVar(&o.check, "check", false, "check settings and keys, print what is wrong, and start nothing")
	o.TenantFlags.Add(flags, "with --local: ")
	flags.StringVar(&o.addr, "addr", "127.0.0.1:8000", "the `ADDRESS` the API listens on")
	flags.StringVarP(&o.form, "output", "o", "text", "with --local or --check: the output `FORMAT`: text or json")
	flags.StringVar(&o.metricsAddr, "metrics-addr", "",
		"serve /metrics on this `ADDRESS`, to everyone who can reach it; default: at --addr, to this machine only")
	flags.DurationVar(&o.drain, "drain", 10*time.Second, "how long running requests have to finish after SIGTERM or Ctrl-C")
	flags.DurationVar(&o.drainDelay, "drain-delay", 0,
		"how long it keeps serving before that, not ready, so that load balancers notice")
	flags.StringVar(&o.certFile, "tls-cert", "", "serve https with the certificate chain in `PATH` (PEM)")
	flags.StringVar(&o.keyFile, "tls-key", "", "the key that belongs to --tls-cert, in `PATH` (PEM)")
	o.logOptions.add(flags)
	flags.BoolVar(&o.explainRejections, "explain-rejections", false, "tell callers why their token is rejected; for development")
	flags.DurationVar(&o.keyGrace, "key-grace", time.Hour,
		"how long a signing key is kept after it vanished from the tenant's key set; 0: not at all")
	o.upstreamOptions.add(flags)
	o.metadataOptions.add(flags)
	settings.AddFlags(flags, settings.AuthorityFlags...)
	settings.SeveralTenants(flags)
	settings.AddFlags(flags, settings.Scope)
	flags.String("client-id", "", "the API's own client `ID`: the audience, where neither audience nor scope is set")
	cmd.MarkFlagsRequiredTogether("tls-cert", "tls-key")
	for _, about := range []string{"resource", "resource-name", "resource-documentation"} {
		cmd.MarkFlagsMutuallyExclusive("no-metadata", about)
	}
	_ = cmd.RegisterFlagCompletionFunc("fault", cli.CompleteFault()) // the flag exists and has none
	o.PolicyFlags.Add(cmd)
	flags.BoolVar(&o.RequireAgent, "require-agent", false, "admit only Entra agent identities and their users")
	return cmd
}

// checkDurations rejects negative durations.
func (o *options) checkDurations() error {
	for _, d := range []struct {
		flag  string
		value time.Duration
	}{{"key-grace", o.keyGrace}, {"drain", o.drain}, {"drain-delay", o.drainDelay}} {
		if d.value < 0 {
			return exit.Usagef("--%s is negative: %s", d.flag, d.value).Hint("0s means not at all; leave it out for the default")
		}
	}
	return nil
}

// grace is --key-grace as verify reads it, where 0 is the default.
func (o *options) grace() time.Duration {
	if o.keyGrace == 0 {
		return -1
	}
	return o.keyGrace
}

// takeCommand reads the arguments: the COMMAND after "--", or a mistake.
func (o *options) takeCommand(cmd *cobra.Command, args []string, withLocal bool) error {
	dash := cmd.ArgsLenAtDash() // how many arguments come before "--"; -1 without
	switch {
	case len(args) == 0:
		if dash == 0 {
			return exit.Usagef("there is no command after --").Hint("for example: m2m serve --local -- m2m call /secure-data")
		}
		return nil
	case dash != 0 && withLocal:
		return exit.Usagef("m2m serve takes no argument, but was given %s", cli.Word(args[0])).
			Hint("to run a command with the local tenant, put -- before it: m2m serve --local -- " + commandForHint(args))
	case dash != 0:
		return cli.NoArguments(cmd, args)
	case !withLocal:
		return exit.Usagef("a command after -- needs a local tenant").
			Hint("add --local: m2m serve --local -- " + commandForHint(args))
	}
	o.command = args
	return nil
}

// commandForHint is how a hint shows the command that the caller gave.
func commandForHint(args []string) string {
	if first := args[0]; len(args) == 1 && len(first) <= 40 {
		return first
	}
	return "COMMAND ..."
}

// serveAlone runs the API without a local tenant.
func serveAlone(env *cli.Env, cmd *cobra.Command, o options) error {
	if err := rejectLocalFlags(cmd, o.check); err != nil {
		return err
	}
	if o.check {
		return checkStart(env, cmd, o)
	}
	s, err := cli.Resolve(env, cmd, settings.Uses{Judge: true})
	if err != nil {
		return err
	}
	if err := checkPolicy(o.Policy(s), s); err != nil {
		return err // before an address that is in use: the settings come first
	}
	logger, err := o.logger(env.Stderr)
	if err != nil {
		return err
	}
	listener, err := local.Listen(o.addr, "--addr")
	if err != nil {
		return err
	}
	api, err := newAPI(env, s, o, place{origin: local.Origin(listener, o.certFile != ""), log: logger})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	api.fetchKeys(cmd.Context())
	api.announce(listener)
	printEnvFile(env, s)
	return cli.StopError(cmd.Context(), api.run(cmd.Context(), listener))
}

// rejectLocalFlags rejects the flags that need a local tenant.
func rejectLocalFlags(cmd *cobra.Command, check bool) error {
	for _, name := range append(cli.TenantFlagNames(), "output") {
		if cmd.Flags().Changed(name) && !(check && name == "output") {
			return exit.Usagef("--%s needs --local: without it there is no tenant here", name).
				Hintf("add --local, or leave --%s out", name)
		}
	}
	return nil
}

// printEnvFile prints which settings of the API a .env gave: it may be somebody
// else's, and decides who may call.
func printEnvFile(env *cli.Env, s *settings.Settings) {
	var names []string
	for _, from := range []settings.Source{
		s.Tenant.From, s.Client.From, s.Scope.From, s.Audiences.From, s.Roles.From, s.Scopes.From, s.Authority.From, s.CAFile.From,
	} {
		if from.Layer == settings.LayerEnvFile {
			names = append(names, from.Name)
		}
	}
	if len(names) > 0 {
		env.Say("from %s: %s", s.EnvFile, strings.Join(names, ", "))
	}
}

// run serves until ctx ends, then waits for the requests under way.
func (api *api) run(ctx context.Context, listener net.Listener) error {
	group, ctx := errgroup.WithContext(ctx)
	api.serveMetrics(ctx, group)
	group.Go(func() error {
		api.keys.Run(ctx)
		api.release() // a local tenant that ends with us would wait a second for them
		return nil
	})
	group.Go(func() error { return api.server.Serve(ctx, listener) })
	return group.Wait()
}
