package main

import (
	"context"
	"os"

	"m2m/internal/exit"
)

func main() { os.Exit(int(process().main())) }

// main runs the command line of one process: signals in, exit code out.
func (sys *system) main() exit.Code {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	sys.signals = listenForSignals(cancel)
	return sys.run(ctx)
}
