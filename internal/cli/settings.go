package cli

import (
	"errors"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"m2m/internal/call"
	"m2m/internal/entra"
	"m2m/internal/exit"
	"m2m/internal/local"
	"m2m/internal/settings"
	"m2m/internal/text"
	"m2m/internal/transport"
)

// SettingsInput is what the settings of a command are resolved from. A child of a
// local tenant has all of its settings in the environment, so it reads no .env.
func SettingsInput(env *Env, cmd *cobra.Command, u settings.Uses) settings.Input {
	_, underTenant := env.Lookup(local.TenantVariable)
	for _, name := range []string{"client", "issuer", "jwks"} {
		u.OwnPolicy = u.OwnPolicy || cmd.Flags().Changed(name)
	}
	return settings.Input{
		Flags:   settings.GivenFlags(cmd.Flags()),
		Lookup:  env.Lookup,
		Dir:     env.Dir,
		EnvFile: env.EnvFile, EnvContent: env.envContent,
		NoEnvFile: underTenant,
		GOOS:      runtime.GOOS,
		Uses:      u,
	}
}

// Resolve resolves the settings of a command: those of the running local tenant
// with --local, else those that are configured.
func Resolve(env *Env, cmd *cobra.Command, u settings.Uses) (*settings.Settings, error) {
	return ResolveAs(env, cmd, u, nil)
}

// ResolveAs is Resolve for a client that a suite defines; nil is the caller's own.
func ResolveAs(env *Env, cmd *cobra.Command, u settings.Uses, client *settings.Identity) (*settings.Settings, error) {
	in := SettingsInput(env, cmd, u)
	in.Client = client
	if withLocal, _ := cmd.Flags().GetBool("local"); withLocal && !in.NoEnvFile {
		as, _ := cmd.Flags().GetString("as")
		running, err := local.RunningSettings(in, as)
		if err != nil {
			return nil, withOwnTenant(env, err)
		}
		in.Local = running
		in.LocalIdentity = localIdentity(func(name string) string { return running[name] })
	} else if in.NoEnvFile {
		in.LocalIdentity = localIdentity(func(name string) string { value, _ := env.Lookup(name); return value })
	}
	if clients, err := cmd.Flags().GetStringArray("client"); err == nil && slices.ContainsFunc(clients, text.HasSecretForm) {
		return nil, settings.Misplaced("--client")
	}
	s, err := settings.Resolve(in)
	if err != nil {
		return nil, err
	}
	if s.EnvFile != "" {
		env.Trace("settings: read " + s.EnvFile)
	}
	for _, line := range s.Cleaned {
		env.Trace(line)
	}
	if env.EnvFile != "" && s.LoginProxy.IsZero() {
		s.LoginProxy = local.ProxyOfClientFile(in, s.EnvFile)
	}
	if client == nil {
		noteFound(env, s)
	}
	return s, nil
}

// noteFound prints what a .env that was found decides, and what not.
func noteFound(env *Env, s *settings.Settings) {
	if s.Called != "" {
		env.Say("calling %s, the API_URL in %s", call.DisplayAddress(s.Called), settings.EnvFileName)
	}
	if len(s.Unused) > 0 {
		env.Say("warning: not used from %s: %s; a file that was found does not change whom your own settings let in",
			settings.EnvFileName, strings.Join(s.Unused, ", "))
		env.Say("hint: if %s is yours, name it: --env-file %s", settings.EnvFileName, settings.EnvFileName)
	}
}

// incomplete adds the way out to an error of settings that are missing: --local, if
// a local tenant is running, which comes first; and a tenant for this one command.
func (session *Session) incomplete(err error) error {
	env, cmd, failed := session.Env, session.Command, (*exit.Error)(nil)
	if cmd == nil || !errors.Is(err, settings.ErrIncomplete) || !errors.As(err, &failed) ||
		cmd.Flags().Lookup("local") == nil || cmd.Flags().Changed("local") {
		return err
	}
	in := SettingsInput(env, cmd, settings.Uses{})
	if in.NoEnvFile {
		return err
	}
	if _, runs := local.RunningSettings(in, ""); runs == nil {
		return exit.Usagef("%v", err).Hint("a local tenant is running: add --local").Hint(failed.Hints()...).Wrap(failed.Unwrap())
	}
	return exit.Usagef("%v", err).
		Hint(failed.Hints()...).
		Hintf("without a tenant: m2m serve --local -- %s", ownCommand(env)).
		Wrap(failed.Unwrap())
}

// withOwnTenant adds a tenant for this one command to an error, if the error is that no
// local tenant is running.
func withOwnTenant(env *Env, err error) error {
	if failed := (*exit.Error)(nil); errors.Is(err, local.ErrNotRunning) && errors.As(err, &failed) {
		return failed.Hint("or run one command with a tenant of its own: m2m serve --local -- " + ownCommand(env))
	}
	return err
}

// ownCommand is the command line of this process, for a hint; m2m token, if it is
// too long or has something that must not be repeated.
func ownCommand(env *Env) string {
	words := []string{"m2m"}
	for _, arg := range env.Args {
		if text.LooksSecret(arg) {
			return "m2m token"
		}
		words = append(words, text.ShellQuote(arg))
	}
	if line := strings.Join(words, " "); len(line) <= 80 {
		return line
	}
	return "m2m token"
}

// localIdentity returns the managed identity that the variables of a local tenant
// name; nil without one.
func localIdentity(variable func(string) string) *settings.LocalIdentity {
	endpoint, header := variable(settings.IdentityEndpoint), variable(settings.IdentityHeader)
	if endpoint == "" || header == "" {
		return nil
	}
	return &settings.LocalIdentity{Endpoint: endpoint, Header: entra.NewSecret(header), Client: variable("AZURE_CLIENT_ID")}
}

// Session is what a command has once its settings are resolved.
type Session struct {
	Env      *Env
	Settings *settings.Settings
	// Command is the one that runs, for hints.
	Command *cobra.Command
	// Uses is what it does with the settings.
	Uses settings.Uses
	// Transport is that of all requests of the command.
	Transport *transport.Transport
}

// Open resolves the settings of a command and makes its transport.
func Open(env *Env, cmd *cobra.Command, u settings.Uses) (*Session, error) {
	s, err := Resolve(env, cmd, u)
	if err != nil {
		return nil, err
	}
	if check := checkProxy(env, s); check != nil {
		if err := check(); err != nil {
			return nil, err
		}
	}
	return &Session{env, s, cmd, u, NewTransport(env, s, nil)}, nil
}

// checkProxy says whether the proxy variables can be used; nil where that does not
// matter: a local tenant is reached without one.
func checkProxy(env *Env, s *settings.Settings) func() error {
	if _, underTenant := env.Lookup(local.TenantVariable); underTenant || s.IsLocal() {
		return nil
	}
	return env.CheckProxy
}

// ProxyFor returns the proxy of requests to an address; nil for none.
func (session *Session) ProxyFor(u *url.URL) (*url.URL, error) {
	return throughTenant(session.Settings.LoginProxy, session.Env.Proxy)(&http.Request{URL: u})
}

// NewTransport makes the transport of a command's requests, with the proxies of the
// environment, that of a local tenant which intercepts, and the extra CA. --debug
// traces them; hide, unless nil, changes each line of a trace before it is printed.
func NewTransport(env *Env, s *settings.Settings, hide func(string) string) *transport.Transport {
	config := transport.Config{CAFile: s.CAFile.Value, Proxy: throughTenant(s.LoginProxy, env.Proxy), CheckProxy: checkProxy(env, s),
		Warn: func(line string) { env.Say("warning: %s", line) }}
	if env.Debug {
		config.Trace = func(e transport.Exchange) {
			line := e.String()
			if hide != nil {
				line = hide(line)
			}
			env.Say("debug: %s", line)
		}
	}
	return transport.New(config)
}

// throughTenant chooses the proxy at address for requests to login hosts, and usual
// for all others. A zero address is that of no local tenant that intercepts.
func throughTenant(address entra.Secret, usual func(*http.Request) (*url.URL, error)) func(*http.Request) (*url.URL, error) {
	if address.IsZero() {
		return usual
	}
	proxy, err := url.Parse(address.Reveal())
	if err != nil {
		err = errors.New("the address of the local tenant's proxy does not parse") // it holds a password
	}
	return func(r *http.Request) (*url.URL, error) {
		if entra.IsLoginHost(r.URL.Hostname()) {
			return proxy, err
		}
		return usual(r)
	}
}
