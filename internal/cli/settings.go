package cli

import (
	"errors"
	"net/http"
	"net/url"
	"runtime"

	"github.com/spf13/cobra"

	"m2m/internal/entra"
	"m2m/internal/exit"
	"m2m/internal/local"
	"m2m/internal/settings"
	"m2m/internal/transport"
)

// SettingsInput is what the settings of a command are resolved from. A child of a
// local tenant has all of its settings in the environment, so it reads no .env.
func SettingsInput(env *Env, cmd *cobra.Command, u settings.Uses) settings.Input {
	_, underTenant := env.Lookup(local.TenantVariable)
	return settings.Input{
		Flags:     settings.GivenFlags(cmd.Flags()),
		Lookup:    env.Lookup,
		Dir:       env.Dir,
		EnvFile:   env.EnvFile,
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
		if env.EnvFile != "" {
			return nil, exit.Usagef("--local and --env-file are both given; the local tenant has settings of its own").Hint("leave one of them out")
		}
		running, err := local.RunningSettings(in)
		if err != nil {
			return nil, err
		}
		in.Local = running
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
	return s, nil
}

// Session is what a command has once its settings are resolved.
type Session struct {
	Env      *Env
	Settings *settings.Settings
	// Transport is that of all requests of the command.
	Transport *transport.Transport
}

// Open resolves the settings of a command and makes its transport.
func Open(env *Env, cmd *cobra.Command, u settings.Uses) (*Session, error) {
	s, err := Resolve(env, cmd, u)
	if err != nil {
		return nil, err
	}
	return &Session{env, s, NewTransport(env, s, nil)}, nil
}

// NewTransport makes the transport of a command's requests, with the proxies of the
// environment, that of a local tenant which intercepts, and the extra CA. --debug
// traces them; hide, unless nil, changes each line of a trace before it is printed.
func NewTransport(env *Env, s *settings.Settings, hide func(string) string) *transport.Transport {
	config := transport.Config{CAFile: s.CAFile.Value, Proxy: throughTenant(s.LoginProxy, env.Proxy),
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
