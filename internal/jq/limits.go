package jq

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/metrics"
	"time"

	"m2m/internal/text"
)

// Bounds of one evaluation.
const (
	// maxSteps ends an expression that does not end by itself; to select among
	// 100,000 members takes 2 to 4 million.
	maxSteps = 10_000_000
	// maxTime is for the few steps that can be long, such as a match.
	maxTime = 10 * time.Second
	// maxMemory is how much the heap may grow, in bytes. A document of 8 MiB takes
	// up to 200 MiB before the evaluation begins.
	maxMemory = 256 << 20
	// watchInterval is how often the heap is looked at: a step that takes gigabytes
	// takes longer to fill them.
	watchInterval = 2 * time.Millisecond
)

// ErrMemory says that an evaluation took more than maxMemory. It may still run:
// gojq cannot be stopped within a step, so the process should end soon.
var ErrMemory = fmt.Errorf("the jq expression takes more than %d MiB of memory", maxMemory>>20)

var (
	errSteps = errors.New("too many steps")
	errTime  = errors.New("too much time")
)

// limits is a context that ends after a number of steps: gojq looks at Done before
// each. A limit of steps alone is the same on a fast and a busy machine. It is for
// one goroutine.
type limits struct {
	context.Context
	cancel context.CancelCauseFunc
	left   int
}

func (l *limits) Done() <-chan struct{} {
	if l.left--; l.left == 0 {
		l.cancel(errSteps)
	}
	return l.Context.Done()
}

func (l *limits) Err() error { return context.Cause(l.Context) }

// bounded evaluates in a goroutine and watches the heap of the process meanwhile.
func bounded[T any](evaluate func(*limits) T) (result T, err error) {
	ctx, stop := context.WithTimeoutCause(context.Background(), maxTime, errTime)
	defer stop()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	before := heap()
	done := make(chan T, 1)
	go func() { done <- evaluate(&limits{Context: ctx, cancel: cancel, left: maxSteps}) }()
	watch := time.NewTicker(watchInterval)
	defer watch.Stop()
	for {
		select {
		case result = <-done:
			if grown(before) {
				return result, ErrMemory
			}
			return result, nil
		case <-watch.C:
			if grown(before) {
				return result, ErrMemory
			}
		}
	}
}

// grown reports whether the heap has grown too much. What is only garbage does not
// count, but to collect it takes time in which a large step takes the memory of the
// machine.
func grown(before uint64) bool {
	now := heap()
	if now < before+maxMemory {
		return false
	}
	if now < before+2*maxMemory {
		runtime.GC()
		now = heap()
	}
	return now >= before+maxMemory
}

// heap returns the bytes of all objects on the heap, those included that the
// collector has not found to be garbage yet.
func heap() uint64 {
	// Unlike runtime.ReadMemStats this stops no goroutine, and so does not wait for a step.
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

func fault(err error) string {
	switch {
	case errors.Is(err, errSteps):
		return fmt.Sprintf("no end of it in %d million steps", maxSteps/1_000_000)
	case errors.Is(err, errTime):
		return "no end of it in " + text.Duration(maxTime)
	}
	return "an error: " + text.Bound(err.Error(), maxShown)
}
