package issuer

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
	"m2m/internal/tenant/refusal"
)

// proxyUser is the user name of every run's proxy; its password is new each
// time.
const proxyUser = "m2m"

// interceptor is the proxy of an interception.
type interceptor struct {
	listener net.Listener
	password entra.Secret
	login    *handed // what is for the issuer
	dialer   dialer
	onTunnel func(TunnelRequest)
	// closing ends when the proxy does, and with it every tunnel.
	closing context.Context
	end     context.CancelFunc
	// gate guards the step from open to closing: no request enters after it.
	gate     sync.Mutex
	requests sync.WaitGroup
}

func newInterceptor(c *Interception) (*interceptor, error) {
	address, ok := c.Listener.Addr().(*net.TCPAddr)
	if !ok || !address.IP.IsLoopback() {
		return nil, fmt.Errorf("%w: %s", ErrNotLoopback, c.Listener.Addr())
	}
	closing, stop := context.WithCancel(context.Background())
	return &interceptor{
		listener: c.Listener,
		password: entra.NewSecret(rand.Text()),
		login:    newHanded(c.Listener.Addr()),
		dialer:   dialer{c.Parent},
		onTunnel: c.OnTunnel,
		closing:  closing,
		end:      stop,
	}, nil
}

// url is the proxy's address with its credentials, as HTTPS_PROXY takes it.
func (p *interceptor) url() *url.URL {
	return &url.URL{Scheme: "http", Host: p.listener.Addr().String(), User: url.UserPassword(proxyUser, p.password.Reveal())}
}

// serve answers until ctx ends, then ends every tunnel and waits for it. It
// closes the listener.
func (p *interceptor) serve(ctx context.Context, errorLog *log.Logger) error {
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
	ended := !stop()
	p.closeGate()
	p.requests.Wait()
	if ended {
		return nil
	}
	return err
}

// enter counts a request in, unless the proxy is about to end.
func (p *interceptor) enter() bool {
	p.gate.Lock()
	defer p.gate.Unlock()
	if p.closing.Err() != nil {
		return false
	}
	p.requests.Add(1)
	return true
}

func (p *interceptor) closeGate() {
	p.gate.Lock()
	defer p.gate.Unlock()
	p.end()
}

// ServeHTTP answers one request: a connection to a login host goes to the
// issuer, one to another host becomes a tunnel.
func (p *interceptor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !p.enter() {
		return
	}
	defer p.requests.Done()
	if !p.admits(r) {
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
			p.login.take(conn)
		}
	default:
		p.tunnel(w, r, host)
	}
}

// admits reports whether a request has the proxy's credentials (RFC 7617),
// once. It compares digests, so that the time it takes tells nothing.
func (p *interceptor) admits(r *http.Request) bool {
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
func (p *interceptor) target(r *http.Request) (host string, status int, err error) {
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
func (p *interceptor) tunnel(w http.ResponseWriter, r *http.Request, host string) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(p.closing, cancel)()
	far, err := p.dialer.dial(ctx, host)
	switch {
	case errors.Is(err, errTargetLoopback):
		p.refuse(w, r, http.StatusForbidden, err)
		return
	case err != nil:
		p.refuse(w, r, http.StatusBadGateway, err)
		return
	}
	near, err := hijack(w)
	if err != nil {
		_ = far.Close() // the client is gone
		return
	}
	p.tell(r, http.StatusOK, "")
	join(p.closing, near, far, tunnelIdle)
}

// refuse says why there is no tunnel. Many clients show the status alone.
func (p *interceptor) refuse(w http.ResponseWriter, r *http.Request, status int, reason error) {
	p.tell(r, status, reason.Error())
	w.Header().Set("Connection", "close") // else the server waits for what the request may still hold
	http.Error(w, fmt.Sprintf("m2m: no tunnel to %s: %v", refusal.Quote(r.RequestURI), reason), status)
}

func (p *interceptor) tell(r *http.Request, status int, reason string) {
	if p.onTunnel != nil {
		p.onTunnel(TunnelRequest{time.Now(), refusal.Bound(r.RequestURI), status, reason})
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
	return &peeked{conn, buffered.Reader}, nil
}
