package issuer

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

	"m2m/internal/tenant/refusal"
)

// Sizes of what faults send, in bytes.
const (
	oversizedBody = 64 << 20
	slowDrops     = 20
)

// FaultAnswer is a request that met a fault.
type FaultAnswer struct {
	// Time is when, by the machine's clock.
	Time time.Time
	// Fault is the fault as it was given.
	Fault string
	// Method and Path are those of the request. They are bounded in length and
	// otherwise as they came: quote them where they are printed.
	Method, Path string
}

// connection is the key of a request's connection in its context.
type connection struct{}

func withConnection(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, connection{}, conn)
}

// faulty puts the faults of a place before its handler.
func (i *Issuer) faulty(place FaultPlace, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for _, f := range i.faults.take(place) {
			if i.onFault != nil {
				i.onFault(FaultAnswer{time.Now(), f.String(), refusal.Bound(r.Method), refusal.Bound(r.URL.Path)})
			}
			if f.Kind != FaultLatency {
				i.misbehave(f, w, r, next)
				return
			}
			waitForBody(w, r)
			if !i.faults.wait(r.Context(), f.Duration) {
				w.WriteHeader(http.StatusServiceUnavailable) // the server ends; or the client has gone, and sees nothing
				return
			}
		}
		next(w, r)
	}
}

// misbehave answers in the manner of a fault.
func (i *Issuer) misbehave(f Fault, w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
	switch f.Kind {
	case FaultReset:
		resetConnection(w, r)
	case FaultSlow:
		waitForBody(w, r)
		i.serveSlowly(f, w, r, next)
	case FaultRedirect:
		target := f.URL
		if target == "" {
			target = "https://login.elsewhere.invalid" + r.URL.Path // RFC 6761, 6.4: it never exists
		}
		w.Header().Set("Location", target)
		w.WriteHeader(http.StatusTemporaryRedirect)
	case FaultHTML:
		writePage(w, http.StatusOK, "Sign in to the network")
	case FaultOversized:
		writeOversized(w)
	default:
		i.serveStatus(f, w, r)
	}
}

// serveStatus answers as Entra does when it throttles or fails, and as the
// gateways before it do.
func (i *Issuer) serveStatus(f Fault, w http.ResponseWriter, r *http.Request) {
	status := f.Kind.status()
	if f.RetryAfter >= 0 {
		w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	switch f.Kind {
	case FaultThrottled:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "Too Many Requests") // the client has gone, if this fails
	case FaultServerError, FaultUnavailable:
		x := newExchange(r, i.now())
		x.commonHeaders(w.Header())
		row := refusal.ServiceUnavailable
		if f.Kind == FaultServerError {
			row = refusal.ServiceFailed
		}
		x.writeRefusal(w, row.With())
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
// by TCP's RST, in the middle of things. A connection that is not the issuer's
// own is closed.
func resetConnection(w http.ResponseWriter, r *http.Request) {
	conn, ours := r.Context().Value(connection{}).(net.Conn)
	if !ours {
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = conn.Close()
		}
		return
	}
	if encrypted, ok := conn.(*tls.Conn); ok {
		conn = encrypted.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // else the end is an orderly one
	}
	_ = conn.Close()
}

// waitForBody reads the request and lifts the server's time limits from it: a
// server sees that a client has gone only once it has read what it sent.
func waitForBody(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(io.LimitReader(r.Body, maxForm+1)) // the handler meets the same error
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(body), r.Body), r.Body}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // where it cannot be lifted, the answer ends early
	_ = control.SetWriteDeadline(time.Time{})
}

// wait waits, and reports whether anybody still wants the answer.
func (l *faultList) wait(ctx context.Context, d time.Duration) bool {
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

// serveSlowly sends the right answer, its body in drops.
func (i *Issuer) serveSlowly(f Fault, w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
	whole := &bufferedAnswer{header: w.Header(), status: http.StatusOK}
	next(whole, r)
	w.Header().Set("Content-Length", strconv.Itoa(whole.body.Len()))
	w.WriteHeader(whole.status)
	control := http.NewResponseController(w)
	drop := max(1, (whole.body.Len()+slowDrops-1)/slowDrops)
	for whole.body.Len() > 0 {
		if control.Flush() != nil || !i.faults.wait(r.Context(), f.Duration/slowDrops) {
			return
		}
		if _, err := w.Write(whole.body.Next(drop)); err != nil {
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
