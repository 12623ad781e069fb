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

// ErrDrain says that requests still ran at the end of DrainTimeout. Their
// connections were closed.
var ErrDrain = errors.New("requests were cut off")

// Server serves a handler on a listener. Its zero values are safe: every wait is
// bounded.
type Server struct {
	// Handler answers the requests.
	Handler http.Handler
	// Logger gets messages of net/http, such as failed handshakes. Nil
	// discards it.
	Logger *slog.Logger
	// TLS serves https with its certificates; the minimum is TLS 1.2
	// unless it sets a higher one. Nil serves plain http, for loopback and behind a proxy.
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
	// beyond it. Zero is 32 KiB, which leaves room for a token of 16 KiB.
	MaxHeaderBytes int
	// MaxConnections bounds the open connections; more wait in the kernel's queue.
	// Zero is DefaultMaxConnections.
	MaxConnections int
	// DrainTimeout is the time that running requests have to finish once the
	// server stops. Zero is 10 s.
	DrainTimeout time.Duration
	// DrainDelay is the time between the end of the context and the end of
	// listening: as long as load balancers need to notice that the API is no longer
	// ready. Zero means none.
	DrainDelay time.Duration
	// Draining is called when the context ends, before the delay, so that readiness
	// fails. Nil for nothing.
	Draining func()
	// Stopping is called after the delay, when no new connections are accepted: what
	// would go on for ever must end now. Nil for nothing.
	Stopping func()
}

// Serve serves requests on l until ctx ends and DrainDelay is over, then stops
// listening and waits for running requests. It closes l. It returns nil after a clean
// end; an error wraps ErrDrain, or says why l failed.
//
// The context of a running request does not end with ctx, because Serve waits for it.
func (s Server) Serve(ctx context.Context, l net.Listener) error {
	server := s.httpServer(ctx)
	drained := make(chan error, 1)
	// Serve of net/http returns as soon as Shutdown begins, so the result is that of
	// Shutdown, if it was called.
	stop := context.AfterFunc(ctx, func() { drained <- s.drain(ctx, server) })
	err := listen(server, newLimitListener(l, cmp.Or(s.MaxConnections, DefaultMaxConnections), loggerOrDiscard(s.Logger)))
	if stop() {
		// Not ended by ctx: the listener failed.
		_, _ = server.Close(), l.Close()
		return fmt.Errorf("serving %s: %w", l.Addr(), err)
	}
	return <-drained
}

// drain stops server and waits for running requests.
func (s Server) drain(ctx context.Context, server *http.Server) error {
	if s.Draining != nil {
		s.Draining()
	}
	time.Sleep(s.DrainDelay)
	if s.Stopping != nil {
		s.Stopping()
	}
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
		MaxHeaderBytes:    cmp.Or(s.MaxHeaderBytes, 32<<10) - headerSlop,
		BaseContext:       func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
		ErrorLog:          NetLogger(s.Logger),
		// One connection of HTTP/2 holds at most 100 requests and 256 KiB of their
		// bodies; net/http's defaults are 250 and 1 MiB.
		HTTP2: &http.HTTP2Config{MaxConcurrentStreams: 100, MaxReceiveBufferPerConnection: 256 << 10, MaxReceiveBufferPerStream: 64 << 10},
	}
	if s.TLS != nil {
		server.TLSConfig = s.TLS.Clone()
		server.TLSConfig.MinVersion = max(s.TLS.MinVersion, tls.VersionTLS12)
	}
	return server
}

// headerSlop is what net/http reads beyond its MaxHeaderBytes.
const headerSlop = 4096

func loggerOrDiscard(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.New(slog.DiscardHandler)
	}
	return l
}
