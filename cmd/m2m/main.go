package main

import (
	"context"
	"os"

	"m2m/internal/exit"
)

func main() { os.Exit(int(runProcess(process(), commands))) }

// commands is the table of the commands.
var commands = Commands{
	List: []Command{
		{"token", tokenCommand},
		{"verify", verifyCommand},
		{"call", callCommand},
		{"serve", serveCommand},
	},
	Topics: helpTopics,
	Help:   helpCommand,
}

// runProcess runs the command line of a process: signals in, exit code out.
func runProcess(env *Env, commands Commands) exit.Code {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	env.signals = listenForSignals(cancel)
	return run(ctx, env, commands)
}
