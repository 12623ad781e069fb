package serve

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// errSilent ends a request whose upstream does not begin to answer.
var errSilent = errors.New("the upstream did not begin its response in time")

// errCaller ends a request whose caller did not send its whole body.
var errCaller = errors.New("the caller did not send its body to the end")

// callerIdle is how long the caller may pause in its body; it may take a part of the
// response twice as long.
const callerIdle = 30 * time.Second

// idleTimer lets a request last for as long as it takes: the server's own time-outs are
// for whole requests and would cut a stream. It bounds the wait for the upstream's
// response, and each wait for the caller: for its body until the response begins, and
// for it to take what is written. A response that has begun may be silent.
type idleTimer struct {
	control *http.ResponseController
	// firstByte bounds the wait for the response; 0 is no bound.
	firstByte time.Duration
	cancel    context.CancelCauseFunc

	mu sync.Mutex // the body and the answer have a goroutine each
	// silence cancels the request unless it is stopped.
	silence *time.Timer
	// waiting counts how many of the two wait for the caller.
	waiting int
	// begun says that the response has begun.
	begun bool
	// detached says that the request is over. A transport may still read the body,
	// and net/http dereferences nil when a deadline is set for an HTTP/2 request
	// that was answered.
	detached bool
}

type idleTimerKey struct{}

// withIdleTimeout serves a request with next. The cause of the context's end is
// errSilent or errCaller when a time-out expired; otherwise the server ends it,
// when the caller has gone.
func withIdleTimeout(w http.ResponseWriter, r *http.Request, firstByte time.Duration, next http.Handler) {
	ctx, end := context.WithCancelCause(r.Context())
	defer end(nil)
	p := &idleTimer{control: http.NewResponseController(w), firstByte: firstByte, cancel: end}
	p.silence = time.AfterFunc(max(firstByte, 1), func() { end(errSilent) })
	defer p.detach()
	p.addWaiting(0)
	p.writeWithin(0)
	r = r.WithContext(context.WithValue(ctx, idleTimerKey{}, p))
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = &idleBody{ReadCloser: r.Body, timer: p}
	}
	answer := &idleWriter{ResponseWriter: w, timer: p}
	for i, name := range ownHeaders() {
		answer.own[i] = w.Header()[name]
	}
	next.ServeHTTP(answer, r)
}

// whileCallerBlocks runs what waits for the caller.
func (p *idleTimer) whileCallerBlocks(do func()) {
	p.addWaiting(1)
	do()
	p.addWaiting(-1)
}

// whileWriting runs what waits for the caller to take a part of the response.
func (p *idleTimer) whileWriting(do func()) {
	p.writeWithin(2 * callerIdle)
	p.whileCallerBlocks(do)
	p.writeWithin(0)
}

// addWaiting counts what waits for the caller. The upstream's timer restarts when
// nothing does, until its response has begun.
func (p *idleTimer) addWaiting(more int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting += more; p.waiting > 0 || p.begun || p.detached || p.firstByte == 0 {
		p.silence.Stop()
	} else {
		p.silence.Reset(p.firstByte)
	}
}

// begin says that the response begins: nothing bounds it from now on, nor the rest of
// the caller's body.
func (p *idleTimer) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.begun = true; !p.detached {
		_ = p.control.SetReadDeadline(time.Time{})
	}
}

// writeWithin sets the deadline for the caller to take what is written; 0 means none.
func (p *idleTimer) writeWithin(limit time.Duration) {
	var deadline time.Time
	if limit > 0 {
		deadline = time.Now().Add(limit)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.detached {
		_ = p.control.SetWriteDeadline(deadline)
	}
}

// readUntil sets the deadline for the caller to send more of its body.
func (p *idleTimer) readUntil(deadline time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.detached && !p.begun {
		_ = p.control.SetReadDeadline(deadline)
	}
}

// detach stops the timers of the request, and bounds what net/http still writes.
func (p *idleTimer) detach() {
	p.writeWithin(2 * callerIdle)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.detached = true
	p.silence.Stop()
}

// idleWriter writes to the caller.
type idleWriter struct {
	http.ResponseWriter
	timer *idleTimer
	// own has the values of ownHeaders.
	own [2][]string
}

// WriteHeader sets our headers again: ReverseProxy clears all headers after each
// informational response (1xx) of the upstream.
func (w *idleWriter) WriteHeader(status int) {
	for i, name := range ownHeaders() {
		w.Header()[name] = w.own[i]
	}
	if status >= 200 {
		w.timer.begin()
	}
	w.timer.whileWriting(func() { w.ResponseWriter.WriteHeader(status) })
}

func (w *idleWriter) Write(b []byte) (n int, err error) {
	w.timer.whileWriting(func() { n, err = w.ResponseWriter.Write(b) })
	return n, err
}

// FlushError implements what http.ResponseController looks for.
func (w *idleWriter) FlushError() (err error) {
	w.timer.whileWriting(func() { err = w.timer.control.Flush() })
	return err
}

// Hijack implements what http.ResponseController looks for. A WebSocket may be
// silent without a limit.
func (w *idleWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.timer.detach()
	return w.timer.control.Hijack()
}

// Unwrap implements what http.ResponseController looks for.
func (w *idleWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// idleBody reads from the caller.
type idleBody struct {
	io.ReadCloser
	timer *idleTimer
	// ended is set once the whole body was read. From then on net/http reads the
	// connection to notice its end, and a read deadline would end it.
	ended bool
}

func (b *idleBody) Read(p []byte) (n int, err error) {
	if b.ended {
		return b.ReadCloser.Read(p)
	}
	b.timer.readUntil(time.Now().Add(callerIdle))
	b.timer.whileCallerBlocks(func() { n, err = b.ReadCloser.Read(p) })
	b.ended = err != nil
	switch {
	case errors.Is(err, io.EOF):
		// Bearer reads a short form to its end, so net/http may have begun to wait
		// before the deadline was set.
		b.timer.readUntil(time.Time{})
	case b.ended && !errors.As(err, new(*http.MaxBytesError)):
		b.timer.cancel(errCaller)
	}
	return n, err
}
