package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/exit"
	"m2m/internal/text"
)

// Rules for a .env that was found in the working directory.
//
// People run m2m in folders that others wrote: a cloned repository, an unpacked
// archive. A .env found there must neither send a secret of the caller's somewhere
// nor let more callers in. Flags, a file that --env-file names and the environment
// are the caller's own. So the way out of each error is to name the file.
//
//  1. The layer that gives the credential gives tenant and client too; else a .env
//     with only a tenant would have the caller's secret presented there. Flags
//     override all the same: the caller sees them.
//  2. No destination in it (login host, API address, extra CA) is used with a
//     credential or token of the caller's, nor an API address or CA with a header
//     that is a credential or with a body. Nor is its scope, if the token goes to
//     an API: its author would choose what the caller's app may do there.
//  3. It names no file outside its folder, because the content of a federated
//     token file is sent away, and no login host but Entra's.
//  4. Where tokens are validated, the caller's value counts for each setting, and
//     what the file gives next to it only narrows who may call (dropFound).

// What a found .env may not do.
var (
	errFoundMixed     = errors.New("a .env that was found would be used with something of the caller's")
	errFoundOtherIDs  = errors.New("the environment has other IDs than the .env that holds the credential")
	ErrEnvFileOutside = errors.New("a .env that was not named names a file outside its folder")
	errFoundAuthority = errors.New("a .env that was not named names a login host that is not Entra's")
)

// foundFaults collects what a found .env may not do, for one error.
type foundFaults struct {
	l      *layers
	lines  []string
	causes []error
	mixed  []mixture
	hints  []string // ways out next to naming the file
}

// mixture is what the file gives and must not be used with held.
type mixture struct {
	held  string
	names []string
}

// foundNote says why, with the name of the file.
const foundNote = "  m2m found %s without --env-file: another person may have written it"

// mix adds a setting that must not be used with held. A destination is shown.
func (f *foundFaults) mix(held string, g Given[string], isDestination bool) {
	name := g.From.Name
	if isDestination {
		name += " (" + text.QuoteGiven(g.Value) + ")"
	}
	at := slices.IndexFunc(f.mixed, func(m mixture) bool { return m.held == held })
	if at < 0 {
		at, f.mixed = len(f.mixed), append(f.mixed, mixture{held: held})
	}
	f.mixed[at].names = append(f.mixed[at].names, name)
}

// checkFound applies rules 1 to 3. Its error names everything that breaks one, and
// what else is missing.
func (l *layers) checkFound(s *Settings) error {
	if l.file == nil || l.file.named {
		return nil
	}
	f := &foundFaults{l: l}
	for i := range Rows {
		f.checkPath(&Rows[i])
	}
	if g := s.Authority; g.From.Layer == LayerEnvFile && !isEntra(g.Value) {
		f.lines = append(f.lines, fmt.Sprintf("%s is %s, which is not a login host of Entra", g.From.Subject(), text.QuoteGiven(g.Value)))
		f.causes = append(f.causes, errFoundAuthority)
	}
	f.checkIdentity(s)
	f.checkDestinations(s)
	if f.err() == nil && l.Uses.APIURL && s.APIURL.From.Layer == LayerEnvFile {
		s.Called = s.APIURL.Value
	}
	if err := f.err(); err != nil {
		return err.withMissing(s, l.Uses.Credential)
	}
	return nil
}

// checkFoundPlaces applies rule 3 to the folders alone.
func (l *layers) checkFoundPlaces() error {
	if l.file == nil || l.file.named {
		return nil
	}
	f := &foundFaults{l: l}
	for _, place := range []Setting{CacheDir, StateDir} {
		row := rowOf(place)
		f.checkPath(&row)
	}
	if err := f.err(); err != nil {
		return err.withMissing(nil, false)
	}
	return nil
}

// foundError is the text of an error, before what is missing is added.
type foundError struct {
	lines, hints []string
	causes       []error
}

// err returns the error of all faults; nil if there are none.
func (f *foundFaults) err() *foundError {
	lines, causes := f.lines, f.causes
	for _, m := range f.mixed {
		verb := "are"
		if len(m.names) == 1 {
			verb = "is"
		}
		line := fmt.Sprintf("%s in %s %s not used with %s", and(m.names), f.l.file.label, verb, m.held)
		lines, causes = append(lines, line), append(causes, errFoundMixed)
	}
	if len(lines) == 0 {
		return nil
	}
	if len(f.mixed) > 0 {
		lines = append(lines, fmt.Sprintf(foundNote, f.l.file.label))
	}
	hints := f.hints
	if len(hints) == 0 {
		hints = append(hints, fmt.Sprintf("if %s is yours, name it: --env-file %s", f.l.file.label, f.l.file.label))
	}
	if len(lines) > len(f.hints)/2 { // more than other IDs, which bring two hints
		hints = append(hints, fmt.Sprintf("if you do not know this %s, remove it or work in another folder", f.l.file.label))
	}
	return &foundError{lines, hints, causes}
}

// withMissing adds what else is missing or wrong in what a token needs.
func (e *foundError) withMissing(s *Settings, credential bool) error {
	if more := (*exit.Error)(nil); credential && errors.As(s.Check(nil), &more) {
		e.lines, e.hints, e.causes = append(e.lines, more.Error()), append(more.Hints(), e.hints...), append(e.causes, more.Unwrap())
	}
	return exit.Usagef("%s", strings.Join(e.lines, "\n")).Hint(e.hints...).Wrap(errors.Join(e.causes...))
}

// checkPath applies rule 3 to a setting that is a path, unless a higher layer
// overrides it.
func (f *foundFaults) checkPath(row *Row) {
	if !row.path {
		return
	}
	if g := f.l.find(row.Setting); g.From.Layer == LayerEnvFile && !IsInside(f.l.file.folder(), g.Value) {
		f.lines = append(f.lines, fmt.Sprintf("%s is %s, which is outside the folder of that file", g.From.Subject(), text.QuoteGiven(g.Value)))
		f.causes = append(f.causes, ErrEnvFileOutside)
	}
}

// checkIdentity applies rule 1.
func (f *foundFaults) checkIdentity(s *Settings) {
	c := s.Credential
	if !c.goesToProvider() {
		return
	}
	used := []Setting{Tenant, ClientID}
	if c.Kind == KindCertificate {
		used = append(used, CertificatePassword, SendChain)
	}
	ofFile := c.From.Layer == LayerEnvFile
	var (
		others     []string // what is different in the environment
		unset      []string // its names there
		unsetAlone = true   // the file has a value for each of them
		lacking    []string // what the environment does not have
	)
	for _, which := range used {
		g := f.l.find(which)
		own, inFile := f.l.at(LayerEnvFile, which)
		switch {
		case g.From.Layer == LayerEnvFile && !ofFile:
			f.mix(heldCredential(c), g, false)
		case g.From.Layer == LayerEnvFile && (which == Tenant || which == ClientID):
			lacking = append(lacking, g.From.Name)
		case g.From.Layer == LayerEnvironment && ofFile && g.Value != own.Value &&
			(rowOf(which).Secret || !strings.EqualFold(g.Value, own.Value)):
			others, unset = append(others, f.difference(which, g, own)), append(unset, g.From.Name)
			unsetAlone = unsetAlone && inFile
		}
	}
	if len(others) == 0 {
		return
	}
	label := f.l.file.label
	f.lines = append(f.lines, fmt.Sprintf("%s, where the %s is (%s)", strings.Join(others, "; "), c.Kind, c.From.Name))
	f.causes = append(f.causes, errFoundOtherIDs)
	toFile := fmt.Sprintf("to use %s, name it: --env-file %s", label, label)
	if unsetAlone {
		toFile += "; or unset " + and(unset)
	}
	f.hints = append(f.hints, toFile, fmt.Sprintf("to use the environment, set %s there too", and(append(lacking, c.From.Name))))
}

// difference says what a setting is in the environment and in the file; of a
// secret only that they differ.
func (f *foundFaults) difference(which Setting, g, own Given[string]) string {
	switch {
	case own.From.Name == "":
		return fmt.Sprintf("%s is set in the environment and not in %s", g.From.Name, f.l.file.label)
	case rowOf(which).Secret:
		return fmt.Sprintf("%s in the environment is not that in %s", g.From.Name, f.l.file.label)
	}
	inFile := f.l.file.label
	if own.From.Name != g.From.Name {
		inFile = own.From.Name + " in " + inFile
	}
	return fmt.Sprintf("%s is %s in the environment, but %s in %s",
		g.From.Name, text.QuoteGiven(g.Value), text.QuoteGiven(own.Value), inFile)
}

// heldCredential names a credential of the caller's.
func heldCredential(c Credential) string { return fmt.Sprintf("the %s from %s", c.Kind, c.From) }

// checkDestinations applies rule 2.
func (f *foundFaults) checkDestinations(s *Settings) {
	c, uses := s.Credential, f.l.Uses
	held := "" // a token or a credential for one, of the caller's
	switch {
	case uses.GivenToken:
		held = "the token that was given"
	case c.Kind != KindNone && c.From.Layer != LayerEnvFile:
		held = heldCredential(c)
	}
	isFound := func(g Given[string]) bool { return g.From.Layer == LayerEnvFile }
	if held != "" && !uses.GivenToken {
		if isFound(s.Scope) && uses.Call {
			f.mix(held, s.Scope, true)
		}
		// The default address needs no permission, and another is no fault twice.
		if isFound(s.Authority) && s.Authority.Value != defaultAuthority && c.goesToProvider() && isEntra(s.Authority.Value) {
			f.mix(held, s.Authority, true)
		}
	}
	if held == "" {
		held = uses.Carries
	}
	if held == "" {
		return
	}
	if isFound(s.APIURL) && uses.APIURL && strings.TrimRight(s.APIURL.Value, "/") != DefaultAPIURL {
		f.mix(held, s.APIURL, true)
	}
	if isFound(s.CAFile) {
		f.mix(held, s.CAFile, true)
	}
}

// CheckSuiteAddress applies rule 2 to a suite with variables: their values are
// the caller's, and an API address in a .env that was found is not.
func (s *Settings) CheckSuiteAddress() error {
	if s.APIURL.From.Layer != LayerEnvFile || strings.TrimRight(s.APIURL.Value, "/") == DefaultAPIURL {
		return nil
	}
	label := s.APIURL.From.File
	return exit.Usagef("API_URL (%s) in %s is not used with the variables of the suite", text.QuoteGiven(s.APIURL.Value), label).
		Addf(foundNote, label).
		Hint(
			fmt.Sprintf("if %s is yours, name it: --env-file %s", label, label),
			"else give the address of the API on the command line",
		).
		Wrap(errFoundMixed)
}

// dropFound applies rule 4: it takes out of the settings what a found .env gives
// and does not count, and notes the names.
//
// The caller's own tenant, audience, scope, client ID, roles and scopes say whom
// they want to let in. An audience of the file's (or the scope or client ID that
// one follows from) counts only for the file's own tenant and where the caller
// gives nothing that an audience follows from. Required scopes let users in, and a
// CA decides which keys are taken for the tenant's: they count only where the
// caller gives none of these. Required roles narrow, except next to scopes alone,
// which let no app in.
func (l *layers) dropFound(s *Settings) {
	if !l.Uses.Judge || l.file == nil || l.file.named {
		return
	}
	own := func(from Source) bool { return from.Layer > LayerEnvFile }
	ownAudience := own(s.Audiences.From) || own(s.Scope.From) || own(s.Client.From)
	ownPolicy := l.Uses.OwnPolicy || ownAudience || own(s.Tenants.From) || own(s.Roles.From) || own(s.Scopes.From)
	audience := !ownAudience && l.isTenantOfFile(s.Tenants)
	keepRoles := !own(s.Scopes.From) || own(s.Roles.From)
	// What an own audience or scope overrides all the same is not worth a note.
	s.Client = drop(s, s.Client, audience, !own(s.Audiences.From) && !own(s.Scope.From))
	s.Scope = drop(s, s.Scope, audience, !own(s.Audiences.From))
	s.Audiences = drop(s, s.Audiences, audience, true)
	s.Roles = drop(s, s.Roles, keepRoles, true)
	s.Scopes = drop(s, s.Scopes, !ownPolicy, true)
	s.CAFile = drop(s, s.CAFile, !ownPolicy, true)
}

// drop returns a setting, or nothing if it is one of a found .env that does not
// count. It notes the name where that changes something.
func drop[T any](s *Settings, g Given[T], counts, note bool) Given[T] {
	if counts || g.From.Layer != LayerEnvFile {
		return g
	}
	if note {
		s.Unused = append(s.Unused, g.From.Name)
	}
	return Given[T]{}
}

// isTenantOfFile reports whether the file names the tenants in force.
func (l *layers) isTenantOfFile(inForce Given[[]string]) bool {
	g, ok := l.at(LayerEnvFile, Tenant)
	if !ok || len(inForce.Value) == 0 {
		return false
	}
	named, err := list(g)
	return err == nil && !slices.ContainsFunc(inForce.Value, func(tenant string) bool {
		return !slices.ContainsFunc(named.Value, func(other string) bool { return strings.EqualFold(tenant, other) })
	}) && len(named.Value) == len(inForce.Value)
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

// and joins names: "A", "A and B", "A, B and C".
func and(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
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
