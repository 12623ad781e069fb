package settings

import (
	"errors"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/exit"
)

// errCloudUnknown says that --cloud names no cloud of Entra's.
var errCloudUnknown = errors.New("there is no such cloud")

// Resolve resolves every setting of a command, in the order flag,
// --local, environment, .env, default, and applies the rules of
// settings_trust.go. Its errors are exit.Errors. The values are not judged yet:
// see checkCredential.
func Resolve(in Input) (*Settings, error) {
	l, err := newLayers(in)
	if err != nil {
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
	// Outside files before the identity, the destination before the host: the
	// advice of the first refusal is then the one that leads on.
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
	return s, nil
}

// ResolvePlaces resolves the folders alone, for commands that look for the
// local tenant before they know its settings.
func ResolvePlaces(in Input) (places, error) {
	l, err := newLayers(in)
	if err != nil {
		return places{}, err
	}
	if err := l.checkFoundPaths(); err != nil {
		return places{}, err
	}
	return l.places(), nil
}

// resolvePolicy finds who may call.
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
	return exit.Usagef("--cloud: there is no cloud %s", Quoted(name)).
		Hint("the clouds are " + strings.Join(names, ", ")).
		Wrap(errCloudUnknown)
}

// resolveIdentity finds the credential first, because tenant and client belong
// to it.
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
