package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"m2m/internal/exit"
	"m2m/internal/input"
	"m2m/internal/settings"
	"m2m/internal/text"
	"m2m/internal/transport"
)

// Env is what a command uses of the process: streams, environment, clock, working
// directory. Commands use these through it only, so that each runs inside a test.
type Env struct {
	Args    []string // without the program's name
	Stdin   io.Reader
	Stdout  io.Writer // for IsTerminal; write data to Out
	Stderr  io.Writer
	Environ []string // NAME=value, as os.Environ
	Dir     string   // the working directory; empty if it is not known
	Now     func() time.Time
	// Signals receives those of the process; nil without Main.
	Signals *Signals
	// Executable returns the path of the running binary.
	Executable func() (string, error)
	// Proxy chooses the proxy of a request; CheckProxy says what is wrong with the
	// variables that name one, and may be nil.
	Proxy      func(*http.Request) (*url.URL, error)
	CheckProxy func() error

	// Run sets these before the command's own code begins.

	Out     *Output         // Stdout, for data
	Done    <-chan struct{} // closed when a signal asks the process to end
	globals                 // the flags of every command
	// JSONErrors makes an error one JSON object: the command has -o json.
	JSONErrors bool
	// Verbose shows the facts that support an error; a command sets it for -v.
	Verbose bool
	// notes are the warnings and hints of a command that prints JSON, while holdNotes:
	// an error, which is one object then, includes them as facts. A command that runs
	// until it is stopped prints them at once.
	notes     []string
	holdNotes bool
	// envContent is what stdin held, for --env-file -.
	envContent []byte
	// stdinTaken: stdin was read to its end.
	stdinTaken bool
	// misplaced returns the values that no message repeats.
	misplaced func() *text.Hidden
	// started: the command's own code has begun. An error before that is one of
	// the command line.
	started bool
}

// globals are the flags that every command takes.
type globals struct {
	Debug   bool
	Color   ColorMode
	EnvFile string
}

// Process returns the Env of this process.
func Process() *Env {
	dir, _ := os.Getwd() // fails in a removed folder: relative paths then fail where they are used
	env := &Env{
		Args:       os.Args[1:],
		Stdin:      os.Stdin,
		Stdout:     os.Stdout,
		Stderr:     os.Stderr,
		Environ:    os.Environ(),
		Dir:        dir,
		Now:        time.Now,
		Executable: os.Executable,
	}
	proxies := transport.ProxiesOf(env.Lookup)
	env.Proxy, env.CheckProxy = proxies.For, proxies.Check
	return env
}

// Lookup finds an environment variable.
func (env *Env) Lookup(name string) (string, bool) {
	return settings.LookupVariable(env.Environ, name)
}

// Trace prints a line on stderr with --debug.
func (env *Env) Trace(line string) {
	if env.Debug {
		env.Say("debug: %s", line)
	}
}

// ReadFile reads a file, or stdin for "-". If there are more than limit bytes, it
// returns the first of them and an error that is input.ErrTooLarge. A signal ends a
// read that blocks, also in open: then the error is context.Canceled.
func (env *Env) ReadFile(path string, limit int64) ([]byte, error) {
	if path == "-" {
		if env.stdinTaken {
			return nil, errStdinTaken
		}
		env.stdinTaken = true
	}
	type result struct {
		data []byte
		err  error
	}
	read := make(chan result, 1) // the reader ends also after a signal
	go func() {
		data, err := env.readBlocking(path, limit)
		read <- result{data, err}
	}()
	select {
	case <-env.Done:
		return nil, context.Canceled
	case r := <-read:
		switch {
		case errors.Is(r.err, input.ErrTooLarge):
			r.err = &tooLargeError{path, limit}
		case r.err != nil && input.CheckPath(path) != nil:
			r.err = input.CheckPath(path) // the content itself, given instead of its file
		case r.err != nil && !mayShow(path):
			r.err = text.WithoutPath(r.err)
		}
		return r.data, r.err
	}
}

// mayShow reports whether a message may repeat a path: one that exists, or that looks
// like one. Another may be a secret that was given instead of its file.
func mayShow(path string) bool {
	_, err := os.Lstat(path)
	return err == nil || input.IsPathLike(path)
}

func (env *Env) readBlocking(path string, limit int64) ([]byte, error) {
	if path == "-" {
		return input.Read(env.Stdin, limit)
	}
	f, err := os.Open(path)
	if folder := env.Dir + string(filepath.Separator); errors.Is(err, fs.ErrNotExist) {
		if name, ok := strings.CutPrefix(strings.TrimPrefix(path, folder), "@"); ok { // as arguments name files
			f, err = os.Open(settings.Absolute(env.Dir, name))
		}
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return input.Read(f, limit)
}

// errStdinTaken means that two flags or arguments name stdin.
var errStdinTaken = errors.New("stdin was read already")

// checkStdin rejects two flags or arguments that both name stdin, with - or @-: the
// second would find it empty.
func checkStdin(cmd *cobra.Command, args []string) error {
	var readers []string
	isStdin := func(s string) bool { return s == "-" || s == "@-" }
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if isStdin(f.Value.String()) && slices.Contains(stdinFlags, f.Name) {
			readers = append(readers, "--"+f.Name)
		}
	})
	if dash := cmd.ArgsLenAtDash(); dash >= 0 {
		args = args[:dash] // what follows is the command line of another program
	}
	for _, arg := range args {
		if isStdin(arg) {
			readers = append(readers, "the argument "+arg)
		}
	}
	switch f := cmd.Flags().Lookup("ca-file"); {
	case f != nil && f.Value.String() == "-":
		return exit.Usagef("--ca-file cannot read stdin").Hint("save the certificates to a file and give its path")
	case len(readers) < 2:
		return nil
	}
	return exit.Usagef("%s and %s both read stdin", readers[0], readers[1]).Hint("give one of them the path of a file")
}

// readSettings reads the settings file that --env-file - names.
func (env *Env) readSettings() error {
	if env.EnvFile != "-" {
		return nil
	}
	content, err := env.ReadFile("-", settings.MaxEnvFile)
	if err != nil {
		return exit.Usagef("--env-file -: %v", err).Hint("give one NAME=value a line on stdin").Wrap(err)
	}
	env.envContent = content
	return nil
}

// stdinFlags are the flags whose value may be - for stdin.
var stdinFlags = []string{
	"client-secret-file", "certificate", "certificate-password-file", "federated-token-file", "env-file",
	"token-file", "data", "json", "payload-file", "jwks", "tenant-file", "claims",
}

// tooLargeError is an input.ErrTooLarge with the limit in bytes.
type tooLargeError struct {
	path  string
	limit int64
}

func (e *tooLargeError) Error() string {
	return fmt.Sprintf("%s holds more than %d KiB", FileName(e.path), e.limit>>10)
}

func (e *tooLargeError) Is(target error) bool { return target == input.ErrTooLarge }

// FileName is how a message names a file that was given as path: "-" is stdin.
func FileName(path string) string {
	if path == "-" {
		return "stdin"
	}
	return text.Bound(path, maxFileName)
}

// maxFileName bounds the name of a file in a message, in bytes.
const maxFileName = 300
