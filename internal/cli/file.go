package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"m2m/internal/exit"
	"m2m/internal/explain"
	"m2m/internal/settings"
	"m2m/internal/testreport"
	"m2m/internal/text"
	"m2m/internal/wholefile"
)

// OpenJUnit creates the file of --junit; nil for an empty path. Call it before
// anything is sent, so that no report of an earlier run is left.
func OpenJUnit(env *Env, path string) (*os.File, error) {
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

// WriteJUnit writes the report to the file of --junit and closes it. With a nil file
// it does nothing.
func WriteJUnit(f *os.File, r testreport.Report) error {
	if f == nil {
		return nil
	}
	if err := errors.Join(r.WriteJUnit(f), f.Close()); err != nil {
		return exit.Errorf(exit.Unexpected, "--junit: the report could not be written: %v", exit.RootCause(err)).Wrap(err)
	}
	return nil
}

// Destination is where the output of a command goes: stdout, or the file of
// --output-file.
type Destination struct {
	io.Writer
	file *wholefile.File // nil for stdout
}

// OpenDestination opens the file of --output-file before anything is sent; "" and
// "-" are stdout. mode is that of wholefile.Create.
func OpenDestination(env *Env, path string, mode fs.FileMode) (Destination, error) {
	if path == "" || path == "-" {
		return Destination{Writer: env.Out}, nil
	}
	f, err := wholefile.Create(path, mode)
	switch {
	case errors.Is(err, wholefile.ErrLink):
		return Destination{}, exit.Usagef("--output-file %s is a symbolic link, and nothing is written through one", text.Quote(path)).
			Hint("give the path of the file itself, or remove the link").Wrap(err)
	case err != nil:
		return Destination{}, exit.Usagef("--output-file %s cannot be written: %v", text.Quote(path), exit.RootCause(err)).
			Hint("give a file in a folder that exists and that you can write to").Wrap(err)
	}
	return Destination{outputFile{f}, f}, nil
}

// outputFile words the errors of a file.
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
	fail := exit.Errorf(exit.Unexpected, "--output-file %s could not be written: %v", text.Quote(f.Path()), exit.RootCause(err)).Wrap(err)
	if !f.IsDevice() {
		fail.Hint("what was there before, if anything, is unchanged")
	}
	return fail
}

// End keeps the file if err, that of writing it, is nil, and else drops it.
func (to Destination) End(err error) error {
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
		return failed // what wraps it adds nothing
	case to.file.Size() > 0 && !to.file.IsDevice() && CodeOf(err) == exit.Unknown:
		return exit.Errorf(exit.Unknown, "%v", err).
			Hint(append(explain.CommandLine.Hints(err), fmt.Sprintf("nothing was put into %s: half of an answer is none", to.file.Path()))...)
	}
	return err
}

// Wrote says what was written where; empty for stdout.
func (to Destination) Wrote() string {
	if to.file == nil {
		return ""
	}
	return fmt.Sprintf("wrote %d bytes to %s", to.file.Size(), to.file.Path())
}
