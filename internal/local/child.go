package local

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"m2m/internal/exit"
	"m2m/internal/settings"
	"m2m/internal/text"
)

// How long a command may run on after a signal: it gets SIGTERM after the first
// pause and SIGKILL after the second.
const (
	gracePause = 10 * time.Second
	killPause  = 5 * time.Second
)

// Command is a program to run, such as the COMMAND of serve --local -- COMMAND.
type Command struct {
	Argv    []string // the program's name or path, then its arguments
	Environ []string // NAME=value; its PATH is where the program is found
	Dir     string   // where it runs; empty means this process's own folder
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer
	// signals claims the signals that reach this process, just before the program
	// starts. Its error says that there is nothing to start any more.
	Signals func(context.Context) (<-chan os.Signal, error)
}

// Run runs the program until it ends and returns its exit code; 128 and the
// signal's number if a signal ended it, as shells do. Signals that reach m2m
// meanwhile are passed on, except those that the terminal has already sent to
// the program itself.
func (c Command) Run(ctx context.Context) (exit.Code, error) {
	path, err := lookPath(c.Argv[0], c.Environ)
	if err != nil {
		return exit.Usage, err
	}
	cmd := exec.Command(path, c.Argv[1:]...)
	cmd.Args[0] = c.Argv[0]
	cmd.Env, cmd.Dir = c.Environ, c.Dir
	cmd.Stdin, cmd.Stdout, cmd.Stderr = c.Stdin, c.Stdout, c.Stderr
	group := groupFor(cmd)

	signals, err := c.Signals(ctx)
	if err != nil {
		return exit.Interrupted, err
	}
	if err := cmd.Start(); err != nil {
		return exit.Usage, exit.Usagef("cannot run %s: %v", text.Quote(c.Argv[0]), errors.Unwrap(err)).Wrap(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	return codeOfCommand(group.waitPassing(ended, signals))
}

// waitPassing waits until a command ends and passes signals on to it. From the
// first signal on the command has gracePause to end by itself.
func (g *processGroup) waitPassing(ended <-chan error, signals <-chan os.Signal) error {
	var pause <-chan time.Time
	next := syscall.SIGTERM
	for {
		select {
		case err := <-ended:
			return err
		case sig := <-signals:
			if !g.terminalSent(sig) {
				g.send(sig)
			}
			if pause == nil {
				pause = time.After(gracePause)
			}
		case <-pause:
			g.send(next)
			next, pause = syscall.SIGKILL, time.After(killPause)
		}
	}
}

// codeOfCommand turns the end of a command into our exit code.
func codeOfCommand(err error) (exit.Code, error) {
	if ended := (*exec.ExitError)(nil); errors.As(err, &ended) {
		if status, ok := ended.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			return exit.Code(128 + int(status.Signal())), nil
		}
		return exit.Code(ended.ExitCode()), nil
	}
	return exit.Done, err
}

// lookPath finds a program on the PATH of the environment it will run in,
// which is not the PATH of this process: it starts with the folder of m2m.
func lookPath(name string, environ []string) (string, error) {
	notFound := exit.Usagef("cannot run %s: it is not on the PATH, or not executable", text.Quote(name)).
		Hint("give its path, or check its spelling; a command of several words goes through a shell: -- sh -c '...'").
		Wrap(exec.ErrNotFound)
	if strings.ContainsRune(name, filepath.Separator) {
		path, err := exec.LookPath(name)
		if err != nil {
			return "", notFound
		}
		return path, nil
	}
	folders, _ := settings.LookupVariable(environ, "PATH")
	for _, folder := range filepath.SplitList(folders) {
		if path, err := exec.LookPath(filepath.Join(folder, name)); err == nil && filepath.IsAbs(path) {
			return path, nil
		}
	}
	return "", notFound
}
