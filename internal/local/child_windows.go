package local

import (
	"os"
	"os/exec"
)

// processGroup is how signals reach a command. Windows sends Ctrl-C to every
// process of the console, and knows no other signal but the end.
type processGroup struct{ cmd *exec.Cmd }

func groupFor(cmd *exec.Cmd) *processGroup { return &processGroup{cmd} }

func (g *processGroup) terminalSent(os.Signal) bool { return true }

func (g *processGroup) send(os.Signal) { _ = g.cmd.Process.Kill() }
