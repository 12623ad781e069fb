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
// Its errors are exit.Errors. It does not check the values themselves: package
// token does that, and ExplainToken words what it finds.
func Resolve(in Input) (*Settings, error) {
	l, err := newLayers(in)
	if err != nil {
		return nil, err
	}
	if err := l.checkPaths(); err != nil {
		return nil, err
	}
	s := &Settings{
		Scope:  l.find(Scope),
		APIURL: l.find(APIURL),
		CAFile: l.path(l.find(CAFile)),

		LoginProxy: entra.NewSecret(in.Local[ProxyVariable]),
	}
	if s.APIURL.Value == "" {
		s.APIURL = Given[string]{DefaultAPIURL, Source{Layer: LayerDefault}}
	}
	if l.file != nil {
		s.EnvFile = l.file.path
	}
	// The order decides which error is reported if there are several: files first,
	// then who calls, then where the secret goes.
	if err := l.checkFoundPaths(); err != nil {
		return nil, err
	}
	if err := l.resolvePolicy(s); err != nil {
		return nil, err
	}
	if err := l.resolveAuthority(s); err != nil {
		return nil, err
	}
	if err := l.resolveIdentity(s); err != nil {
		return nil, err
	}
	if err := l.checkDestinations(s); err != nil {
		return nil, err
	}
	if err := l.checkFoundAuthority(s); err != nil {
		return nil, err
	}
	s.Places = l.places()
	s.Cleaned = l.cleaned()
	return s, nil
}

// ResolvePlaces finds the folders alone, for commands that need no other setting.
// Its errors are exit.Errors.
func ResolvePlaces(in Input) (Places, error) {
	l, err := newLayers(in)
	if err != nil {
		return Places{}, err
	}
	if err := cmp.Or(l.checkPaths(), l.checkFoundPaths()); err != nil {
		return Places{}, err
	}
	return l.places(), nil
}

// checkPaths finds contents that were given in place of the path of their file. They
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
			if g, ok := l.flag(f.Name); ok && f.kind == flagText && (row.path || row.Secret) {
				if err := check(g.From, g.Value); err != nil {
					return err
				}
			}
		}
		for _, ly := range l.order() {
			if g, ok := l.at(ly, row.Setting); ok && row.path {
				if err := check(g.From, g.Value); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// resolvePolicy finds which tokens are accepted.
func (l *layers) resolvePolicy(s *Settings) (err error) {
	if s.Audiences, err = list(l.find(Audiences)); err != nil {
		return err
	}
	if s.Roles, err = list(l.find(RequiredRoles)); err != nil {
		return err
	}
	if s.Scopes, err = list(l.find(RequiredScopes)); err != nil {
		return err
	}
	return checkWidened(s)
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
	return exit.Usagef("--cloud: there is no cloud %s", text.Quote(name)).
		Hint("the clouds are " + strings.Join(names, ", ")).
		Wrap(errCloudUnknown)
}

// resolveIdentity finds credential, tenant and client; the layer of the first
// decides about the other two.
func (l *layers) resolveIdentity(s *Settings) (err error) {
	if l.Uses.Credential {
		if s.Credential, err = l.chooseCredential(); err != nil {
			return err
		}
	}
	if s.Tenant, err = l.belonging(Tenant, s.Credential); err != nil {
		return err
	}
	s.Client, err = l.belonging(ClientID, s.Credential)
	return err
}
