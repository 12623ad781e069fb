package settings

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"m2m/internal/exit"
	"m2m/internal/input"
)

// maxEnvFile bounds a .env in bytes. A real one has a few lines.
const maxEnvFile = 64 << 10

// EnvFileName is the file that is looked for in the working directory.
const EnvFileName = ".env"

// What can be wrong with a .env as a file.
var (
	errEnvFileMissing    = errors.New("the settings file does not exist")
	errEnvFileUnreadable = errors.New("the settings file cannot be read")
	errEnvFileTooLarge   = errors.New("the settings file is too large")
)

// envFile is a .env that was read.
type envFile struct {
	path   string // absolute
	label  string // as its user knows it: .env, or what --env-file said
	named  bool   // by --env-file; otherwise it was found
	values map[string]string
}

// folder is where the relative paths in the file start.
func (f *envFile) folder() string { return filepath.Dir(f.path) }

// readEnvFile reads the .env that the input means; nil if there is none. A file
// that was named must be there and be readable; one that is only looked for may
// be absent, and a folder of that name is none (Python keeps environments in
// folders called .env).
func readEnvFile(in Input) (*envFile, error) {
	f := &envFile{label: in.EnvFile, named: in.EnvFile != ""}
	switch {
	case in.NoEnvFile || !f.named && in.Dir == "":
		return nil, nil
	case f.named:
		f.path = Absolute(in.Dir, in.EnvFile)
	default:
		f.label, f.path = EnvFileName, filepath.Join(in.Dir, EnvFileName)
		// A pipe in a stranger's folder would block for ever.
		if info, err := os.Stat(f.path); errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
			return nil, nil
		}
	}
	data, err := f.read()
	if err != nil {
		return nil, err
	}
	f.values, err = parseEnvFile(f.label, data)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (f *envFile) read() ([]byte, error) {
	data, err := input.File(f.path, maxEnvFile)
	switch {
	case errors.Is(err, input.ErrTooLarge):
		return nil, exit.Usagef("%s is larger than %d KiB, which no settings file is", f.label, maxEnvFile>>10).
			Hint("name the right file with --env-file").
			Wrap(errEnvFileTooLarge)
	case err != nil:
		return nil, f.unreadable(err)
	}
	return data, nil
}

// unreadable says why the file cannot be read, in words of the system that
// repeat no path.
func (f *envFile) unreadable(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return exit.Usagef("the file %q, named by --env-file, does not exist", f.label).
			Hint("give the path of a file with one NAME=value a line, or leave --env-file out").
			Wrap(errEnvFileMissing)
	}
	hint := "make it readable for you, or remove it"
	if f.named {
		hint = "give the path of a readable file with --env-file"
	}
	return exit.Usagef("%s cannot be read: %v", f.label, err).Hint(hint).Wrap(errEnvFileUnreadable)
}

// Absolute returns path as seen from dir.
func Absolute(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}
