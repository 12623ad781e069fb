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

// errSilent ends a request whose upstream neither takes nor sends a byte.
var errSilent = errors.New("the upstream neither took nor sent anything in time")

// errCaller ends a request whose caller did not send its whole body.
var errCaller = errors.New("the caller did not send its body to the end")

// idleTimer lets a request last for as long as bytes move: the server's own
// time-outs are for whole requests and would cut a stream. While the caller is
// waited for, the deadlines of its connection apply; otherwise the timer of the
// upstream runs.
type idleTimer struct {
	control *http.ResponseController
	idle    time.Duration
	cancel  context.CancelCauseFunc

	mu sync.Mutex // the body and the answer have a goroutine each
	// silence cancels the request unless it is stopped.
	silence *time.Timer
	// waiting counts how many of the two wait for the caller.
	waiting int
	// detached says that the request is over. A transport may still read the body,
	// and net/http dereferences nil when a deadline is set for an HTTP/2 request
	// that was answered.
	detached bool
}

// withIdleTimeout serves a request with next. The cause of the context's end is
// errSilent or errCaller when a time-out expired; otherwise the server ends it,
// when the caller has gone.
func withIdleTimeout(w http.ResponseWriter, r *http.Request, idle time.Duration, next http.Handler) {
	ctx, end := context.WithCancelCause(r.Context())
	defer end(nil)
	p := &idleTimer{control: http.NewResponseController(w), idle: idle, cancel: end}
	p.silence = time.AfterFunc(idle, func() { end(errSilent) })
	defer p.detach()
	p.addWaiting(0)
	r = r.WithContext(ctx)
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

// addWaiting counts what waits for the caller. The upstream's timer restarts when
// nothing does. The write deadline is longer than the upstream may be silent,
// because the error response needs time too.
func (p *idleTimer) addWaiting(more int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.detached {
		return
	}
	if p.waiting += more; p.waiting > 0 {
		p.silence.Stop()
	} else {
		p.silence.Reset(p.idle)
	}
	_ = p.control.SetWriteDeadline(time.Now().Add(2 * p.idle))
}

// readUntil sets the deadline for the caller to send more of its body.
func (p *idleTimer) readUntil(deadline time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.detached {
		_ = p.control.SetReadDeadline(deadline)
	}
}

// detach stops all timers and deadlines of the request.
func (p *idleTimer) detach() {
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
	w.timer.whileCallerBlocks(func() { w.ResponseWriter.WriteHeader(status) })
}

func (w *idleWriter) Write(b []byte) (n int, err error) {
	w.timer.whileCallerBlocks(func() { n, err = w.ResponseWriter.Write(b) })
	return n, err
}

// FlushError implements what http.ResponseController looks for.
func (w *idleWriter) FlushError() (err error) {
	w.timer.whileCallerBlocks(func() { err = w.timer.control.Flush() })
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
	b.timer.readUntil(time.Now().Add(b.timer.idle))
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
