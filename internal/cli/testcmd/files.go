package testcmd

import (
	"os"
	"path/filepath"
	"slices"

	"m2m/internal/call"
	"m2m/internal/cli"
	"m2m/internal/exit"
	"m2m/internal/settings"
	"m2m/internal/text"
)

// openFile returns the body in a file that a request names. It must be inside the
// folder of the suite, whose author must not be able to send another file of the
// caller's.
func (r *suiteRun) openFile(path string) (call.Body, error) {
	if !settings.IsInside(r.folder, path) {
		return call.Body{}, exit.Usagef("the file %s is outside the folder of the suite", text.Quote(path)).
			Hint("put what a suite sends into its own folder, or into one below")
	}
	body, err := cli.FileBody(settings.Absolute(r.folder, path))
	if err != nil {
		return body, exit.Usagef("%v", err) // without its hints, which are about flags
	}
	return body, nil
}

// checkFiles rejects a request that sends a credential of m2m: a .env or a key is
// often in the folder of the suite.
func (r *suiteRun) checkFiles() error {
	for _, q := range r.plan.Requests {
		if q.File != "" && r.isCredentialFile(settings.Absolute(r.folder, q.File)) {
			return exit.Usagef("%s:%d: the file %s holds credentials of m2m's own, which no API gets to see", r.name(), q.Line,
				text.Quote(r.plan.Hide(q.File)))
		}
	}
	return nil
}

func (r *suiteRun) isCredentialFile(path string) bool {
	if filepath.Base(path) == settings.EnvFileName {
		return true
	}
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	isSame := func(other string) bool {
		known, err := os.Stat(other)
		return err == nil && os.SameFile(info, known)
	}
	for _, s := range r.clients {
		if slices.ContainsFunc(s.CredentialFiles(), isSame) {
			return true
		}
	}
	return r.o.TokenFile != "" && isSame(settings.Absolute(r.env.Dir, r.o.TokenFile))
}
