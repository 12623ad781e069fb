package verifycmd

import (
	"context"
	"errors"
	"io"
	"runtime"
	"sync"

	"m2m/internal/exit"
	"m2m/internal/verify"
)

// tally counts the verdicts of a batch.
type tally map[verify.Verdict]int

func (t tally) total() int {
	sum := 0
	for _, n := range t {
		sum += n
	}
	return sum
}

// code is the exit code of a whole batch: 7 before 3, 3 before 5.
func (t tally) code() exit.Code {
	switch {
	case t[verify.Unverifiable] > 0:
		return exit.Unverifiable
	case t[verify.Invalid] > 0:
		return exit.Rejected
	case t[verify.Undecided] > 0:
		return exit.Unknown
	}
	return exit.Done
}

// batch verifies the lines of a stream on every core and writes the reports in
// the order of the lines.
type batch struct {
	in  io.Reader
	out io.Writer
	// report appends the report about one line.
	report func(dst []byte, l line) ([]byte, verify.Verdict)
	// progress is called after every block.
	progress func(tally)

	written sync.Pool // blocks whose memory can be used again
}

// block is some lines of a batch, read, verified and written together.
type block struct {
	lines    []line
	reports  []byte
	verdicts []verify.Verdict
	done     chan struct{} // closed when reports is complete
}

// run ends at the end of the stream, at the first failure to read or write, or
// with the context. It bounds memory: the reader waits while too many blocks are
// not written yet. After a failure the reader may wait for its stream until the
// process ends, because a read cannot be cancelled.
func (b *batch) run(ctx context.Context) (tally, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	workers := runtime.GOMAXPROCS(0)
	todo, order, broken := make(chan *block, workers), make(chan *block, 2*workers), make(chan error, 1)
	go func() {
		defer close(order)
		defer close(todo)
		broken <- b.read(ctx, todo, order)
	}()
	for range workers {
		go b.work(todo)
	}
	counts, err := b.write(ctx, order)
	if err != nil {
		return counts, err
	}
	return counts, <-broken
}

// read sends every block to the workers and to the writer, which waits for each
// in order.
func (b *batch) read(ctx context.Context, todo, order chan<- *block) error {
	for lines := newLineReader(b.in); ; {
		some, err := lines.block()
		if len(some) > 0 {
			next := b.fresh(some)
			for _, to := range []chan<- *block{order, todo} {
				select {
				case to <- next:
				case <-ctx.Done():
					return nil
				}
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (b *batch) fresh(lines []line) *block {
	next, ok := b.written.Get().(*block)
	if !ok {
		next = &block{}
	}
	*next = block{lines: lines, reports: next.reports[:0], verdicts: next.verdicts[:0], done: make(chan struct{})}
	return next
}

func (b *batch) work(todo <-chan *block) {
	for next := range todo {
		for _, l := range next.lines {
			var v verify.Verdict
			next.reports, v = b.report(next.reports, l)
			next.verdicts = append(next.verdicts, v)
		}
		close(next.done)
	}
}

func (b *batch) write(ctx context.Context, order <-chan *block) (tally, error) {
	counts := tally{}
	for {
		select {
		case <-ctx.Done():
			return counts, context.Cause(ctx)
		case next, more := <-order:
			if !more {
				return counts, nil
			}
			select {
			case <-ctx.Done():
				return counts, context.Cause(ctx)
			case <-next.done:
			}
			if _, err := b.out.Write(next.reports); err != nil {
				return counts, err
			}
			for _, v := range next.verdicts {
				counts[v]++
			}
			b.progress(counts)
			b.written.Put(next)
		}
	}
}
