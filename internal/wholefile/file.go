package wholefile

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// What a path may not be.
var (
	ErrLink   = errors.New("it is a symbolic link")
	ErrFolder = errors.New("it is a folder")
)

// File is a file on its way to its place. It is not safe for use by several
// goroutines at once.
type File struct {
	path   string
	file   *os.File // nil once it is kept or dropped
	device bool
	size   int64
}

// Create makes the hidden file, so that a folder that cannot be written to is
// found before there is anything to write. The new file gets the permissions of
// mode; with mode 0 those of the file that it replaces, or else 0666 less the
// umask. The error is ErrLink, ErrFolder or one of package os.
func Create(path string, mode fs.FileMode) (*File, error) {
	info, err := os.Lstat(path)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		if info, err = ownStream(path); err != nil {
			return nil, err
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return createPart(path, cmp.Or(mode, 0o666))
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, ErrFolder
	case info.Mode().IsRegular():
		return createPart(path, cmp.Or(mode, info.Mode().Perm()))
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	return &File{path: path, file: f, device: true}, err
}

// ownStream allows the links that lead to a device or pipe which the process has
// open already: /dev/stdout, or /dev/fd/63 of a shell's >(command).
func ownStream(path string) (fs.FileInfo, error) {
	dir, _ := filepath.Split(filepath.Clean(path))
	if dir != "/dev/" && dir != "/dev/fd/" && dir != "/proc/self/fd/" {
		return nil, ErrLink
	}
	info, err := os.Stat(path)
	if err == nil && info.Mode().IsRegular() {
		err = ErrLink
	}
	return info, err
}

// Replace writes a whole file in one step. Whatever had the name before, a link
// or a pipe too, is gone. It does not wait until the content is on the disk: it
// is for files of our own that can be made again.
func Replace(path string, content []byte, mode fs.FileMode) error {
	f, err := createPart(path, mode)
	if err != nil {
		return err
	}
	defer f.Drop()
	if _, err := f.Write(content); err != nil {
		return err
	}
	return f.keep(false)
}

func createPart(path string, mode fs.FileMode) (*File, error) {
	dir, name := filepath.Split(path)
	for range 1000 {
		part := fmt.Sprintf("%s.%s%s%x", dir, name, partInfix, rand.Uint32())
		f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if !errors.Is(err, fs.ErrExist) {
			return &File{path: path, file: f}, err
		}
	}
	return nil, fs.ErrExist
}

const partInfix = ".part"

// PartOf returns the name of the file that a hidden file was to become. ok is
// false for every other file. A process that is killed leaves its hidden file.
func PartOf(name string) (whole string, ok bool) {
	i := strings.LastIndex(name, partInfix)
	if i < 2 || name[0] != '.' {
		return "", false
	}
	return name[1:i], true
}

// Write implements io.Writer.
func (f *File) Write(p []byte) (int, error) {
	n, err := f.file.Write(p)
	f.size += int64(n)
	return n, err
}

// Path returns the path as it was given to Create.
func (f *File) Path() string { return f.path }

// Size returns how many bytes were written.
func (f *File) Size() int64 { return f.size }

// IsDevice reports whether the bytes went to their destination at once, so that
// Drop cannot take them back.
func (f *File) IsDevice() bool { return f.device }

// Keep puts the file into its place. If that fails, what was there is unchanged.
func (f *File) Keep() error { return f.keep(true) }

func (f *File) keep(flush bool) error {
	part := f.file
	f.file = nil
	if f.device {
		return part.Close()
	}
	var err error
	if flush {
		err = part.Sync() // else a power cut may leave the new name with no content
	}
	if err = cmp.Or(err, part.Close()); err == nil {
		if err = os.Rename(part.Name(), f.path); err != nil { // replaces a link that came meanwhile
			err = fmt.Errorf("putting it in place: %w", errors.Unwrap(err)) // without the paths
		}
	}
	if err != nil {
		return errors.Join(err, os.Remove(part.Name()))
	}
	return nil
}

// Drop removes what was written, unless it was kept. It may be called twice.
func (f *File) Drop() {
	if f.file == nil {
		return
	}
	_ = f.file.Close()
	if !f.device {
		_ = os.Remove(f.file.Name())
	}
	f.file = nil
}
