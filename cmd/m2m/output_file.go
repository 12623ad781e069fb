package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"m2m/internal/cli"
	"m2m/internal/exit"
	"m2m/internal/explain"
	"m2m/internal/wholefile"
)

// destination is where the output of a command goes: stdout, or the file of
// --output-file.
type destination struct {
	io.Writer
	file *wholefile.File // nil for stdout
}

// openDestination opens the file of --output-file before anything is sent; "" and
// "-" are stdout. mode is that of wholefile.Create.
func openDestination(env *cli.Env, path string, mode fs.FileMode) (destination, error) {
	if path == "" || path == "-" {
		return destination{Writer: env.Out}, nil
	}
	f, err := wholefile.Create(path, mode)
	switch {
	case errors.Is(err, wholefile.ErrLink):
		return destination{}, exit.Usagef("--output-file %q is a symbolic link, and nothing is written through one", path).
			Hint("give the path of the file itself, or remove the link").Wrap(err)
	case err != nil:
		return destination{}, exit.Usagef("--output-file %q cannot be written: %v", path, exit.RootCause(err)).
			Hint("give a file in a folder that exists and that you can write to").Wrap(err)
	}
	return destination{outputFile{f}, f}, nil
}

// outputFile words the errors of a file that is being written.
type outputFile struct{ *wholefile.File }

// Write implements io.Writer.
func (f outputFile) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	if err != nil {
		err = unwritten(f.File, err)
	}
	return n, err
}

func unwritten(f *wholefile.File, err error) error {
	fail := exit.Errorf(exit.Unexpected, "--output-file %q could not be written: %v", f.Path(), exit.RootCause(err)).Wrap(err)
	if !f.IsDevice() {
		fail.Hint("what was there before, if anything, is unchanged")
	}
	return fail
}

// end keeps the file if err, the outcome of writing it, is nil, and else drops it.
func (to destination) end(err error) error {
	if to.file == nil {
		return err
	}
	defer to.file.Drop()
	failed := (*exit.Error)(nil)
	switch {
	case err == nil:
		if err := to.file.Keep(); err != nil {
			return unwritten(to.file, err)
		}
	case errors.As(err, &failed):
		return failed // what wraps it only says that it was the body
	case to.file.Size() > 0 && !to.file.IsDevice() && cli.CodeOf(err) == exit.Unknown:
		return exit.Errorf(exit.Unknown, "%v", err).
			Hint(append(explain.CommandLine.Hints(err), fmt.Sprintf("nothing was put into %s: half of an answer is none", to.file.Path()))...)
	}
	return err
}

// wrote says what was put where; empty for stdout.
func (to destination) wrote() string {
	if to.file == nil {
		return ""
	}
	return fmt.Sprintf("wrote %d bytes to %s", to.file.Size(), to.file.Path())
}
