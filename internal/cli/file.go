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
	"m2m/internal/text"
	"m2m/internal/wholefile"
)

// Report is the file of a report, such as that of --junit. A nil Report is written
// nowhere.
type Report struct{ to Destination }

// OpenReport opens the file that a flag names; it is nil for an empty path. Call it before
// anything is sent: a report of an earlier run is removed, so that it cannot be taken
// for one of this run.
func OpenReport(env *Env, flag, path string) (*Report, error) {
	if path == "" {
		return nil, nil
	}
	to, err := OpenDestinationOf(env, flag, path, 0)
	if err == nil && to.file != nil && !to.file.IsDevice() {
		_ = os.Remove(to.file.Path()) // mostly there is none
	}
	return &Report{to}, err
}

// CheckStdout rejects a JSON document and a JUnit report that are both for stdout.
func CheckStdout(form, junit string) error {
	if form != "text" && junit == "-" {
		return exit.Usagef("-o %s and --junit - both write to stdout", form).Hint("give --junit the path of a file")
	}
	return nil
}

// Write writes the report, and keeps it.
func (r *Report) Write(write func(io.Writer) error) error {
	if r == nil {
		return nil
	}
	return r.to.End(write(r.to))
}

// Destination is where the output of a command goes: stdout, or the file of
// --output-file.
type Destination struct {
	io.Writer
	file *wholefile.File // nil for stdout
	flag string          // the flag that named the file
	path string          // as it was given
}

// OpenDestination opens the file of --output-file before anything is sent; "" and
// "-" are stdout. mode is that of wholefile.Create.
func OpenDestination(env *Env, path string, mode fs.FileMode) (Destination, error) {
	return OpenDestinationOf(env, "--output-file", path, mode)
}

// OpenDestinationOf is OpenDestination for the flag that names the path.
func OpenDestinationOf(env *Env, flag, path string, mode fs.FileMode) (Destination, error) {
	if path == "" || path == "-" {
		return Destination{Writer: env.Out}, nil
	}
	f, err := wholefile.Create(settings.Absolute(env.Dir, path), mode)
	switch {
	case errors.Is(err, wholefile.ErrLink):
		return Destination{}, exit.Usagef("%s %s is a symbolic link, and nothing is written through one", flag, text.Quote(path)).
			Hint("give the path of the file itself, or remove the link").Wrap(err)
	case err != nil:
		return Destination{}, exit.Usagef("cannot write %s %s: %v", flag, text.Quote(path), exit.RootCause(err)).
			Hint("give a file in a folder that exists and that you can write to").Wrap(err)
	}
	to := Destination{file: f, flag: flag, path: path}
	to.Writer = outputFile{to}
	return to, nil
}

// outputFile words the errors of a file.
type outputFile struct{ to Destination }

// Write implements io.Writer.
func (f outputFile) Write(p []byte) (int, error) {
	n, err := f.to.file.Write(p)
	if err != nil {
		err = f.to.unwritten(err)
	}
	return n, err
}

func (to Destination) unwritten(err error) error {
	fail := exit.Errorf(exit.Unexpected, "cannot write %s %s: %v", to.flag, text.Quote(to.path), exit.RootCause(err)).Wrap(err)
	if !to.file.IsDevice() {
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
			return to.unwritten(err)
		}
	case errors.As(err, &failed):
		return failed // what wraps it adds nothing
	case to.file.Size() > 0 && !to.file.IsDevice() && CodeOf(err) == exit.Unknown:
		return exit.Errorf(exit.Unknown, "%v", err).
			Hint(append(explain.CommandLine.Hints(err), fmt.Sprintf("nothing was put into %s: the response is incomplete", to.path))...)
	}
	return err
}

// Wrote says what was written where; empty for stdout.
func (to Destination) Wrote() string {
	if to.file == nil {
		return ""
	}
	return fmt.Sprintf("wrote %d bytes to %s", to.file.Size(), to.path)
}
