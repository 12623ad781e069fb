package issuer

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"time"

	"m2m/internal/entra"
)

// Interception makes an issuer answer as Entra's login hosts too, so that
// programs with Microsoft's address written into them run unchanged: it is an
// HTTP proxy (RFC 9110 section 9.3.6, CONNECT) that keeps connections to the
// login hosts for the issuer and tunnels all others to where they are going.
type Interception struct {
	// Listener is where the proxy answers, on a loopback address. It stays the
	// caller's until Serve.
	Listener net.Listener
	// Parent returns the proxy through which a host is reached, as
	// http.ProxyFromEnvironment does: http, https, socks5 or socks5h. Nil, or a
	// nil URL, is none.
	Parent func(*http.Request) (*url.URL, error)
	// OnTunnel is told of every request to the proxy that is not for a login
	// host, when its answer is decided. It is called from many goroutines at
	// once. Nil tells nobody.
	OnTunnel func(TunnelRequest)
}

// TunnelRequest is what became of one request for a host that is not the
// tenant's. What the client sent is bounded in length and otherwise as it came:
// quote it where it is printed.
type TunnelRequest struct {
	// Time is when the answer was decided, by the machine's clock.
	Time time.Time
	// Target is the host and port that were asked for.
	Target string
	// Status is the proxy's answer; 200 means that the tunnel is open.
	Status int
	// Reason says why it is not; empty for 200.
	Reason string
}

// interceptOrigin is what documents and tokens name under interception,
// whichever login host was asked: the tenant is one of the public cloud.
func interceptOrigin() string { return "https://" + entra.Clouds()[0].Host }

// loginNames are the names in the certificate of the login hosts.
func loginNames() []string {
	names := entra.LoginHosts()
	for _, host := range entra.RegionalHosts() {
		names = append(names, "*."+host)
	}
	return names
}

// handed is a listener for connections that another server accepted: the
// proxy's, from the moment on at which they speak TLS with the issuer.
type handed struct {
	address net.Addr
	ctx     context.Context // ends when the listener is closed
	close   context.CancelFunc
	conns   chan net.Conn
}

func newHanded(address net.Addr) *handed {
	ctx, stop := context.WithCancel(context.Background())
	return &handed{address, ctx, stop, make(chan net.Conn)}
}

// take gives a connection to whoever accepts; it closes it where nobody does
// any more.
func (h *handed) take(conn net.Conn) {
	select {
	case h.conns <- conn:
	case <-h.ctx.Done():
		_ = conn.Close() // the issuer has ended; there is nobody to tell
	}
}

// Accept implements net.Listener.
func (h *handed) Accept() (net.Conn, error) {
	select {
	case conn := <-h.conns:
		return conn, nil
	case <-h.ctx.Done():
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (h *handed) Close() error {
	h.close()
	return nil
}

// Addr implements net.Listener: it is the proxy's address.
func (h *handed) Addr() net.Addr { return h.address }
