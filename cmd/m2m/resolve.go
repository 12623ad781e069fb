package main

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"m2m/internal/entra"
	"m2m/internal/transport"
	"m2m/internal/verify"
)

// localTenantVariable marks the environment of a command under serve --local:
// that environment is the whole of its settings, so .env is not read and
// --local adds nothing.
const localTenantVariable = "M2M_LOCAL_TENANT"

// input is what this process gives the settings to be resolved from.
func (a *app) input(cmd *cobra.Command, u uses) settingsInput {
	_, underTenant := a.lookup(localTenantVariable)
	return settingsInput{
		flags:     givenFlags(cmd.Flags()),
		lookup:    a.lookup,
		dir:       a.dir,
		envFile:   a.envFile,
		noEnvFile: underTenant,
		goos:      runtime.GOOS,
		uses:      u,
	}
}

// settings resolves the settings of a command that talks to a tenant: the
// running local one with --local, else the one that is configured.
func (a *app) settings(cmd *cobra.Command, u uses) (*settings, error) {
	return a.settingsAs(cmd, u, nil)
}

// settingsAs resolves them for a client of a suite's; nil is the caller's own.
func (a *app) settingsAs(cmd *cobra.Command, u uses, client *suiteIdentity) (*settings, error) {
	in := a.input(cmd, u)
	in.client = client
	if local, _ := cmd.Flags().GetBool("local"); local && !in.noEnvFile {
		if a.envFile != "" {
			return nil, &usageError{reason: "--local and --env-file are both given; the local tenant has settings of its own", hints: []string{"leave one of them out"}}
		}
		running, err := a.runningTenant(in)
		if err != nil {
			return nil, err
		}
		in.local = running
	}
	s, err := resolveSettings(in)
	if err != nil {
		return nil, err
	}
	if s.envFile != "" {
		a.trace("settings: read " + s.envFile)
	}
	if a.envFile != "" && s.loginProxy.IsZero() {
		s.loginProxy = proxyOfClientFile(in, s.envFile)
	}
	return s, nil
}

// proxyOfClientFile returns the proxy that a settings file of the running local
// tenant names: with --intercept its clients are at Microsoft's address, and
// their secrets are not to go there. Any other .env names no proxy.
func proxyOfClientFile(in settingsInput, path string) entra.Secret {
	in.noEnvFile, in.envFile = true, "" // the file does not decide where the tenant's are
	places, err := resolvePlaces(in)
	if err != nil {
		return entra.Secret{}
	}
	folder, err := os.Stat(filepath.Dir(path))
	if own, ownErr := os.Stat(filepath.Join(places.stateDir, localFolder)); err != nil || ownErr != nil || !os.SameFile(folder, own) {
		return entra.Secret{}
	}
	data, err := readRunning(places.stateDir, filepath.Base(path))
	if err != nil {
		return entra.Secret{}
	}
	settings, _ := parseLocalSettings(path, data) // it was read before, as a .env
	return entra.NewSecret(settings[proxyVariable])
}

// runningTenant returns the settings of the tenant that runs on this machine.
func (a *app) runningTenant(in settingsInput) (localSettings, error) {
	return runningOf(in, readLocalState)
}

// localControl returns how to reach that tenant's control endpoint.
func (a *app) localControl(in settingsInput) (controlAccess, error) {
	return runningOf(in, readControl)
}

// runningOf reads something of the tenant that runs on this machine. Its errors
// are usageErrors.
func runningOf[T any](in settingsInput, read func(stateDir string) (T, error)) (found T, err error) {
	in.noEnvFile, in.envFile = true, "" // a stranger's .env must not decide which tenant is meant
	places, err := resolvePlaces(in)
	if err != nil {
		return found, err
	}
	found, err = read(places.stateDir)
	if errors.Is(err, errNoLocalTenant) {
		return found, &usageError{
			reason: "no local tenant is running",
			hints: []string{
				"start one in another terminal: m2m serve --local",
				"or run one command with a tenant of its own: m2m serve --local -- m2m call /secure-data",
			},
			err: err,
		}
	}
	if err != nil {
		return found, &usageError{reason: "the settings of the local tenant cannot be read: " + err.Error(), hints: []string{"stop m2m serve --local and start it again"}, err: err}
	}
	return found, nil
}

// transport is how every request of a command goes out: proxies of the
// environment, and that of a local tenant which intercepts, the system's roots
// and the extra CA, traced with --debug.
func (a *app) transport(s *settings) *transport.Transport {
	config := transport.Config{CAFile: s.caFile.value, Proxy: throughTenant(s.loginProxy, a.proxy)}
	if a.debug {
		config.Trace = func(e transport.Exchange) { a.say("debug: %s", e) }
	}
	return transport.New(config)
}

// trace prints a line with --debug.
func (a *app) trace(line string) {
	if a.debug {
		a.say("debug: %s", line)
	}
}

// hintAtLocal says how to judge the token of a local tenant, unless that tenant
// was asked.
func (a *app) hintAtLocal(cmd *cobra.Command, report *verify.Report) {
	local, _ := cmd.Flags().GetBool("local")
	_, underTenant := a.lookup(localTenantVariable)
	t := report.Token
	if local || underTenant || report.Verdict != verify.Undecided || t == nil || !strings.HasPrefix(t.Issuer, "https://127.0.0.1:") {
		return
	}
	a.say("hint: the token names a local tenant as its issuer; while that runs: m2m verify --local")
}
