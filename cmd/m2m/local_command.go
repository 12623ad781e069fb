package main

import (
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"

	"m2m/internal/settings"
)

// commandEnvironment fills a folder with what a command next to the tenant needs
// and returns the command's environment: environ without any setting of ours, and
// with all of the local tenant's. settings are those of the first client;
// executable returns the path of m2m.
func (s *localServer) commandEnvironment(folder string, environ []string, executable func() (string, error)) (result []string, variables map[string]string, err error) {
	lookup := func(name string) (string, bool) { return settings.LookupVariable(environ, name) }
	bin, cache, roots := filepath.Join(folder, "bin"), filepath.Join(folder, "cache"), filepath.Join(folder, "roots.pem")
	if err := errors.Join(os.Mkdir(bin, 0o700), os.Mkdir(cache, 0o700)); err != nil {
		return nil, nil, err
	}
	if err := os.WriteFile(roots, rootsWith(s.issuer.CAPEM(), lookup), 0o600); err != nil {
		return nil, nil, err
	}
	self, err := executable()
	if err != nil {
		return nil, nil, err
	}
	if err := putProgram(self, bin); err != nil {
		return nil, nil, err
	}
	home := s.tenants.Tenants[0]
	variables = s.environment(home, home.Clients[0])
	addPlaces(variables, roots, cache)

	path, _ := lookup("PATH")
	add := map[string]string{
		"PATH":              bin + string(filepath.ListSeparator) + path,
		"NO_PROXY":          withoutProxy(lookup),
		localTenantVariable: s.issuer.Origin(),
		controlURLVariable:  s.issuer.ControlURL(),
		controlKeyVariable:  s.controlKey.Reveal(),
	}
	if _, set := lookup("no_proxy"); set {
		add["no_proxy"] = add["NO_PROXY"]
	}
	for _, name := range caVariables {
		add[name] = roots
	}
	maps.Copy(variables, s.interceptVariables(lookup, roots))
	maps.Copy(add, variables)
	return settings.WithVariables(settings.WithoutVariables(environ, settings.Variables()), add), variables, nil
}

// putProgram puts m2m, and nothing else, into a folder: a link to the running
// binary, or a copy where links cannot be made.
func putProgram(self, bin string) error {
	name := "m2m"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	target := filepath.Join(bin, name)
	if os.Symlink(self, target) == nil {
		return nil
	}
	in, err := os.Open(self)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o700)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
