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

// errSilent ends an exchange whose upstream neither takes a byte nor sends one.
var errSilent = errors.New("the upstream neither took nor sent anything in time")

// errCaller ends an exchange whose caller did not send its body to the end.
var errCaller = errors.New("the caller did not send its body to the end")

// patience lets an exchange last for as long as bytes move: the server's own
// time-outs are for whole requests and would cut a stream. Whoever is waited for
// has time of their own. A caller that sends or takes bytes has a deadline of its
// connection, and the upstream a timer, which runs in between.
type patience struct {
	control *http.ResponseController
	idle    time.Duration
	end     context.CancelCauseFunc

	mu sync.Mutex // the body and the answer have a goroutine each
	// silence ends the exchange, unless it is stopped.
	silence *time.Timer
	// waits is how many of the two wait for the caller.
	waits int
	// over says that the connection is no longer this exchange's. A transport may
	// read the body for longer than that, and net/http dereferences nil when a
	// deadline is set for an HTTP/2 request that was answered.
	over bool
}

// patiently answers a request with next. The request's context ends with errSilent
// or errCaller where one of them was waited for in vain, and otherwise as the
// server ends it, when the caller has gone.
func patiently(w http.ResponseWriter, r *http.Request, idle time.Duration, next http.Handler) {
	ctx, end := context.WithCancelCause(r.Context())
	defer end(nil)
	p := &patience{control: http.NewResponseController(w), idle: idle, end: end}
	p.silence = time.AfterFunc(idle, func() { end(errSilent) })
	defer p.leave()
	p.wait(0)
	r = r.WithContext(ctx)
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = &patientBody{ReadCloser: r.Body, patience: p}
	}
	answer := &patientWriter{ResponseWriter: w, patience: p}
	for i, name := range ownHeaders() {
		answer.own[i] = w.Header()[name]
	}
	next.ServeHTTP(answer, r)
}

// forCaller does what waits for the caller.
func (p *patience) forCaller(do func()) {
	p.wait(1)
	do()
	p.wait(-1)
}

// wait counts who waits for the caller. The upstream's time begins anew when
// nobody does. Either way an answer has more time to leave than the upstream may
// be silent, because what is said in its place needs time too.
func (p *patience) wait(more int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return
	}
	if p.waits += more; p.waits > 0 {
		p.silence.Stop()
	} else {
		p.silence.Reset(p.idle)
	}
	_ = p.control.SetWriteDeadline(time.Now().Add(2 * p.idle))
}

// readUntil is the end of the time in which the caller sends more of its body.
func (p *patience) readUntil(deadline time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.over {
		_ = p.control.SetReadDeadline(deadline)
	}
}

// leave leaves the connection alone from now on.
func (p *patience) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
	p.silence.Stop()
}

// patientWriter is the way to the caller.
type patientWriter struct {
	http.ResponseWriter
	patience *patience
	// own are the values of ownHeaders.
	own [2][]string
}

// WriteHeader sets our headers anew: ReverseProxy clears all of them after each
// informational answer (1xx) of the upstream's.
func (w *patientWriter) WriteHeader(status int) {
	for i, name := range ownHeaders() {
		w.Header()[name] = w.own[i]
	}
	w.patience.forCaller(func() { w.ResponseWriter.WriteHeader(status) })
}

func (w *patientWriter) Write(b []byte) (n int, err error) {
	w.patience.forCaller(func() { n, err = w.ResponseWriter.Write(b) })
	return n, err
}

// FlushError implements what http.ResponseController looks for.
func (w *patientWriter) FlushError() (err error) {
	w.patience.forCaller(func() { err = w.patience.control.Flush() })
	return err
}

// Hijack implements what http.ResponseController looks for. A WebSocket may be
// silent for as long as its two ends like.
func (w *patientWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.patience.leave()
	return w.patience.control.Hijack()
}

// Unwrap implements what http.ResponseController looks for.
func (w *patientWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// patientBody is the way from the caller.
type patientBody struct {
	io.ReadCloser
	patience *patience
	// ended is set once the body was read whole. From then on net/http waits on
	// the connection for its end, and a read deadline would be that end.
	ended bool
}

func (b *patientBody) Read(p []byte) (n int, err error) {
	if b.ended {
		return b.ReadCloser.Read(p)
	}
	b.patience.readUntil(time.Now().Add(b.patience.idle))
	b.patience.forCaller(func() { n, err = b.ReadCloser.Read(p) })
	b.ended = err != nil
	switch {
	case errors.Is(err, io.EOF):
		// net/http may have begun to wait before the deadline was set: Bearer reads
		// a short form to its end.
		b.patience.readUntil(time.Time{})
	case b.ended && !errors.As(err, new(*http.MaxBytesError)):
		b.patience.end(errCaller)
	}
	return n, err
}
