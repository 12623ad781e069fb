package cli

import (
	"context"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"m2m/internal/exit"
)

// Signals receives the signals of the process, in one place, so that none is lost
// between two receivers.
type Signals struct {
	// passed has all of them, for a child command.
	passed chan os.Signal
	// passing: a child command runs and gets every signal. Without one the second
	// signal ends the process at once.
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
			default: // no child takes them; the first signal cancels all the same
			}
			cancel(exit.SignalError{Signal: sig})
			if !s.passing.Load() {
				signal.Stop(received) // the next one has its default meaning
			}
		}
	}()
	return s
}

// Claim takes the signals for a child command that is about to start. The error is
// the cause of ctx if a signal has cancelled it already. A nil s receives none.
func (s *Signals) Claim(ctx context.Context) (<-chan os.Signal, error) {
	if s == nil {
		return nil, ctx.Err()
	}
	s.passing.Store(true) // before ctx is read, so that a signal is seen here or passed on
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return s.passed, nil
}

// endingSignals end m2m. One that the parent ignores stays ignored (nohup), except
// SIGINT, which shells ignore for every background job.
func endingSignals() []os.Signal {
	signals := []os.Signal{syscall.SIGINT, syscall.SIGTERM}
	for _, sig := range []os.Signal{syscall.SIGHUP, syscall.SIGQUIT} {
		if !signal.Ignored(sig) {
			signals = append(signals, sig)
		}
	}
	return signals
}
