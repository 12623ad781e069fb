package serve

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// ErrDrain says that requests were still under way when the time to finish
// them was over. Their connections were closed.
var ErrDrain = errors.New("requests were cut off")

// Server puts a handler behind a listener. Its zero values are safe: every
// wait has an end.
type Server struct {
	// Handler answers the requests.
	Handler http.Handler
	// Logger gets what net/http has to say, such as failed handshakes. Nil
	// discards it.
	Logger *slog.Logger
	// TLS serves https with its certificates; TLS 1.2 is the least where it
	// names none. Nil serves plain http, for loopback and behind a proxy.
	TLS *tls.Config
	// HeaderTimeout is the time that a client has for its request line and
	// headers. Zero is 5 s.
	HeaderTimeout time.Duration
	// ReadTimeout is the time for the whole request with its body. Zero is 30 s.
	ReadTimeout time.Duration
	// WriteTimeout is the time from the end of the headers to the end of the
	// answer. Zero is 30 s.
	WriteTimeout time.Duration
	// IdleTimeout is the time that an unused connection is kept. Zero is 2 min.
	IdleTimeout time.Duration
	// MaxHeaderBytes bounds the request line and headers; net/http answers 431
	// beyond it. Zero is 64 KiB, which leaves room for a token of 16 KiB.
	MaxHeaderBytes int
	// DrainTimeout is the time that requests under way have to finish once the
	// server stops. Zero is 10 s.
	DrainTimeout time.Duration
	// DrainDelay is the time between the end of the context and the end of
	// listening: as long as load balancers need to notice that the API is not
	// ready any more. Zero is none.
	DrainDelay time.Duration
	// Draining is called when the context ends, before the delay, so that
	// readiness can say no. Nil for nothing.
	Draining func()
}

// Serve answers requests on l until ctx ends and DrainDelay is over, then refuses
// new connections and waits for the requests under way. It closes l. It returns nil after a clean
// end; an error wraps ErrDrain, or says why l failed.
//
// A request under way does not see the end of ctx: it is what Serve waits for.
func (s Server) Serve(ctx context.Context, l net.Listener) error {
	server := s.httpServer(ctx)
	drained := make(chan error, 1)
	// Serve of net/http returns as soon as Shutdown begins. So the answer
	// comes from Shutdown, if that was begun at all.
	stop := context.AfterFunc(ctx, func() { drained <- s.drain(ctx, server) })
	err := listen(server, l)
	if stop() {
		// Not ended by ctx: the listener failed.
		_, _ = server.Close(), l.Close()
		return fmt.Errorf("serving %s: %w", l.Addr(), err)
	}
	return <-drained
}

// drain stops server and waits for the requests under way.
func (s Server) drain(ctx context.Context, server *http.Server) error {
	if s.Draining != nil {
		s.Draining()
	}
	time.Sleep(s.DrainDelay)
	limit := cmp.Or(s.DrainTimeout, 10*time.Second)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		_ = server.Close()
		return fmt.Errorf("%w after %s: %w", ErrDrain, limit, err)
	}
	return nil
}

func listen(server *http.Server, l net.Listener) error {
	if server.TLSConfig != nil {
		return server.ServeTLS(l, "", "")
	}
	return server.Serve(l)
}

func (s Server) httpServer(ctx context.Context) *http.Server {
	server := &http.Server{
		Handler:           s.Handler,
		ReadHeaderTimeout: cmp.Or(s.HeaderTimeout, 5*time.Second),
		ReadTimeout:       cmp.Or(s.ReadTimeout, 30*time.Second),
		WriteTimeout:      cmp.Or(s.WriteTimeout, 30*time.Second),
		IdleTimeout:       cmp.Or(s.IdleTimeout, 2*time.Minute),
		MaxHeaderBytes:    cmp.Or(s.MaxHeaderBytes, 64<<10),
		BaseContext:       func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
		ErrorLog:          slog.NewLogLogger(orDiscard(s.Logger).Handler(), slog.LevelWarn),
	}
	if s.TLS != nil {
		server.TLSConfig = s.TLS.Clone()
		server.TLSConfig.MinVersion = max(s.TLS.MinVersion, tls.VersionTLS12)
	}
	return server
}

func orDiscard(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.New(slog.DiscardHandler)
	}
	return l
}
