package tenant

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"m2m/internal/entra"
	"m2m/internal/tenant/control"
	"m2m/internal/tenant/directory"
	"m2m/internal/tenant/fault"
	"m2m/internal/tenant/identity"
	"m2m/internal/tenant/intercept"
	"m2m/internal/tenant/keyring"
	"m2m/internal/tenant/mint"
)

// ErrNotLoopback means that the listener can be reached from other machines. A
// tenant with demo apps and a CA of its own is for this machine only.
var ErrNotLoopback = errors.New("the tenant's listener is not on a loopback address")

// Server is a local tenant, or several. Make one with New.
type Server struct {
	listener     net.Listener
	config       Config
	certificates []tls.Certificate
	caPEM        []byte
	proxy        *intercept.Proxy // nil without interception
	maker        mint.Maker
	clock        clock
	faults       *fault.List
	identities   *identity.Endpoint
	requests     requestLog
}

// New makes a server that answers on ln, which already listens: tokens hold its
// address. It makes a CA and a server certificate, and begins to make the signing
// keys in the background.
//
// The error is ErrNotLoopback, intercept.ErrNotLoopback, or a *directory.Error
// that names the first part at fault. The listener stays the caller's until Serve.
func New(ln net.Listener, config Config) (*Server, error) {
	address, ok := ln.Addr().(*net.TCPAddr)
	if !ok || !address.IP.IsLoopback() {
		return nil, fmt.Errorf("%w: %s", ErrNotLoopback, ln.Addr())
	}
	for _, other := range []net.Listener{config.Identities, config.IMDS} {
		if other != nil && !isThisMachine(other.Addr()) {
			return nil, fmt.Errorf("%w: %s", ErrNotLoopback, other.Addr())
		}
	}
	if wrong := config.check(); wrong != nil {
		return nil, wrong
	}
	s := &Server{listener: ln, config: config, clock: clock{base: config.Now}}
	if s.clock.base == nil {
		s.clock.base = time.Now
	}
	origin := config.Origin
	var err error
	if config.Intercept != nil {
		if s.proxy, err = intercept.New(config.Intercept); err != nil {
			return nil, err
		}
		origin = cmp.Or(origin, intercept.Origin())
	}
	origin = cmp.Or(origin, "https://"+address.String())
	s.maker = mint.Maker{Directory: directory.New(config.Tenants), Keys: keyring.New(s.now()), Origin: origin, Now: s.now}
	s.faults = fault.NewList(config.OnFault, s.refuse)
	s.identities = s.newIdentities()
	s.certificates, s.caPEM, err = newServerCertificates(time.Now(), address.IP, config.Intercept != nil)
	return s, err
}

// isThisMachine reports whether an address is one of loopback, or that of IMDS, which
// is no other machine's where it can be listened on.
func isThisMachine(address net.Addr) bool {
	tcp, ok := address.(*net.TCPAddr)
	return ok && (tcp.IP.IsLoopback() || tcp.IP.Equal(net.IPv4(169, 254, 169, 254)))
}

// newIdentityHeader makes the secret of the managed identity endpoint. Azure's is 32
// hexadecimal digits.
func newIdentityHeader() entra.Secret {
	return entra.NewSecret(strings.ToUpper(strings.ReplaceAll(directory.NewGUID(), "-", "")))
}

// Origin returns the scheme, host and port that tokens and documents name,
// such as https://127.0.0.1:8443: what AZURE_AUTHORITY_HOST is set to.
func (s *Server) Origin() string { return s.maker.Origin }

// Authority returns where the tokens of one tenant are requested.
func (s *Server) Authority(tenant string) entra.Authority {
	return entra.Authority{Origin: s.maker.Origin, Tenant: tenant}
}

// IssuerOf returns the iss of one tenant's tokens.
func (s *Server) IssuerOf(v entra.Version, tenant string) string { return s.maker.IssuerOf(v, tenant) }

// KeysOf returns where the keys are published that verify one tenant's tokens.
func (s *Server) KeysOf(v entra.Version, tenant string) string {
	if v == entra.V1 {
		return s.maker.Origin + "/common/discovery/keys"
	}
	return s.maker.Origin + "/" + tenant + "/discovery/v2.0/keys"
}

// ProxyURL returns the address of the proxy under interception, with its
// credentials, as HTTPS_PROXY takes it; the zero Secret without interception.
func (s *Server) ProxyURL() entra.Secret {
	if s.proxy == nil {
		return entra.Secret{}
	}
	return s.proxy.URL()
}

// CAPEM returns the certificate of the CA that clients have to trust, in PEM.
// Its key is no longer there, and it is constrained to loopback and Entra's login hosts.
func (s *Server) CAPEM() []byte { return s.caPEM }

func (s *Server) now() time.Time { return s.clock.now() }

// clock is a tenant's clock: another one, and how far it is ahead of that.
type clock struct {
	base  func() time.Time
	ahead atomic.Int64 // nanoseconds
}

func (c *clock) now() time.Time          { return c.base().Add(c.offset()) }
func (c *clock) offset() time.Duration   { return time.Duration(c.ahead.Load()) }
func (c *clock) set(ahead time.Duration) { c.ahead.Store(int64(ahead)) }

// Bounds of the HTTP server. Requests are small and answered at once.
const (
	headerTimeout  = 10 * time.Second
	requestTimeout = 30 * time.Second
	idleTimeout    = 2 * time.Minute
	drainTimeout   = 5 * time.Second
	maxHeaderBytes = 32 << 10
)

// Serve answers over TLS until ctx ends, then waits for requests in flight, at
// most five seconds, and returns nil. It returns an error if a listener
// fails by itself. It closes the listeners. Call it once.
func (s *Server) Serve(ctx context.Context) error {
	server := s.newServer()
	group, ctx := errgroup.WithContext(ctx)
	listeners := []net.Listener{s.listener}
	if s.proxy != nil {
		listeners = append(listeners, s.proxy.Logins())
		group.Go(func() error { return s.proxy.Serve(ctx, server.ErrorLog) })
	}
	for _, listener := range listeners {
		group.Go(func() error {
			err := server.ServeTLS(listener, "", "")
			if errors.Is(err, http.ErrServerClosed) {
				return nil // by drain
			}
			return err
		})
	}
	servers := []*http.Server{server}
	for listener, plain := range s.identityServers() {
		servers = append(servers, plain)
		group.Go(func() error { return serveUntilShutdown(plain, listener) })
	}
	for _, server := range servers {
		group.Go(func() error {
			<-ctx.Done()
			return drain(server)
		})
	}
	return group.Wait()
}

func serveUntilShutdown(server *http.Server, listener net.Listener) error {
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (s *Server) newServer() *http.Server {
	errorLog := s.config.ErrorLog
	if errorLog == nil {
		errorLog = log.New(io.Discard, "", 0)
	}
	server := &http.Server{
		Handler:     s.handler(),
		ConnContext: fault.WithConnection,
		// A client certificate is not needed, but if one is sent it must be that of
		// the assertion (AADSTS500181).
		TLSConfig:         &tls.Config{MinVersion: tls.VersionTLS12, Certificates: s.certificates, ClientAuth: tls.RequestClientCert},
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       requestTimeout,
		WriteTimeout:      requestTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          errorLog,
	}
	server.RegisterOnShutdown(s.faults.Stop)
	return server
}

// drain waits for requests in flight, then cuts off those that take too long.
func drain(server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	err := server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return server.Close()
	}
	return err
}

// handler returns the endpoints, the control endpoint among them. They answer
// anything else with 404.
func (s *Server) handler() http.Handler {
	endpoints := s.entraEndpoints()
	if s.config.ControlKey.IsZero() {
		return endpoints
	}
	controlled := s.controlHandler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, control.Path) {
			controlled.ServeHTTP(w, r)
			return
		}
		endpoints.ServeHTTP(w, r)
	})
}

func (s *Server) entraEndpoints() http.Handler {
	mux := http.NewServeMux()
	document := func(path string, place fault.Place, answer http.HandlerFunc) {
		mux.HandleFunc("GET "+path, s.faults.Wrap(place, answer))
		mux.HandleFunc("OPTIONS "+path, s.servePreflight)
	}
	document("/{tenant}/v2.0/.well-known/openid-configuration", fault.AtDiscovery, s.serveDiscovery(entra.V2))
	document("/{tenant}/.well-known/openid-configuration", fault.AtDiscovery, s.serveDiscovery(entra.V1))
	document("/{tenant}/discovery/v2.0/keys", fault.AtKeys, s.serveKeys(entra.V2))
	document("/{tenant}/discovery/keys", fault.AtKeys, s.serveKeys(entra.V1))
	document("/common/discovery/instance", fault.AtInstance, s.serveInstance)
	for _, form := range []string{"oauth-authorization-server", "openid-configuration"} {
		mux.HandleFunc("/.well-known/"+form, s.serveNotFound)
		mux.HandleFunc("/.well-known/"+form+"/", s.serveNotFound)
	}
	mux.HandleFunc("/{tenant}/oauth2/v2.0/token", s.faults.Wrap(fault.AtToken, s.serveToken(entra.V2)))
	mux.HandleFunc("/{tenant}/oauth2/token", s.faults.Wrap(fault.AtToken, s.serveToken(entra.V1)))
	return mux
}

// serveNotFound answers as Entra does for the first two forms in which clients of MCP
// look for a discovery document, /.well-known/oauth-authorization-server/TENANT/v2.0
// and /.well-known/openid-configuration/TENANT/v2.0 (microsoft/vscode #278875): they
// then ask for the third, which exists.
func (s *Server) serveNotFound(w http.ResponseWriter, r *http.Request) {
	newExchange(r, s.now()).commonHeaders(w.Header())
	w.Header().Set("Cache-Control", "private")
	w.WriteHeader(http.StatusNotFound)
}

// servePreflight answers a browser that a web page may read a document (Fetch
// Standard, CORS-preflight): Entra's documents name OPTIONS as allowed.
func (s *Server) servePreflight(w http.ResponseWriter, r *http.Request) {
	newExchange(r, s.now()).documentHeaders(w.Header())
	w.WriteHeader(http.StatusOK)
}
