package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/mattn/go-isatty"

	"m2m/internal/input"
	"m2m/internal/settings"
)

// Env is what a command touches outside itself: streams, environment, clock,
// working directory. Commands reach these through it and through nothing else,
// so that each of them runs inside a test.
type Env struct {
	Args    []string // without the program's name
	Stdin   io.Reader
	Stdout  io.Writer // to ask whether it is a terminal; Out is where data goes
	Stderr  io.Writer
	Environ []string // NAME=value, as os.Environ
	Dir     string   // the working directory; empty if it is not known
	Now     func() time.Time
	// Signals are those that reached the process; nil if nobody listens.
	Signals *Signals
	// Executable returns the path of the running binary.
	Executable func() (string, error)
	// Proxy chooses the proxy of a request. net/http reads the proxy variables
	// once for the whole process, which is why this is not read from Environ.
	Proxy func(*http.Request) (*url.URL, error)

	// What Run sets, before a command's own code begins.

	Out     *Output         // where data goes: stdout
	Done    <-chan struct{} // closed when a signal asks the process to end
	globals                 // the flags of every command
	// JSONErrors is set by a command whose -o is json.
	JSONErrors bool
	// started says that a command's own code has begun: an error before that is
	// a fault in the command line.
	started bool
}

// globals are the flags that every command takes.
type globals struct {
	Debug   bool
	NoColor bool
	EnvFile string
}

// Process is the Env that the operating system gives.
func Process() *Env {
	dir, _ := os.Getwd() // a removed folder has no name: relative paths then fail where they are used
	return &Env{
		Args:       os.Args[1:],
		Stdin:      os.Stdin,
		Stdout:     os.Stdout,
		Stderr:     os.Stderr,
		Environ:    os.Environ(),
		Dir:        dir,
		Now:        time.Now,
		Executable: os.Executable,
		Proxy:      http.ProxyFromEnvironment,
	}
}

// Lookup finds an environment variable.
func (env *Env) Lookup(name string) (string, bool) {
	return settings.LookupVariable(env.Environ, name)
}

// IsTerminal reports whether a stream is a terminal.
func IsTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && (isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd()))
}

// Trace prints a line on stderr with --debug.
func (env *Env) Trace(line string) {
	if env.Debug {
		env.Say("debug: %s", line)
	}
}

// ReadFile reads a file, or stdin for "-", that may hold up to limit bytes. With
// more, it returns the first of them too, and an error that is input.ErrTooLarge.
//
// A terminal or a pipe that nobody writes to keeps it waiting, even while it is
// opened; a signal ends the wait.
func (env *Env) ReadFile(path string, limit int64) ([]byte, error) {
	type result struct {
		data []byte
		err  error
	}
	read := make(chan result, 1) // so that a reader nobody waits for any more can end
	go func() {
		data, err := env.readUnstoppably(path, limit)
		read <- result{data, err}
	}()
	select {
	case <-env.Done:
		return nil, context.Canceled
	case r := <-read:
		if errors.Is(r.err, input.ErrTooLarge) {
			r.err = &tooLargeError{path, limit}
		}
		return r.data, r.err
	}
}

func (env *Env) readUnstoppably(path string, limit int64) ([]byte, error) {
	if path == "-" {
		return input.Read(env.Stdin, limit)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return input.Read(f, limit)
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
	return path
}
