package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// How long a command that was told to end may take before it is told harder:
// SIGTERM after the first pause, SIGKILL after the second.
const (
	gracePause = 10 * time.Second
	killPause  = 5 * time.Second
)

// runCommand runs the COMMAND of serve --local until it ends and returns its
// exit code; 128 and the signal's number if a signal ended it, as shells do.
// Signals that reach m2m meanwhile are passed on, except those that the
// terminal has already sent to the command itself.
func (sys *system) runCommand(ctx context.Context, argv, environ []string) (exitCode, error) {
	path, err := lookPath(argv[0], environ)
	if err != nil {
		return exitUsage, err
	}
	cmd := exec.Command(path, argv[1:]...)
	cmd.Args[0] = argv[0]
	cmd.Env, cmd.Dir = environ, sys.dir
	cmd.Stdin, cmd.Stdout, cmd.Stderr = sys.stdin, sys.stdout, sys.stderr
	group := groupFor(cmd)

	signals, err := sys.signals.escort(ctx)
	if err != nil {
		return exitInterrupted, err
	}
	if err := cmd.Start(); err != nil {
		return exitUsage, &usageError{reason: fmt.Sprintf("cannot run %q: %v", argv[0], errors.Unwrap(err)), err: err}
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	return codeOfCommand(group.escort(ended, signals))
}

// escort waits for a command's end. From the first signal on the command has
// gracePause to end by itself.
func (g *processGroup) escort(ended <-chan error, signals <-chan os.Signal) error {
	var harder <-chan time.Time
	next := syscall.SIGTERM
	for {
		select {
		case err := <-ended:
			return err
		case sig := <-signals:
			if !g.terminalSent(sig) {
				g.send(sig)
			}
			if harder == nil {
				harder = time.After(gracePause)
			}
		case <-harder:
			g.send(next)
			next, harder = syscall.SIGKILL, time.After(killPause)
		}
	}
}

// codeOfCommand turns the end of a command into our exit code.
func codeOfCommand(err error) (exitCode, error) {
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			return exitCode(128 + int(status.Signal())), nil
		}
		return exitCode(exit.ExitCode()), nil
	}
	return exitDone, err
}

// lookPath finds a program on the PATH of the environment it will run in,
// which is not the PATH of this process: it starts with the folder of m2m.
func lookPath(name string, environ []string) (string, error) {
	notFound := &usageError{
		reason: fmt.Sprintf("cannot run %q: it is not on the PATH, or not executable", name),
		hints:  []string{"give its path, or check its spelling; a command of several words goes through a shell: -- sh -c '...'"},
		err:    exec.ErrNotFound,
	}
	if strings.ContainsRune(name, filepath.Separator) {
		path, err := exec.LookPath(name)
		if err != nil {
			return "", notFound
		}
		return path, nil
	}
	folders, _ := lookupVariable(environ, "PATH")
	for _, folder := range filepath.SplitList(folders) {
		if path, err := exec.LookPath(filepath.Join(folder, name)); err == nil && filepath.IsAbs(path) {
			return path, nil
		}
	}
	return "", notFound
}
