package main

import (
	"bytes"
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"m2m/internal/exit"
)

// outputFile is the PATH of --output-file: where the token goes in place of
// stdout. The zero value is stdout.
type outputFile string

// check says what is wrong with the place before anything is sent.
//
// Only a file is ever replaced. Through a symbolic link the token would land in
// a file that somebody else chose, with whatever rights that one has; and a
// rename onto a device, as root, would take the device away.
func (o outputFile) check() error {
	if o == "" {
		return nil
	}
	info, err := os.Lstat(string(o))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return o.checkFolder()
	case err != nil:
		return o.fault(err)
	case info.Mode()&fs.ModeSymlink != 0:
		return exit.Usagef("--output-file %q is a symbolic link, and a token is not written through one", string(o)).
			Hint("give the path of the file itself, or remove the link")
	case !info.Mode().IsRegular():
		return exit.Usagef("--output-file %q is not a regular file", string(o)).
			Hint("leave --output-file out to have the token on stdout")
	}
	return nil
}

func (o outputFile) checkFolder() error {
	info, err := os.Stat(filepath.Dir(string(o)))
	if err == nil && !info.IsDir() {
		err = errors.New("its folder is not a folder")
	}
	if err != nil {
		return o.fault(err)
	}
	return nil
}

func (o outputFile) fault(err error) error {
	return exit.Usagef("--output-file %q cannot be written: %v", string(o), exit.RootCause(err)).
		Hint("give a file in a folder that exists and that you can write to").
		Wrap(err)
}

// write puts the token into the file: whole or not at all, for its owner alone.
// It is written beside its place and renamed, so that a reader sees the old
// content or the new, and an older file's wider permissions end with it. The
// rename replaces a link that was put there meanwhile; it never follows one.
func (o outputFile) write(t issuedToken, form string) (err error) {
	var content bytes.Buffer
	if err := t.write(&content, form); err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(string(o)), ".m2m-token-*") // 0600
	if err != nil {
		return o.fault(err)
	}
	err = flushTo(temp, content.Bytes())
	if err == nil {
		err = os.Rename(temp.Name(), string(o))
	}
	if err == nil {
		return nil
	}
	return exit.Errorf(exit.Unexpected, "--output-file %q could not be written: %v", string(o), exit.RootCause(err)).
		Hint("what was there before, if anything, is unchanged").
		Wrap(errors.Join(err, os.Remove(temp.Name())))
}

// flushTo writes a file to the disk and closes it.
func flushTo(f *os.File, content []byte) error {
	_, err := f.Write(content)
	if err == nil {
		err = f.Sync() // else a power cut may leave the new name with no content
	}
	return cmp.Or(err, f.Close())
}
