package intercept

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"m2m/internal/entra"
	"m2m/internal/text"
)

// proxyUser is the user name of every run's proxy; its password is new each
// time.
const proxyUser = "m2m"

// Bounds of the requests to the proxy.
const (
	headerTimeout  = 10 * time.Second
	requestTimeout = 30 * time.Second
	idleTimeout    = 2 * time.Minute
	maxHeaderBytes = 32 << 10
	// longestTarget bounds what a Request repeats, in bytes.
	longestTarget = 128
)

// ErrNotLoopback means that the proxy's listener can be reached from other
// machines.
var ErrNotLoopback = errors.New("the proxy's listener is not on a loopback address")

// Proxy is the proxy of an interception. Make one with New.
type Proxy struct {
	listener net.Listener
	password entra.Secret
	logins   *connListener
	dialer   dialer
	onTunnel func(Request)
	// running ends when the proxy does, and with it every tunnel.
	running context.Context
	cancel  context.CancelFunc
	// ending guards the end of running: no request begins after it.
	ending   sync.Mutex
	requests sync.WaitGroup
}

// New makes the proxy, with a password of its own. The error is ErrNotLoopback.
func New(o *Options) (*Proxy, error) {
	address, ok := o.Listener.Addr().(*net.TCPAddr)
	if !ok || !address.IP.IsLoopback() {
		return nil, fmt.Errorf("%w: %s", ErrNotLoopback, o.Listener.Addr())
	}
	running, cancel := context.WithCancel(context.Background())
	return &Proxy{
		listener: o.Listener,
		password: entra.NewSecret(rand.Text()),
		logins:   newConnListener(o.Listener.Addr()),
		dialer:   dialer{o.Parent},
		onTunnel: o.OnTunnel,
		running:  running,
		cancel:   cancel,
	}, nil
}

// URL returns the proxy's address with its credentials, as HTTPS_PROXY takes it.
func (p *Proxy) URL() entra.Secret {
	u := url.URL{Scheme: "http", Host: p.listener.Addr().String(), User: url.UserPassword(proxyUser, p.password.Reveal())}
	return entra.NewSecret(u.String())
}

// Logins returns the listener of the connections to login hosts, which are for
// the tenant's TLS server.
func (p *Proxy) Logins() net.Listener { return p.logins }

// Serve answers until ctx ends, then ends every tunnel and waits for it. It
// closes the listener. Call it once.
func (p *Proxy) Serve(ctx context.Context, errorLog *log.Logger) error {
	server := &http.Server{
		Handler:           p,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       requestTimeout,
		WriteTimeout:      requestTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          errorLog,
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() }) // requests are for tunnels, which end too
	err := server.Serve(p.listener)
	stopped := !stop()
	p.end()
	p.requests.Wait()
	if stopped {
		return nil
	}
	return err
}

// begin counts a request in, unless the proxy has ended.
func (p *Proxy) begin() bool {
	p.ending.Lock()
	defer p.ending.Unlock()
	if p.running.Err() != nil {
		return false
	}
	p.requests.Add(1)
	return true
}

func (p *Proxy) end() {
	p.ending.Lock()
	defer p.ending.Unlock()
	p.cancel()
}

// ServeHTTP answers one request: a connection to a login host goes to the tenant,
// one to another host becomes a tunnel.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !p.begin() {
		return
	}
	defer p.requests.Done()
	if !p.isAuthorized(r) {
		w.Header().Set("Proxy-Authenticate", `Basic realm="m2m"`)
		http.Error(w, "m2m: this proxy is for the programs that were given its user name and password", http.StatusProxyAuthRequired)
		return
	}
	host, status, err := p.target(r)
	switch {
	case err != nil:
		p.refuse(w, r, status, err)
	case entra.IsLoginHost(host):
		if conn, err := hijack(w); err == nil {
			p.logins.deliver(conn)
		}
	default:
		p.tunnel(w, r, host)
	}
}

// isAuthorized reports whether a request has the proxy's credentials (RFC 7617),
// once. It compares digests, so that the time it takes shows nothing.
func (p *Proxy) isAuthorized(r *http.Request) bool {
	sent := r.Header.Values("Proxy-Authorization")
	if len(sent) != 1 {
		return false
	}
	user, password, _ := (&http.Request{Header: http.Header{"Authorization": sent}}).BasicAuth()
	got := sha256.Sum256([]byte(user + ":" + password))
	want := sha256.Sum256([]byte(proxyUser + ":" + p.password.Reveal()))
	return subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

// target returns the host that a request wants to be connected with, or what is
// wrong with it.
func (p *Proxy) target(r *http.Request) (host string, status int, err error) {
	switch {
	case r.Method != http.MethodConnect && r.URL.IsAbs():
		return "", http.StatusForbidden, errors.New("plain http is not passed on, only tunnels to port 443 are")
	case r.Method != http.MethodConnect:
		return "", http.StatusBadRequest, errors.New("this is a proxy: it answers CONNECT HOST:443")
	case r.ContentLength != 0:
		return "", http.StatusBadRequest, errors.New("a CONNECT request has no content")
	}
	host, err = targetHost(r.RequestURI)
	if errors.Is(err, errTargetForm) {
		return "", http.StatusBadRequest, err
	}
	return host, http.StatusForbidden, err
}

// tunnel connects a client with another host.
func (p *Proxy) tunnel(w http.ResponseWriter, r *http.Request, host string) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(p.running, cancel)()
	far, err := p.dialer.dial(ctx, host)
	switch {
	case errors.Is(err, errTargetLoopback):
		p.refuse(w, r, http.StatusForbidden, err)
		return
	case err != nil:
		p.refuse(w, r, http.StatusBadGateway, err)
		return
	}
	client, err := hijack(w)
	if err != nil {
		_ = far.Close() // the client is gone
		return
	}
	p.report(r, http.StatusOK, "")
	relay(p.running, client, far, tunnelIdle)
}

// refuse answers why there is no tunnel. Many clients show the status alone.
func (p *Proxy) refuse(w http.ResponseWriter, r *http.Request, status int, reason error) {
	p.report(r, status, reason.Error())
	w.Header().Set("Connection", "close") // else the server waits for what the request may still hold
	http.Error(w, fmt.Sprintf("m2m: no tunnel to %s: %v", text.Quote(r.RequestURI), reason), status)
}

func (p *Proxy) report(r *http.Request, status int, reason string) {
	if p.onTunnel != nil {
		p.onTunnel(Request{time.Now(), text.Cut(r.RequestURI, longestTarget), status, reason})
	}
}

// hijack takes a connection over from the HTTP server and answers that the
// tunnel is open. What the client sent ahead of the answer is read first.
func hijack(w http.ResponseWriter) (net.Conn, error) {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, err
	}
	if _, err := conn.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n")); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &bufferedConn{conn, buffered.Reader}, nil
}
