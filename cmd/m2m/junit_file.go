package main

import (
	"errors"
	"os"

	"m2m/internal/cli"
	"m2m/internal/exit"
	"m2m/internal/settings"
	"m2m/internal/testreport"
)

// openJUnit makes the file of --junit before anything is sent: a path that cannot
// be written is told at once, and no report of an earlier run is left in its
// place. It is nil where path is empty.
func openJUnit(env *cli.Env, path string) (*os.File, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Create(settings.Absolute(env.Dir, path))
	if err != nil {
		return nil, exit.Usagef("--junit: the report cannot be written: %v", err).
			Hint("give the path of a file that can be written").
			Wrap(err)
	}
	return f, nil
}

// writeJUnit writes the report to the file of --junit and closes it; a nil file
// is none.
func writeJUnit(f *os.File, r testreport.Report) error {
	if f == nil {
		return nil
	}
	if err := errors.Join(r.WriteJUnit(f), f.Close()); err != nil {
		return exit.Errorf(exit.Unexpected, "--junit: the report could not be written: %v", exit.RootCause(err)).Wrap(err)
	}
	return nil
}
