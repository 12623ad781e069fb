package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"m2m/internal/exit"
)

// answerFile is where --output-file puts what would go to stdout. A file is
// written beside its place and renamed when all of it is there, so that half of
// an answer never passes for a whole one. What is no file, such as /dev/null or
// a pipe, is written to as it is.
type answerFile struct {
	path string // as the caller gave it
	to   string // the file that is replaced, behind links; empty for a device
	file *os.File
	size int64
}

// openAnswerFile makes the file, before anything is sent: a folder that cannot
// be written to is found out now, not when the answer is there.
func openAnswerFile(path string) (*answerFile, error) {
	f := &answerFile{path: path, to: path}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		f.to = target
	}
	info, err := os.Stat(path)
	mode := fs.FileMode(0o666) // less the umask, as everywhere
	switch {
	case err == nil && info.IsDir():
		return nil, f.fault(errors.New("it is a folder"))
	case err == nil && !info.Mode().IsRegular():
		f.to = ""
		f.file, err = os.OpenFile(path, os.O_WRONLY, 0)
	case err == nil:
		f.file, err = openBeside(f.to, info.Mode().Perm())
	case errors.Is(err, fs.ErrNotExist):
		f.file, err = openBeside(f.to, mode)
	}
	if err != nil {
		return nil, f.fault(err)
	}
	return f, nil
}

// openBeside makes a new file in the folder of path, hidden and named after it.
func openBeside(path string, mode fs.FileMode) (*os.File, error) {
	dir, name := filepath.Split(path)
	for n := range 1000 {
		f, err := os.OpenFile(fmt.Sprintf("%s.%s.part%d", dir, name, n), os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
	return nil, fs.ErrExist
}

func (f *answerFile) fault(err error) error {
	return exit.Usagef("--output-file %q cannot be written: %v", f.path, exit.RootCause(err)).
		Hint("give a file in a folder that exists and that you can write to").
		Wrap(err)
}

// Write implements io.Writer.
func (f *answerFile) Write(p []byte) (int, error) {
	n, err := f.file.Write(p)
	f.size += int64(n)
	if err != nil {
		err = f.unwritten(err)
	}
	return n, err
}

func (f *answerFile) unwritten(err error) error {
	fail := exit.Errorf(exit.Unexpected, "--output-file %q could not be written: %v", f.path, exit.RootCause(err)).Wrap(err)
	if f.to != "" {
		fail.Hint("what was there before, if anything, is unchanged")
	}
	return fail
}

// keep puts the file into its place. It comes once, when all is written.
func (f *answerFile) keep() error {
	part := f.file
	f.file = nil // there is nothing to drop any more
	if f.to == "" {
		return part.Close()
	}
	err := cmp.Or(part.Sync(), part.Close())
	if err == nil {
		err = os.Rename(part.Name(), f.to)
	}
	if err != nil {
		return f.unwritten(errors.Join(err, os.Remove(part.Name())))
	}
	return nil
}

// drop takes away what was written, unless it was kept.
func (f *answerFile) drop() {
	if f.file == nil {
		return
	}
	_ = f.file.Close()
	if f.to != "" {
		_ = os.Remove(f.file.Name())
	}
}

// destination is where an answer goes: stdout, or the file that was asked for.
type destination struct {
	io.Writer
	file *answerFile // nil for stdout
}

func openDestination(env *Env, path string) (destination, error) {
	if path == "" || path == "-" {
		return destination{Writer: env.out}, nil
	}
	f, err := openAnswerFile(path)
	return destination{f, f}, err
}

// end keeps the file where err, the outcome of writing it, is nil.
func (to destination) end(err error) error {
	if to.file == nil {
		return err
	}
	defer to.file.drop()
	unwritten := (*exit.Error)(nil)
	switch {
	case err == nil:
		return to.file.keep()
	case errors.As(err, &unwritten):
		return unwritten // it tells all; what wraps it only says that it was the body
	case to.file.size > 0 && to.file.to != "" && codeOf(err) == exit.Unknown:
		return exit.Errorf(exit.Unknown, "%v", err).
			Hint(append(exit.HintsOf(err), fmt.Sprintf("nothing was put into %s: half of an answer is none", to.file.path))...)
	}
	return err
}

// wrote says what was put where; empty for stdout.
func (to destination) wrote() string {
	if to.file == nil {
		return ""
	}
	return fmt.Sprintf("wrote %d bytes to %s", to.file.size, to.file.path)
}
