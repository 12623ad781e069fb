//go:build unix

package local

import (
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// processGroup is how signals reach a command and what it started.
type processGroup struct {
	cmd *exec.Cmd
	// own says that the command leads a group of its own. It does so unless m2m
	// is in the terminal's foreground: there it shares m2m's group, so that
	// Ctrl-C, Ctrl-Z and reading from the terminal work as they do without m2m.
	own bool
}

func groupFor(cmd *exec.Cmd) *processGroup {
	g := &processGroup{cmd: cmd, own: !inForeground()}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: g.own}
	return g
}

// inForeground reports whether keys such as Ctrl-C reach this process's group.
func inForeground() bool {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return false // no controlling terminal
	}
	defer tty.Close()
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// terminalSent reports whether the terminal has sent the signal to the command
// already: Ctrl-C, Ctrl-\ and a hangup reach the whole foreground group.
func (g *processGroup) terminalSent(sig os.Signal) bool {
	if g.own {
		return false
	}
	return sig == syscall.SIGINT || sig == syscall.SIGQUIT || sig == syscall.SIGHUP
}

func (g *processGroup) send(sig os.Signal) {
	number, ok := sig.(syscall.Signal)
	if !ok {
		return
	}
	if g.own {
		_ = syscall.Kill(-g.cmd.Process.Pid, number) // it may have ended meanwhile
		return
	}
	_ = g.cmd.Process.Signal(number)
}
