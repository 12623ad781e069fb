package serve

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"time"

	"m2m/internal/jwt"
)

// exchange collects what is known about one request and its response, for the log
// and the metrics.
type exchange struct {
	id      string
	started time.Time
	answer  recorder
	// caller is the valid token; nil until there is one.
	caller *jwt.Token
	// rejected is why the request was rejected; nil if it was not.
	rejected error
	// claimed has the unverified claims of an invalid token; nil if it could not
	// be read.
	claimed *jwt.Token
	// failed is why the upstream did not answer; nil if it did.
	failed error
	// forwarded says that the request went to the upstream, which reads its body.
	forwarded bool
	// panicked says that the handler panicked.
	panicked bool
	// traced is the request's trace; zero until it is needed.
	traced TraceContext
	// quiet keeps the request out of the access log: probes come every second.
	quiet bool
}

// trace returns the trace that r, which is the request of x, is part of. It is
// made when it is first asked for, since most requests leave no line in the log.
func (x *exchange) trace(r *http.Request) TraceContext {
	if x.traced.TraceID == "" {
		x.traced = traceOf(r)
	}
	return x.traced
}

type exchangeKey struct{}

func withExchange(r *http.Request, x *exchange) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
}

// exchangeOf returns nil where Require is used without an API around it.
func exchangeOf(r *http.Request) *exchange { return exchangeIn(r.Context()) }

func exchangeIn(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// recorder records the status of a response. Unwrap keeps flushing, deadlines and
// upgrades available to http.ResponseController.
type recorder struct {
	http.ResponseWriter
	status int
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Hijack implements what http.ResponseController looks for. ReverseProxy hijacks
// the connection to answer 101 on it.
func (w *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		w.status = http.StatusSwitchingProtocols
	}
	return conn, buffered, err
}

// Unwrap implements what http.ResponseController looks for.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
