package main

// A stranger's .env must not move a secret.
//
// m2m reads .env in the working directory, and people run it in folders that
// others wrote: a cloned repository, an unpacked archive. So .env counts as
// another party. The command line and the environment are the caller's own and
// complete each other; --local is a set of its own, beside which no .env is
// read. Between the caller and .env three rules hold:
//
//  1. Tenant, client and credential come from one party. Otherwise a .env with
//     nothing but a tenant would have the caller's secret presented there. Flags
//     override all the same: who types them sees them.
//  2. A destination (login host, API address, extra CA) in .env is never used
//     with a credential or token of the caller's. Otherwise one line would send
//     it to another machine. Nor is a scope of .env, where the token goes to an
//     API at once: its author would choose what the caller's app may do there.
//  3. A .env that was found, not named by --env-file, may name no file outside
//     its folder, because the content of a federated token file is sent away,
//     and no login host but Entra's. To name a file is to vouch for that much.
//
// Rules 1 and 2 protect secrets in use: they say nothing where a command needs
// none (verify, serve).

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/exit"
)

// What a .env may not do.
var (
	errEnvFileIdentity    = errors.New("tenant, client and credential come from different parties")
	errEnvFileDestination = errors.New("a .env sends the caller's secret somewhere")
	errEnvFileOutside     = errors.New("a .env that was not named names a file outside its folder")
	errEnvFileAuthority   = errors.New("a .env that was not named names a login host that is not Entra's")
)

// errEnvFileWidens says that a .env adds to whom the caller lets in.
var errEnvFileWidens = errors.New("a .env widens who may call")

// checkWidened refuses required scopes of a .env beside required roles of the
// caller's: scopes let users in, whom roles alone keep out.
func checkWidened(s *settings) error {
	if s.scopes.from.layer != layerEnvFile || s.roles.from.layer <= layerEnvFile {
		return nil
	}
	return exit.Usagef("the required roles are from %s, and %s would let users in beside them", s.roles.from, s.scopes.from.subject()).
		Hint("if users with that scope may call, set "+s.scopes.from.name+" in the environment too", "else remove it from "+s.scopes.from.place()).
		Wrap(errEnvFileWidens)
}

// belonging finds a setting that is used with the credential, under rule 1.
func (l *layers) belonging(s setting, c credentialSettings) (given[string], error) {
	g := l.find(s)
	ofFile := c.from.layer == layerEnvFile
	switch {
	case !c.goesToProvider():
		return g, nil
	case g.from.layer == layerEnvFile && !ofFile:
		return g, mixed(s, g.from, c, "set "+g.from.name+" in the environment too")
	case g.from.layer == layerEnvironment && ofFile:
		if own, _ := l.at(layerEnvFile, s); own.value == g.value {
			return g, nil
		}
		return g, mixed(s, g.from, c, fmt.Sprintf("unset %s, if that in %s is meant", g.from.name, c.from.place()))
	}
	return g, nil
}

// goesToProvider reports whether the credential is presented to the login host,
// for a tenant and client. A managed identity is asked of the machine itself.
func (c credentialSettings) goesToProvider() bool {
	return c.kind != credentialNone && c.kind != credentialManagedIdentity
}

// mixed refuses a setting that is not of the credential's party.
func mixed(s setting, from source, c credentialSettings, hint string) error {
	hints := []string{hint}
	switch s {
	case settingTenant, settingClient:
		hints = append(hints, "or give it with --"+rowOf(s).flags[0].name)
	}
	return exit.Usagef("the %s is from %s, but the %s is from %s: both must come from the same place, so that nobody else's %s can redirect a secret", s, from, c.kind, c.from, envFileName).
		Hint(hints...).
		Wrap(errEnvFileIdentity)
}

// checkDestinations applies rule 2.
func (l *layers) checkDestinations(s *settings) error {
	held := ""
	switch {
	case l.uses.givenToken:
		held = "the token that was given"
	case s.credential.kind != credentialNone && s.credential.from.layer != layerEnvFile:
		held = fmt.Sprintf("the %s from %s", s.credential.kind, s.credential.from)
	default:
		return nil
	}
	if l.uses.call && s.scope.from.layer == layerEnvFile && s.credential.kind != credentialNone {
		return misled(settingScope, s.scope, held, "give --scope")
	}
	// An address that is the default anyway moves nothing.
	if s.authority.from.layer == layerEnvFile && s.authority.value != defaultAuthority && s.credential.goesToProvider() {
		return misled(settingAuthority, s.authority, held, "give --authority-host")
	}
	if l.uses.apiURL && s.apiURL.from.layer == layerEnvFile && strings.TrimRight(s.apiURL.value, "/") != defaultAPIURL {
		return misled(settingAPIURL, s.apiURL, held, "give the whole URL on the command line")
	}
	if s.caFile.from.layer == layerEnvFile {
		return misled(settingCAFile, s.caFile, held, "give --ca-file")
	}
	return nil
}

// misled refuses a destination that is not of the secret's party.
func misled(s setting, g given[string], held, remedy string) error {
	return exit.Usagef("the %s is from %s, but %s is not: it would go where another party's file says (%s)", s, g.from, held, quoted(g.value)).
		Hint(
			fmt.Sprintf("if %s is right, %s or set %s in the environment", quoted(g.value), remedy, g.from.name),
			fmt.Sprintf("if you do not know this %s, remove it", g.from.place()),
		).
		Wrap(errEnvFileDestination)
}

// checkSuiteAddress applies rule 2 to what the variables of a suite hold: they
// are the caller's, and an API address in .env is not.
func (s *settings) checkSuiteAddress() error {
	if s.apiURL.from.layer != layerEnvFile || strings.TrimRight(s.apiURL.value, "/") == defaultAPIURL {
		return nil
	}
	return misled(settingAPIURL, s.apiURL, "what the variables of the suite hold", "give the address on the command line")
}

// checkFoundAuthority applies rule 3 to the login host.
func (l *layers) checkFoundAuthority(s *settings) error {
	if s.authority.from.layer != layerEnvFile || l.file.named || isEntra(s.authority.value) {
		return nil
	}
	return exit.Usagef("%s is %s, which is no login host of Entra's", s.authority.from.subject(), quoted(s.authority.value)).
		Hint(
			"if you do not know this .env, remove it or work in another folder",
			fmt.Sprintf("if it is yours, vouch for it with --env-file %s, or give the host with --authority-host", l.file.label),
		).
		Wrap(errEnvFileAuthority)
}

// isEntra reports whether an origin is a login host of one of Entra's clouds.
func isEntra(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	_, ok := entra.CloudByHost(u.Host) // with a port, if there is one: Entra has none
	return ok
}

// checkFoundPaths applies rule 3 to every path that a found .env gives and
// nothing overrides.
func (l *layers) checkFoundPaths() error {
	if l.file == nil || l.file.named {
		return nil
	}
	for _, row := range settingRows {
		if !row.path {
			continue
		}
		g := l.find(row.setting)
		if g.from.layer != layerEnvFile || isInside(l.file.folder(), g.value) {
			continue
		}
		return exit.Usagef("%s is %s, which is outside the folder of that file", g.from.subject(), quoted(g.value)).
			Hint(
				"if you do not know this .env, remove it or work in another folder",
				fmt.Sprintf("if it is yours, vouch for it with --env-file %s, or set %s in the environment", l.file.label, g.from.name),
			).
			Wrap(errEnvFileOutside)
	}
	return nil
}

// isInside reports whether a path that a file in folder names stays in folder,
// after symbolic links. A path that starts with ~ means a home to whoever wrote
// it, although nothing expands it.
func isInside(folder, path string) bool {
	if strings.HasPrefix(path, "~") {
		return false
	}
	from, err := followLinks(folder)
	if err != nil {
		return false
	}
	to, err := followLinks(absolute(folder, path))
	if err != nil {
		return false
	}
	rel, err := filepath.Rel(from, to)
	return err == nil && filepath.IsLocal(rel)
}

// followLinks resolves the symbolic links of a path as far as it exists; what
// does not exist yet would be made where its parent leads. A link to nothing is
// an error: something can appear there later.
func followLinks(path string) (string, error) {
	resolved, err := filepath.EvalSymlinks(path)
	if err == nil {
		return resolved, nil
	}
	parent := filepath.Dir(path)
	if _, there := os.Lstat(path); !errors.Is(there, fs.ErrNotExist) || parent == path {
		return "", err
	}
	resolved, err = followLinks(parent)
	return filepath.Join(resolved, filepath.Base(path)), err
}
