package main

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/mattn/go-isatty"
)

// system is everything a command touches outside itself. Commands reach
// streams, environment, clock and folders through it and through nothing else,
// so that each of them runs inside a test.
type system struct {
	args    []string // without the program's name
	stdin   io.Reader
	stdout  io.Writer
	stderr  io.Writer
	environ []string // NAME=value, as os.Environ
	dir     string   // the working directory; empty if it cannot be told
	now     func() time.Time
	// signals are those that reached the process; nil if nobody listens.
	signals *signals
	// executable returns the path of the running binary.
	executable func() (string, error)
	// proxy chooses the proxy of a request. net/http reads the proxy variables
	// once for the whole process, which is why this is not read from environ.
	proxy func(*http.Request) (*url.URL, error)
}

// process is the system that the operating system gives.
func process() *system {
	dir, _ := os.Getwd() // a removed folder has no name: relative paths then fail where they are used
	return &system{
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
func (sys *system) lookup(name string) (string, bool) {
	return lookupVariable(sys.environ, name)
}

// isTerminal reports whether a stream is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && (isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd()))
}
