package fault

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"m2m/internal/text"
)

// Sizes in bytes, but for slowParts.
const (
	oversizedBody = 64 << 20
	slowParts     = 20
	// maxBody bounds what is read of a request that has to wait. It is more than
	// any endpoint accepts.
	maxBody = 64<<10 + 1
	// longestSeen bounds what an Answer repeats of a request.
	longestSeen = 128
)

// connection is the key of a request's connection in its context.
type connection struct{}

// WithConnection lets Reset find the connection of a request; it is for the
// ConnContext of an http.Server.
func WithConnection(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, connection{}, conn)
}

// Wrap puts the faults of a place before its handler.
func (l *List) Wrap(place Place, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for _, f := range l.take(place) {
			if l.onAnswer != nil {
				l.onAnswer(Answer{time.Now(), f.String(), text.Cut(r.Method, longestSeen), text.Cut(r.URL.Path, longestSeen)})
			}
			if f.Kind != Latency {
				l.answer(f, w, r, next)
				return
			}
			waitForBody(w, r)
			if !l.wait(r.Context(), f.Duration) {
				w.WriteHeader(http.StatusServiceUnavailable) // the server stops, or the client has gone
				return
			}
		}
		next(w, r)
	}
}

// answer answers in the way of a fault.
func (l *List) answer(f Fault, w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
	switch f.Kind {
	case Reset:
		resetConnection(w, r)
	case Slow:
		waitForBody(w, r)
		l.serveSlowly(f, w, r, next)
	case Redirect:
		target := f.URL
		if target == "" {
			target = "https://login.elsewhere.invalid" + r.URL.Path // RFC 6761, 6.4: it never exists
		}
		w.Header().Set("Location", target)
		w.WriteHeader(http.StatusTemporaryRedirect)
	case HTML:
		writePage(w, http.StatusOK, "Sign in to the network")
	case Oversized:
		writeOversized(w)
	default:
		l.serveStatus(f, w, r)
	}
}

// serveStatus answers as Entra does when it throttles or fails, and as the
// gateways before it do.
func (l *List) serveStatus(f Fault, w http.ResponseWriter, r *http.Request) {
	status := f.Kind.Status()
	if f.RetryAfter >= 0 && status != 0 {
		w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	switch {
	case f.Place == AtIdentity && f.Kind != BadGateway && f.Kind != Gateway:
		l.refuse(w, r, f)
	case f.Kind == Throttled:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "Too Many Requests") // the client has gone, if this fails
	case f.Kind == ServerError || f.Kind == Unavailable:
		l.refuse(w, r, f)
	default:
		writePage(w, status, strconv.Itoa(status)+" "+http.StatusText(status))
	}
}

func writePage(w http.ResponseWriter, status int, title string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<!DOCTYPE html>\n<html><head><title>%s</title></head><body><h1>%s</h1></body></html>\n", title, title)
}

// writeOversized sends the start of a JSON object until the client has enough.
func writeOversized(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(http.StatusOK)
	if _, err := io.WriteString(w, `{"padding":"`); err != nil {
		return
	}
	block := bytes.Repeat([]byte("A"), 64<<10)
	for range oversizedBody / len(block) {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

// resetConnection ends the connection as a crashed server or a firewall does:
// by TCP's RST, before any answer. A connection of a server without
// WithConnection is closed.
func resetConnection(w http.ResponseWriter, r *http.Request) {
	conn, known := r.Context().Value(connection{}).(net.Conn)
	if !known {
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = conn.Close()
		}
		return
	}
	if encrypted, ok := conn.(*tls.Conn); ok {
		conn = encrypted.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // else the end is orderly
	}
	_ = conn.Close()
}

// waitForBody reads the request and removes the server's time limits from it: a
// server sees that a client has gone only after it has read what it sent.
func waitForBody(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(io.LimitReader(r.Body, maxBody)) // the handler gets the same error
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(body), r.Body), r.Body}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // where it cannot be removed, the answer ends early
	_ = control.SetWriteDeadline(time.Time{})
}

// wait waits, and reports whether the answer is still wanted.
func (l *List) wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
	case <-l.stopped:
	}
	return false
}

// serveSlowly sends the right answer, its body in parts.
func (l *List) serveSlowly(f Fault, w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
	whole := &bufferedAnswer{header: w.Header(), status: http.StatusOK}
	next(whole, r)
	w.Header().Set("Content-Length", strconv.Itoa(whole.body.Len()))
	w.WriteHeader(whole.status)
	control := http.NewResponseController(w)
	part := max(1, (whole.body.Len()+slowParts-1)/slowParts)
	for whole.body.Len() > 0 {
		if control.Flush() != nil || !l.wait(r.Context(), f.Duration/slowParts) {
			return
		}
		if _, err := w.Write(whole.body.Next(part)); err != nil {
			return
		}
	}
}

// bufferedAnswer holds an answer back. Its header is the real one's.
type bufferedAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (b *bufferedAnswer) Header() http.Header         { return b.header }
func (b *bufferedAnswer) WriteHeader(status int)      { b.status = status }
func (b *bufferedAnswer) Write(p []byte) (int, error) { return b.body.Write(p) }
