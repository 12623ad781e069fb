package issuer

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"m2m/internal/entra"
	"m2m/internal/tenant/control"
	"m2m/internal/tenant/fault"
)

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
func (i *Issuer) Serve(ctx context.Context) error {
	server := i.newServer()
	group, ctx := errgroup.WithContext(ctx)
	listeners := []net.Listener{i.listener}
	if i.proxy != nil {
		listeners = append(listeners, i.proxy.Logins())
		group.Go(func() error { return i.proxy.Serve(ctx, server.ErrorLog) })
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
	group.Go(func() error {
		<-ctx.Done()
		return drain(server)
	})
	return group.Wait()
}

func (i *Issuer) newServer() *http.Server {
	errorLog := i.errorLog
	if errorLog == nil {
		errorLog = log.New(io.Discard, "", 0)
	}
	server := &http.Server{
		Handler:           i.Handler(),
		ConnContext:       fault.WithConnection,
		TLSConfig:         &tls.Config{MinVersion: tls.VersionTLS12, Certificates: i.certificates},
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       requestTimeout,
		WriteTimeout:      requestTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          errorLog,
	}
	server.RegisterOnShutdown(i.faults.Stop)
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

// Handler returns the endpoints without TLS, for a server of the caller's own.
// They answer anything else with 404. The control endpoint is among them, for
// requests that came over TLS.
func (i *Issuer) Handler() http.Handler {
	endpoints := i.entraEndpoints()
	if i.controlKey.IsZero() {
		return endpoints
	}
	controlled := i.controlHandler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, control.Path) {
			controlled.ServeHTTP(w, r)
			return
		}
		endpoints.ServeHTTP(w, r)
	})
}

func (i *Issuer) entraEndpoints() http.Handler {
	mux := http.NewServeMux()
	document := func(path string, place fault.Place, answer http.HandlerFunc) {
		mux.HandleFunc("GET "+path, i.faults.Wrap(place, answer))
		mux.HandleFunc("OPTIONS "+path, i.servePreflight)
	}
	document("/{tenant}/v2.0/.well-known/openid-configuration", fault.AtDiscovery, i.serveDiscovery(entra.V2))
	document("/{tenant}/.well-known/openid-configuration", fault.AtDiscovery, i.serveDiscovery(entra.V1))
	document("/{tenant}/discovery/v2.0/keys", fault.AtKeys, i.serveKeys(entra.V2))
	document("/{tenant}/discovery/keys", fault.AtKeys, i.serveKeys(entra.V1))
	document("/common/discovery/instance", fault.AtInstance, i.serveInstance)
	mux.HandleFunc("/{tenant}/oauth2/v2.0/token", i.faults.Wrap(fault.AtToken, i.serveToken(entra.V2)))
	mux.HandleFunc("/{tenant}/oauth2/token", i.faults.Wrap(fault.AtToken, i.serveToken(entra.V1)))
	return mux
}

// servePreflight answers a web page's question whether it may read a document
// (Fetch Standard, CORS-preflight): Entra's documents name OPTIONS as allowed.
func (i *Issuer) servePreflight(w http.ResponseWriter, r *http.Request) {
	newExchange(r, i.now()).documentHeaders(w.Header())
	w.WriteHeader(http.StatusOK)
}
