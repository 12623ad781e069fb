package intercept

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"time"

	"m2m/internal/entra"
)

// Options are where the proxy of an interception answers, and how it reaches
// other hosts.
type Options struct {
	// Listener is where the proxy answers, on a loopback address. It stays the
	// caller's until Serve.
	Listener net.Listener
	// Parent returns the proxy through which a host is reached, as
	// http.ProxyFromEnvironment does: http, https, socks5 or socks5h. Nil, or a
	// nil URL, is none.
	Parent func(*http.Request) (*url.URL, error)
	// OnTunnel is called with every request to the proxy that is not for a login
	// host, when its answer is decided, from many goroutines at once. It may be
	// nil.
	OnTunnel func(Request)
}

// Request is one request for a host that is not the tenant's, and its answer.
// What the client sent is cut to 128 bytes and otherwise as it came: quote it
// where it is printed.
type Request struct {
	// Time is when the answer was decided, by the machine's clock.
	Time time.Time
	// Target is the host and port that were asked for.
	Target string
	// Status is the proxy's answer; 200 means that the tunnel is open.
	Status int
	// Reason says why it is not; empty for 200.
	Reason string
}

// Origin is what documents and tokens name under interception, whichever login
// host was asked: the tenant is one of the public cloud.
func Origin() string { return "https://" + entra.Clouds()[0].Host }

// LoginNames returns the names in the certificate of the login hosts.
func LoginNames() []string {
	names := entra.LoginHosts()
	for _, host := range entra.RegionalHosts() {
		names = append(names, "*."+host)
	}
	return names
}

// connListener is a listener for connections that another server accepted: the
// proxy's, from the moment at which they speak TLS with the tenant.
type connListener struct {
	address net.Addr
	ctx     context.Context // ends when the listener is closed
	close   context.CancelFunc
	conns   chan net.Conn
}

func newConnListener(address net.Addr) *connListener {
	ctx, stop := context.WithCancel(context.Background())
	return &connListener{address, ctx, stop, make(chan net.Conn)}
}

// deliver gives a connection to the server that accepts, or closes it once the
// listener is closed.
func (l *connListener) deliver(conn net.Conn) {
	select {
	case l.conns <- conn:
	case <-l.ctx.Done():
		_ = conn.Close() // the tenant has ended
	}
}

// Accept implements net.Listener.
func (l *connListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.ctx.Done():
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *connListener) Close() error {
	l.close()
	return nil
}

// Addr implements net.Listener; it is the proxy's address.
func (l *connListener) Addr() net.Addr { return l.address }
