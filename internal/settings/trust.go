package settings

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
	"m2m/internal/text"
)

// Rules for a .env that may come from somebody else.
//
// m2m reads .env in the working directory, and people run it in folders that
// others wrote: a cloned repository, an unpacked archive. Flags and environment
// are the caller's own and complete each other; with --local no .env is read.
//
//  1. Tenant, client and credential come both from a .env or both from the
//     caller. Else a .env with only a tenant would have the caller's secret
//     presented there. Flags override all the same: the caller sees them.
//  2. A destination (login host, API address, extra CA) in a .env is never used
//     with a credential or token of the caller's. Nor is its scope, if the token
//     goes to an API: its author would choose what the caller's app may do there.
//  3. A .env that was found, not named by --env-file, may name no file outside
//     its folder, because the content of a federated token file is sent away,
//     and no login host but Entra's.
//
// Rules 1 and 2 protect secrets in use: they do not apply to a command that
// sends none (verify, serve).

// What a .env may not do.
var (
	errEnvFileIdentity    = errors.New("tenant, client and credential come from different places")
	errEnvFileDestination = errors.New("a .env sends the caller's secret somewhere")
	ErrEnvFileOutside     = errors.New("a .env that was not named names a file outside its folder")
	errEnvFileAuthority   = errors.New("a .env that was not named names a login host that is not Entra's")
)

// errEnvFileWidens says that a .env lets callers in whom the user's policy keeps
// out.
var errEnvFileWidens = errors.New("a .env widens who may call")

// checkWidened returns an error for required scopes in a .env next to required
// roles of the caller's: scopes let users in, whom roles alone keep out.
func checkWidened(s *Settings) error {
	if s.Scopes.From.Layer != LayerEnvFile || s.Roles.From.Layer <= LayerEnvFile {
		return nil
	}
	return exit.Usagef("the required roles are from %s, and %s would let users in beside them", s.Roles.From, s.Scopes.From.Subject()).
		Hint(
			"if users with that scope may call, set "+s.Scopes.From.Name+" in the environment too",
			"else remove it from "+s.Scopes.From.place(),
		).
		Wrap(errEnvFileWidens)
}

// belonging finds a setting that is used with the credential, by rule 1.
func (l *layers) belonging(s Setting, c Credential) (Given[string], error) {
	g := l.find(s)
	ofFile := c.From.Layer == LayerEnvFile
	switch {
	case !c.goesToProvider():
		return g, nil
	case g.From.Layer == LayerEnvFile && !ofFile:
		return g, mixed(s, g.From, c, "set "+g.From.Name+" in the environment too")
	case g.From.Layer == LayerEnvironment && ofFile:
		if own, _ := l.at(LayerEnvFile, s); own.Value == g.Value {
			return g, nil
		}
		return g, mixed(s, g.From, c, fmt.Sprintf("unset %s, if that in %s is meant", g.From.Name, c.From.place()))
	}
	return g, nil
}

// mixed is the error of a setting that breaks rule 1.
func mixed(s Setting, from Source, c Credential, hint string) error {
	hints := []string{hint}
	switch s {
	case Tenant, ClientID:
		hints = append(hints, "or give it with --"+rowOf(s).Flags[0].Name)
	}
	const reason = "the %s is from %s, but the %s is from %s: both must come from the same place, " +
		"so that nobody else's %s can redirect a secret"
	return exit.Usagef(reason, s, from, c.Kind, c.From, EnvFileName).
		Hint(hints...).
		Wrap(errEnvFileIdentity)
}

// checkDestinations applies rule 2.
func (l *layers) checkDestinations(s *Settings) error {
	held := ""
	switch {
	case l.Uses.GivenToken:
		held = "the token that was given"
	case s.Credential.Kind != KindNone && s.Credential.From.Layer != LayerEnvFile:
		held = fmt.Sprintf("the %s from %s", s.Credential.Kind, s.Credential.From)
	default:
		return nil
	}
	if l.Uses.Call && s.Scope.From.Layer == LayerEnvFile && s.Credential.Kind != KindNone {
		return misled(Scope, s.Scope, held, "give --scope")
	}
	// The default address needs no permission.
	if s.Authority.From.Layer == LayerEnvFile && s.Authority.Value != defaultAuthority && s.Credential.goesToProvider() {
		return misled(AuthorityHost, s.Authority, held, "give --authority-host")
	}
	if l.Uses.APIURL && s.APIURL.From.Layer == LayerEnvFile && strings.TrimRight(s.APIURL.Value, "/") != DefaultAPIURL {
		return misled(APIURL, s.APIURL, held, "give the whole URL on the command line")
	}
	if s.CAFile.From.Layer == LayerEnvFile {
		return misled(CAFile, s.CAFile, held, "give --ca-file")
	}
	return nil
}

// misled is the error of a destination that breaks rule 2. held names what would
// be sent there; remedy is an action.
func misled(s Setting, g Given[string], held, remedy string) error {
	const reason = "the %s is from %s, but %s is not: it would go where another party's file says (%s)"
	return exit.Usagef(reason, s, g.From, held, text.Quote(g.Value)).
		Hint(
			fmt.Sprintf("if %s is right, %s or set %s in the environment", text.Quote(g.Value), remedy, g.From.Name),
			fmt.Sprintf("if you do not know this %s, remove it", g.From.place()),
		).
		Wrap(errEnvFileDestination)
}

// CheckSuiteAddress applies rule 2 to a suite with variables: their values are
// the caller's, and an API address in a .env is not.
func (s *Settings) CheckSuiteAddress() error {
	if s.APIURL.From.Layer != LayerEnvFile || strings.TrimRight(s.APIURL.Value, "/") == DefaultAPIURL {
		return nil
	}
	return misled(APIURL, s.APIURL, "what the variables of the suite hold", "give the address on the command line")
}

// checkFoundAuthority applies rule 3 to the login host.
func (l *layers) checkFoundAuthority(s *Settings) error {
	if s.Authority.From.Layer != LayerEnvFile || l.file.named || isEntra(s.Authority.Value) {
		return nil
	}
	return exit.Usagef("%s is %s, which is no login host of Entra's", s.Authority.From.Subject(), text.Quote(s.Authority.Value)).
		Hint(
			"if you do not know this .env, remove it or work in another folder",
			fmt.Sprintf("if it is yours, vouch for it with --env-file %s, or give the host with --authority-host", l.file.label),
		).
		Wrap(errEnvFileAuthority)
}

// isEntra reports whether an origin is the login host of one of Entra's clouds.
func isEntra(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	_, ok := entra.CloudByHost(u.Host) // with a port, if there is one: Entra has none
	return ok
}

// checkFoundPaths applies rule 3 to every path in a found .env that nothing
// overrides.
func (l *layers) checkFoundPaths() error {
	if l.file == nil || l.file.named {
		return nil
	}
	for _, row := range Rows {
		if !row.path {
			continue
		}
		g := l.find(row.Setting)
		if g.From.Layer != LayerEnvFile || IsInside(l.file.folder(), g.Value) {
			continue
		}
		return exit.Usagef("%s is %s, which is outside the folder of that file", g.From.Subject(), text.Quote(g.Value)).
			Hint(
				"if you do not know this .env, remove it or work in another folder",
				fmt.Sprintf("if it is yours, vouch for it with --env-file %s, or set %s in the environment", l.file.label, g.From.Name),
			).
			Wrap(ErrEnvFileOutside)
	}
	return nil
}

// IsInside reports whether path, relative to folder or absolute, is in folder
// once symbolic links are resolved. A path that starts with ~ is not: its writer
// meant a home folder, although nothing expands it.
func IsInside(folder, path string) bool {
	if strings.HasPrefix(path, "~") {
		return false
	}
	from, err := followLinks(folder)
	if err != nil {
		return false
	}
	to, err := followLinks(Absolute(folder, path))
	if err != nil {
		return false
	}
	rel, err := filepath.Rel(from, to)
	return err == nil && filepath.IsLocal(rel)
}

// followLinks resolves the symbolic links of a path as far as it exists. A link
// to nothing is an error: a file can appear there later.
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
