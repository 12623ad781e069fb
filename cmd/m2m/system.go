package main

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/mattn/go-isatty"

	"m2m/internal/settings"
)

// Env is what a command touches outside itself: streams, environment, clock,
// working directory. Commands reach these through it and through nothing else,
// so that each of them runs inside a test.
type Env struct {
	args    []string // without the program's name
	stdin   io.Reader
	stdout  io.Writer // to ask whether it is a terminal; out is where data goes
	stderr  io.Writer
	environ []string // NAME=value, as os.Environ
	dir     string   // the working directory; empty if it is not known
	now     func() time.Time
	// signals are those that reached the process; nil if nobody listens.
	signals *signals
	// executable returns the path of the running binary.
	executable func() (string, error)
	// proxy chooses the proxy of a request. net/http reads the proxy variables
	// once for the whole process, which is why this is not read from environ.
	proxy func(*http.Request) (*url.URL, error)

	// What run sets, before a command's own code begins.

	out     *checkedWriter  // where data goes: stdout
	done    <-chan struct{} // closed when a signal asks the process to end
	globals                 // the flags of every command
	// jsonErrors is set by a command whose -o is json.
	jsonErrors bool
	// started says that a command's own code has begun: an error before that is
	// a fault in the command line.
	started bool
}

// globals are the flags that every command takes.
type globals struct {
	debug   bool
	noColor bool
	envFile string
}

// process is the Env that the operating system gives.
func process() *Env {
	dir, _ := os.Getwd() // a removed folder has no name: relative paths then fail where they are used
	return &Env{
		args:       os.Args[1:],
		stdin:      os.Stdin,
		stdout:     os.Stdout,
		stderr:     os.Stderr,
		environ:    os.Environ(),
		dir:        dir,
		now:        time.Now,
		executable: os.Executable,
		proxy:      http.ProxyFromEnvironment,
	}
}

// lookup finds an environment variable.
func (env *Env) lookup(name string) (string, bool) {
	return settings.LookupVariable(env.environ, name)
}

// isTerminal reports whether a stream is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && (isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd()))
}
