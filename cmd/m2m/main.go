package main

import (
	"context"
	"os"
)

func main() { os.Exit(int(process().main())) }

// main runs the command line of one process: signals in, exit code out.
func (sys *system) main() exitCode {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	sys.signals = listenForSignals(cancel)
	return sys.run(ctx)
}
