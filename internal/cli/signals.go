package cli

import (
	"context"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"m2m/internal/exit"
)

// Signals are those that reach the process. There is one receiver for all of
// them, so that none can come between two.
type Signals struct {
	// passed are all of them, for the command that runs.
	passed chan os.Signal
	// passing says that a command runs: then every signal is passed on
	// to it. Without one the second signal ends the process at once.
	passing atomic.Bool
}

// listenForSignals cancels a context with the first signal as its cause.
func listenForSignals(cancel context.CancelCauseFunc) *Signals {
	s := &Signals{passed: make(chan os.Signal, 8)}
	received := make(chan os.Signal, 8)
	signal.Notify(received, endingSignals()...)
	go func() {
		for sig := range received {
			select {
			case s.passed <- sig:
			default: // nobody takes them: the first has said all
			}
			cancel(exit.SignalError{Signal: sig})
			if !s.passing.Load() {
				signal.Stop(received) // the next one has its default meaning
			}
		}
	}()
	return s
}

// Claim takes the signals for a command that is about to start. The error is
// that of a context that a signal has cancelled already: then there is nothing
// to start.
func (s *Signals) Claim(ctx context.Context) (<-chan os.Signal, error) {
	if s == nil {
		return nil, ctx.Err()
	}
	s.passing.Store(true) // before the look at ctx: a signal is seen here or passed on
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return s.passed, nil
}

// endingSignals are those that ask m2m to end. One that the caller chose to
// ignore stays ignored (nohup), except SIGINT: shells ignore it for every
// background job, and a script that sends it to one means it.
func endingSignals() []os.Signal {
	signals := []os.Signal{syscall.SIGINT, syscall.SIGTERM}
	for _, sig := range []os.Signal{syscall.SIGHUP, syscall.SIGQUIT} {
		if !signal.Ignored(sig) {
			signals = append(signals, sig)
		}
	}
	return signals
}
