package settings

import (
	"cmp"
	"errors"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/exit"
	"m2m/internal/input"
	"m2m/internal/text"
)

// errCloudUnknown says that --cloud does not name a cloud.
var errCloudUnknown = errors.New("there is no such cloud")

// Resolve finds the value of every setting and applies the rules of trust.go.
// Its errors are exit.Errors. It does not check the values themselves: Check does
// that, and package token, whose errors ExplainToken words.
func Resolve(in Input) (*Settings, error) {
	l, err := newLayers(in)
	if err != nil {
		return nil, err
	}
	if err := l.checkPaths(); err != nil {
		return nil, err
	}
	s := &Settings{
		Scope:      l.find(Scope),
		APIURL:     l.find(APIURL),
		CAFile:     l.find(CAFile),
		LoginProxy: entra.NewSecret(in.Local[ProxyVariable]),
	}
	if s.APIURL.Value == "" {
		s.APIURL = Given[string]{DefaultAPIURL, Source{Layer: LayerDefault}}
	}
	if l.file != nil {
		s.EnvFile = l.file.path
	}
	if err := l.resolveIdentity(s); err != nil {
		return nil, err
	}
	if err := l.checkJudging(); err != nil {
		return nil, err
	}
	if err := l.resolvePolicy(s); err != nil {
		return nil, err
	}
	if err := l.resolveAuthority(s); err != nil {
		return nil, err
	}
	if err := l.checkFound(s); err != nil {
		return nil, err
	}
	l.dropFound(s)
	s.CAFile = l.path(s.CAFile)
	s.Places = l.places()
	s.Cleaned = l.cleaned()
	for which, taken := range map[Setting]Given[string]{Tenant: s.Tenant, ClientID: s.Client, Scope: s.Scope, AuthorityHost: s.Authority} {
		if all := l.passed(which, taken); all != nil {
			if s.Passed == nil {
				s.Passed = map[Setting][]Given[string]{}
			}
			s.Passed[which] = all
		}
	}
	return s, nil
}

// ResolvePlaces finds the folders alone, for commands that need no other setting.
// Its errors are exit.Errors.
func ResolvePlaces(in Input) (Places, error) {
	l, err := newLayers(in)
	if err != nil {
		return Places{}, err
	}
	if err := cmp.Or(l.checkPaths(), l.checkFoundPlaces()); err != nil {
		return Places{}, err
	}
	return l.places(), nil
}

// checkPaths finds contents that were given instead of the path of their file. They
// are not repeated: a private key is among them.
func (l *layers) checkPaths() error {
	check := func(from Source, value string) error {
		var not *input.NotError
		if !errors.As(input.CheckPath(value), &not) {
			return nil
		}
		return exit.Usagef("%s is %s", from.Subject(), not.Is).Wrap(not)
	}
	for _, row := range Rows {
		for _, f := range row.Flags {
			if g, ok := l.flag(f.Name); ok && (strings.HasSuffix(f.Name, "-file") || f.Name == "certificate") {
				if err := check(g.From, g.Value); err != nil {
					return err
				}
			}
		}
		for _, ly := range l.order(row.Setting) {
			if g, ok := l.at(ly, row.Setting); ok && row.path {
				if err := check(g.From, g.Value); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// errMisplaced says that a value is probably a key, a token or a password.
var errMisplaced = errors.New("a value looks like a secret in the wrong place")

// checkJudging rejects values that reports on tokens would repeat and that have the
// form of a secret. Where a token is acquired, Check finds them.
func (l *layers) checkJudging() error {
	if !l.Uses.Judge {
		return nil
	}
	var lines []string
	for _, s := range []Setting{Tenant, ClientID, Scope, Audiences, RequiredRoles, RequiredScopes} {
		if g := l.find(s); text.HasSecretForm(g.Value) {
			lines = append(lines, Misplaced(g.From.Subject()).Error())
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return exit.Usagef("%s", strings.Join(lines, "\n")).Hint(misplacedHint).Wrap(errMisplaced)
}

const misplacedHint = "m2m help environment says what belongs there"

// Misplaced is the error of a value that has the form of a secret; subject names
// where it was given.
func Misplaced(subject string) *exit.Error {
	return exit.Usagef("%s is %s", subject, text.NotShown).Hint(misplacedHint).Wrap(errMisplaced)
}

// resolvePolicy finds which tokens are accepted.
func (l *layers) resolvePolicy(s *Settings) (err error) {
	if s.Audiences, err = list(l.find(Audiences)); err != nil {
		return err
	}
	if s.Roles, err = list(l.find(RequiredRoles)); err != nil {
		return err
	}
	s.Scopes, err = list(l.find(RequiredScopes))
	return err
}

// resolveAuthority finds the login host: an address or the name of a cloud.
func (l *layers) resolveAuthority(s *Settings) error {
	host := l.find(AuthorityHost)
	if cloud, ok := l.flag("cloud"); ok {
		if host.From.Layer == layerFlag {
			return exit.Conflict("--authority-host", "--cloud")
		}
		known, ok := entra.CloudByName(strings.ToLower(cloud.Value))
		if !ok {
			return unknownCloud(cloud.Value)
		}
		s.Authority = Given[string]{"https://" + known.Host, cloud.From}
		return nil
	}
	if host.Value == "" {
		s.Authority = Given[string]{defaultAuthority, Source{Layer: LayerDefault}}
		return nil
	}
	origin, err := entra.ParseAuthorityHost(host.Value)
	if err != nil {
		return explain(AuthorityHost, host, err)
	}
	s.Authority = Given[string]{origin, host.From}
	return nil
}

func unknownCloud(name string) error {
	var names []string
	for _, c := range entra.Clouds() {
		names = append(names, c.Name)
	}
	return exit.Usagef("--cloud: unknown cloud %s", text.QuoteGiven(name)).
		Hint("the clouds are " + strings.Join(names, ", ")).
		Wrap(errCloudUnknown)
}

// resolveIdentity finds credential, tenant and client.
func (l *layers) resolveIdentity(s *Settings) (err error) {
	if l.Uses.Credential {
		if s.Credential, err = l.chooseCredential(); err != nil {
			return err
		}
	}
	s.Tenant, s.Client = l.find(Tenant), l.find(ClientID)
	if !strings.Contains(s.Tenant.Value, ",") {
		if l.Uses.Judge && s.Tenant.Value != "" {
			s.Tenants = Given[[]string]{[]string{s.Tenant.Value}, s.Tenant.From}
		}
		return nil
	}
	tenants, err := list(s.Tenant)
	switch {
	case err != nil:
		return err
	case l.Uses.Judge:
		s.Tenants = tenants
		s.Tenant.Value = ""
		if len(tenants.Value) == 1 {
			s.Tenant.Value = tenants.Value[0]
		}
	case l.Uses.Credential:
		return exit.Usagef("%s names %d tenants, and a token is of one", s.Tenant.From.Subject(), len(tenants.Value)).
			Hint("give one of them with --tenant; only verify and serve accept tokens of several").
			Wrap(errTenantSeveral)
	}
	return nil
}

// errTenantSeveral says that several tenants are given where one is needed.
var errTenantSeveral = errors.New("several tenants are given to a command that acquires a token")
