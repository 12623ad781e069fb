package cli

import (
	"context"
	"errors"
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
	// remove removes the files of the command before the second signal ends the
	// process; nil without any.
	remove atomic.Pointer[func() error]
}

// listenForSignals cancels a context with the first signal as its cause.
func listenForSignals(cancel context.CancelCauseFunc) *Signals {
	s := &Signals{passed: make(chan os.Signal, 8)}
	received := make(chan os.Signal, 8)
	signal.Notify(received, endingSignals()...)
	go func() {
		for n := 1; ; n++ {
			sig := <-received
			select {
			case s.passed <- sig:
			default: // no child takes them; the first signal cancels all the same
			}
			cancel(exit.SignalError{Signal: sig})
			switch remove := s.remove.Load(); {
			case s.passing.Load():
			case remove == nil:
				signal.Stop(received) // the next one has its default meaning
			case n > 1:
				_ = (*remove)() // what cannot be removed now is removed at the next start
				signal.Stop(received)
				endBySignal(sig)
			}
		}
	}()
	return s
}

// endBySignal ends the process as the signal does by default.
func endBySignal(sig os.Signal) {
	self, err := os.FindProcess(os.Getpid())
	if err == nil && self.Signal(sig) != nil {
		_ = self.Kill() // on Windows, which cannot send other signals
	}
}

// Guard is called by a command before it writes files that must not outlive it. A
// second signal, which ends the process at once, calls remove first; the command
// calls it at its own end. The error is the cause of ctx if a signal has cancelled it
// already. A nil s receives no signals.
func (s *Signals) Guard(ctx context.Context, remove func() error) error {
	if s == nil {
		return ctx.Err()
	}
	s.remove.Store(&remove) // before ctx is read, so that a signal is seen here or calls remove
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
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

// StopError is the outcome of a server that a signal stopped: nil after SIGTERM,
// which is how supervisors stop a service, and interrupted after Ctrl-C.
func StopError(ctx context.Context, err error) error {
	cause := exit.SignalError{}
	if err == nil && errors.As(context.Cause(ctx), &cause) && cause.Signal != syscall.SIGTERM {
		return cause
	}
	return err
}
