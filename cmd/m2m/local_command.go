package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"m2m/internal/issuer"
)

// serveCommandLocally runs the COMMAND of serve --local -- COMMAND beside a
// tenant and an API that live as long as it does. What they have to say is only
// said if something fails.
func (a *app) serveCommandLocally(cmd *cobra.Command, o serveOptions, tenants issuer.TenantFile) (err error) {
	folder, err := os.MkdirTemp("", "m2m-local-")
	if err != nil {
		return &usageError{reason: "no temporary folder can be made: " + err.Error(), hints: []string{"set TMPDIR to a folder that can be written"}, err: err}
	}
	defer func() { err = cmp.Or(err, os.RemoveAll(folder)) }()

	run, err := a.openLocal(cmd, o, tenants, observers{})
	if err != nil {
		return err
	}
	environ, settings, err := a.commandEnvironment(run, folder)
	if err != nil {
		return errors.Join(err, run.close())
	}
	in := a.localInput(cmd)
	in.local = settings
	resolved, err := resolveSettings(in)
	if err != nil {
		return errors.Join(err, run.close())
	}
	quiet := *a.system
	quiet.stderr = io.Discard
	api, err := (&app{system: &quiet, globals: a.globals, out: a.out}).newAPI(resolved, o)
	if err != nil {
		return errors.Join(err, run.close())
	}
	return a.besides(cmd.Context(), run, api, o.command, environ)
}

// besides runs the command while tenant and API serve it. A signal ends the
// command first, so the servers do not see the context's end.
func (a *app) besides(ctx context.Context, run *localRun, api *api, command, environ []string) error {
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	served := make(chan error, 1)
	go func() { served <- run.serve(serving, api) }()

	code, err := a.runCommand(ctx, command, environ)
	stop()
	if err := errors.Join(err, <-served); err != nil {
		return err
	}
	if code != exitDone {
		return outcome{code}
	}
	return nil
}

// commandEnvironment fills a folder with what the command needs and returns
// its environment: ours, without any setting of ours, and with all of the local
// tenant's.
func (a *app) commandEnvironment(run *localRun, folder string) (environ []string, settings localSettings, err error) {
	bin, cache, roots := filepath.Join(folder, "bin"), filepath.Join(folder, "cache"), filepath.Join(folder, "roots.pem")
	if err := errors.Join(os.Mkdir(bin, 0o700), os.Mkdir(cache, 0o700)); err != nil {
		return nil, nil, err
	}
	if err := os.WriteFile(roots, rootsWith(run.issuer.CAPEM(), a.lookup), 0o600); err != nil {
		return nil, nil, err
	}
	if err := a.putOnPath(bin); err != nil {
		return nil, nil, err
	}
	home := run.tenants.Tenants[0]
	settings = run.environment(home, home.Clients[0]).withPlaces(roots, cache)

	path, _ := a.lookup("PATH")
	add := map[string]string{
		"PATH":              bin + string(filepath.ListSeparator) + path,
		"NO_PROXY":          withoutProxy(a.lookup),
		localTenantVariable: run.issuer.Origin(),
		controlURLVariable:  run.issuer.ControlURL(),
		controlKeyVariable:  run.controlKey.Reveal(),
	}
	if _, set := a.lookup("no_proxy"); set {
		add["no_proxy"] = add["NO_PROXY"]
	}
	for _, name := range caVariables() {
		add[name] = roots
	}
	maps.Copy(settings, run.interceptVariables(a.lookup, roots))
	maps.Copy(add, settings)
	return withVariables(withoutVariables(a.environ, settingVariables()), add), settings, nil
}

// putOnPath puts m2m, and nothing else, into a folder: a link to the running
// binary, or a copy where links are not to be had.
func (a *app) putOnPath(bin string) error {
	self, err := a.executable()
	if err != nil {
		return err
	}
	name := "m2m"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	target := filepath.Join(bin, name)
	if os.Symlink(self, target) == nil {
		return nil
	}
	return copyProgram(self, target)
}

func copyProgram(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o700)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
