package serve_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"

	"m2m/internal/serve"
)

// TestServeReturnsLast has no race in it, unlike a test with sockets: once
// nothing moves any more, Serve must still be waiting for its request.
func TestServeReturnsLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipes()
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		release, ended := make(chan struct{}), make(chan error, 1)
		server := serve.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release })}
		go func() { ended <- server.Serve(ctx, l) }()
		client, remote := net.Pipe()
		l.conns <- remote
		go func() { _, _ = io.WriteString(client, "GET / HTTP/1.0\r\n\r\n"); _, _ = io.Copy(io.Discard, client) }()
		synctest.Wait()
		stop()
		synctest.Wait()
		select {
		case err := <-ended:
			t.Errorf("Serve returned %v with a request under way", err)
			ended <- err
		default:
		}
		close(release)
		if err := <-ended; err != nil {
			t.Errorf("Serve = %v, want nil", err)
		}
	})
}

// pipes is a listener in memory.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes {
	return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (p *pipes) isClosed() bool {
	select {
	case <-p.closed:
		return true
	default:
		return false
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "memory"} }
