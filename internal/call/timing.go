package call

import (
	"crypto/tls"
	"net/http/httptrace"
	"sync"
	"time"
)

// Timing is how long the last exchange took, counted from its start. In JSON
// the values are nanoseconds.
type Timing struct {
	// Connect and TLS are how long each took: zero where a connection was used again.
	Connect, TLS time.Duration
	// FirstByte is when the answer began; Total when its body ended.
	FirstByte, Total time.Duration
}

// stopwatch times one exchange. net/http may still call a trace after the
// exchange is over, from the goroutine of a connection that came too late.
type stopwatch struct {
	now   func() time.Time
	start time.Time

	mu         sync.Mutex
	connect    time.Time
	handshake  time.Time
	timing     Timing
	remoteAddr string
}

func newStopwatch(now func() time.Time) *stopwatch { return &stopwatch{now: now, start: now()} }

func (w *stopwatch) elapsed() time.Duration { return w.now().Sub(w.start) }

func (w *stopwatch) read() (remoteAddr string, t Timing) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.remoteAddr, w.timing
}

func (w *stopwatch) note(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
}

func (w *stopwatch) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		ConnectStart: func(_, _ string) { w.note(func() { w.connect = w.now() }) },
		ConnectDone: func(_, _ string, _ error) {
			w.note(func() { w.timing.Connect = w.now().Sub(w.connect) })
		},
		TLSHandshakeStart: func() { w.note(func() { w.handshake = w.now() }) },
		TLSHandshakeDone: func(_ tls.ConnectionState, _ error) {
			w.note(func() { w.timing.TLS = w.now().Sub(w.handshake) })
		},
		GotConn: func(info httptrace.GotConnInfo) {
			w.note(func() { w.remoteAddr = info.Conn.RemoteAddr().String() })
		},
		GotFirstResponseByte: func() { w.note(func() { w.timing.FirstByte = w.elapsed() }) },
	}
}
