package main

import (
	"context"
	"os"
	"os/signal"
)

func main() { os.Exit(int(process().main())) }

// main runs the command line of one process: signals in, exit code out. The
// first signal cancels the context, with the signal as its cause; the second
// has its default meaning back and ends the process at once.
func (sys *system) main() exitCode {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, endingSignals()...)
	go func() {
		sig := <-signals
		signal.Stop(signals)
		cancel(interrupted{sig})
	}()
	return sys.run(ctx)
}

// interrupted is the cause of a context that a signal has cancelled.
type interrupted struct{ signal os.Signal }

func (i interrupted) Error() string { return "stopped by a signal: " + i.signal.String() }
