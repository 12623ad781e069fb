package tokencmd

import (
	"cmp"

	"github.com/spf13/cobra"

	"m2m/internal/cli"
	"m2m/internal/exit"
	"m2m/internal/settings"
	"m2m/internal/text"
	"m2m/internal/token/cache"
)

const long = `Acquires an app-only access token (OAuth 2.0 client credentials) through MSAL and prints
it on stdout, nothing else. TENANT_ID, CLIENT_ID, API_SCOPE and a credential must be set;
see "m2m help environment".

Tokens are cached, sealed with the credential they were obtained with. -o takes raw, json,
header, curl and exec-credential (for kubectl: client.authentication.k8s.io/v1).`

const examples = `  m2m token                                   print a token
  TOKEN=$(m2m token)                          keep it in a script
  m2m token -o json                           with its expiry, tenant, client and scope
  m2m token -o curl | curl -K - URL           pass it to curl, off the command line
  m2m token --output-file token.txt           into a file that only you can read
  m2m token --min-ttl 30m                     one that lives for at least 30 minutes
  vault read -field=secret app | m2m token --client-secret-file -`

// New makes the command.
func New(env *cli.Env) *cobra.Command {
	var (
		clearing bool
		how      cli.Acquisition
		out      output
	)
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Acquire an app-only token",
		Long:  long, Example: examples,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := cmp.Or(cli.CheckFilled(cmd.Flags()), how.Check(), out.check(env)); err != nil {
				return err
			}
			if clearing {
				return clearCache(env, cmd)
			}
			file, err := cli.OpenDestination(env, out.file, 0o600)
			if err != nil {
				return err
			}
			return file.End(run(env, cmd, how, out, file))
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	out.add(flags)
	flags.DurationVar(&how.MinTTL, "min-ttl", 0, "minimum remaining lifetime of the token, such as 30m")
	flags.BoolVar(&clearing, "clear-cache", false, "remove every cached token and end")
	how.Add(flags)
	return cmd
}

// run acquires a token and writes it to file.
func run(env *cli.Env, cmd *cobra.Command, how cli.Acquisition, out output, file cli.Destination) error {
	session, err := cli.Open(env, cmd, settings.Uses{Credential: true})
	if err != nil {
		return err
	}
	got, err := session.Acquire(cmd.Context(), how)
	if err != nil {
		return err
	}
	s := session.Settings
	issued := issuedToken{got, s.Tenant.Value, s.Client.Value, s.Scope.Value}
	if s.Credential.Kind == settings.KindManagedIdentity {
		issued.tenant, issued.clientID = "", s.Credential.IdentityClient // those of the settings are not its own
	} else if agent := how.Agent(); agent != "" {
		issued.clientID = agent
	}
	return out.print(env.Stderr, file, issued)
}

// clearCache removes the tokens of the cache that the command would use: with --local
// that of the local tenant.
func clearCache(env *cli.Env, cmd *cobra.Command) error {
	places, err := cachePlaces(env, cmd)
	if err != nil {
		return err
	}
	removed, err := (&cache.Store{Dir: places.CacheDir}).Clear()
	if err != nil {
		return exit.Usagef("the cache cannot be cleared: %v", err).Wrap(err)
	}
	env.Say("removed %s", text.Plural(removed, "cached token"))
	return nil
}

func cachePlaces(env *cli.Env, cmd *cobra.Command) (settings.Places, error) {
	if withLocal, _ := cmd.Flags().GetBool("local"); !withLocal {
		return settings.ResolvePlaces(cli.SettingsInput(env, cmd, settings.Uses{}))
	}
	s, err := cli.Resolve(env, cmd, settings.Uses{})
	if err != nil {
		return settings.Places{}, err
	}
	return s.Places, nil
}
