package settings

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"m2m/internal/exit"
	"m2m/internal/input"
	"m2m/internal/text"
)

// MaxEnvFile is the largest .env that is read, in bytes.
const MaxEnvFile = 64 << 10

// EnvFileName is the file that is read from the working directory.
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
	label  string // .env, or the value of --env-file
	named  bool   // by --env-file
	values map[string]string
}

// layer is the layer of the file's settings.
func (f *envFile) layer() Layer {
	if f.named {
		return LayerNamedFile
	}
	return LayerEnvFile
}

// folder is where the relative paths in the file start.
func (f *envFile) folder() string { return filepath.Dir(f.path) }

// readEnvFile reads the .env; nil if there is none. A file that --env-file names
// must exist. One in the working directory may be absent, or be a folder: Python
// keeps environments in folders called .env.
func readEnvFile(in Input) (*envFile, error) {
	f := &envFile{label: in.EnvFile, named: in.EnvFile != ""}
	switch {
	case in.NoEnvFile || !f.named && in.Dir == "":
		return nil, nil
	case in.EnvFile == "-":
		f.label, f.path = "stdin", filepath.Join(in.Dir, "stdin") // relative paths start in the working directory
		var err error
		f.values, err = parseEnvFile(f.label, in.EnvContent)
		return f, err
	case f.named:
		f.path = Absolute(in.Dir, in.EnvFile)
	default:
		f.label, f.path = EnvFileName, filepath.Join(in.Dir, EnvFileName)
		// Reading a pipe would block for ever.
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
	data, err := input.File(f.path, MaxEnvFile)
	switch {
	case errors.Is(err, input.ErrTooLarge):
		return nil, exit.Usagef("%s is larger than %d KiB, which no settings file is", f.label, MaxEnvFile>>10).
			Hint("name the right file with --env-file").
			Wrap(errEnvFileTooLarge)
	case err != nil:
		return nil, f.unreadable(err)
	}
	return data, nil
}

// unreadable says why the file cannot be read, without the path that the
// operating system's error repeats.
func (f *envFile) unreadable(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return exit.Usagef("the file %s, named by --env-file, does not exist", text.Quote(f.label)).
			Hint("give the path of a file with one NAME=value a line, or leave --env-file out").
			Wrap(errEnvFileMissing)
	}
	hint := "make it readable for you, or remove it"
	if f.named {
		hint = "give the path of a readable file with --env-file"
	}
	return exit.Usagef("%s cannot be read: %v", f.label, err).Hint(hint).Wrap(errEnvFileUnreadable)
}

// Absolute returns path as an absolute path; a relative one starts at dir.
func Absolute(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}
