package main

import (
	"errors"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/exit"
)

// errCloudUnknown says that --cloud names no cloud of Entra's.
var errCloudUnknown = errors.New("there is no such cloud")

// resolveSettings resolves every setting of a command, in the order flag,
// --local, environment, .env, default, and applies the rules of
// settings_trust.go. Its errors are exit.Errors. The values are not judged yet:
// see checkCredential.
func resolveSettings(in settingsInput) (*settings, error) {
	l, err := newLayers(in)
	if err != nil {
		return nil, err
	}
	s := &settings{
		scope:  l.find(settingScope),
		apiURL: l.find(settingAPIURL),
		caFile: l.path(l.find(settingCAFile)),

		loginProxy: entra.NewSecret(in.local[proxyVariable]),
	}
	if s.apiURL.value == "" {
		s.apiURL = given[string]{defaultAPIURL, source{layer: layerDefault}}
	}
	if l.file != nil {
		s.envFile = l.file.path
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
	s.places = l.places()
	return s, nil
}

// resolvePlaces resolves the folders alone, for commands that look for the
// local tenant before they know its settings.
func resolvePlaces(in settingsInput) (places, error) {
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
func (l *layers) resolvePolicy(s *settings) (err error) {
	if s.audiences, err = list(l.find(settingAudiences)); err != nil {
		return err
	}
	if s.roles, err = list(l.find(settingRoles)); err != nil {
		return err
	}
	if s.scopes, err = list(l.find(settingScopes)); err != nil {
		return err
	}
	return checkWidened(s)
}

// resolveAuthority finds the login host: an address or the name of a cloud.
func (l *layers) resolveAuthority(s *settings) error {
	host := l.find(settingAuthority)
	if cloud, ok := l.flag("cloud"); ok {
		if host.from.layer == layerFlag {
			return exit.Conflict("--authority-host", "--cloud")
		}
		known, ok := entra.CloudByName(strings.ToLower(cloud.value))
		if !ok {
			return unknownCloud(cloud.value)
		}
		s.authority = given[string]{"https://" + known.Host, cloud.from}
		return nil
	}
	if host.value == "" {
		s.authority = given[string]{defaultAuthority, source{layer: layerDefault}}
		return nil
	}
	origin, err := entra.ParseAuthorityHost(host.value)
	if err != nil {
		return explain(settingAuthority, host, err)
	}
	s.authority = given[string]{origin, host.from}
	return nil
}

func unknownCloud(name string) error {
	var names []string
	for _, c := range entra.Clouds() {
		names = append(names, c.Name)
	}
	return exit.Usagef("--cloud: there is no cloud %s", quoted(name)).
		Hint("the clouds are " + strings.Join(names, ", ")).
		Wrap(errCloudUnknown)
}

// resolveIdentity finds the credential first, because tenant and client belong
// to it.
func (l *layers) resolveIdentity(s *settings) (err error) {
	if l.uses.credential {
		if s.credential, err = l.chooseCredential(); err != nil {
			return err
		}
	}
	if s.tenant, err = l.belonging(settingTenant, s.credential); err != nil {
		return err
	}
	s.client, err = l.belonging(settingClient, s.credential)
	return err
}
