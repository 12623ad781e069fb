package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"

	"golang.org/x/sync/errgroup"

	"m2m/internal/entra"
	"m2m/internal/exit"
	"m2m/internal/issuer"
	"m2m/internal/transport"
)

// localOptions says which tenants to run, and where they and their API listen.
type localOptions struct {
	tenants issuer.TenantFile
	// faults are injected before the first request.
	faults []issuer.Fault
	// tenantAddr and apiAddr are HOST:PORT on loopback; port 0 is any free one.
	tenantAddr, apiAddr string
	// apiTLS says that the API is served over https.
	apiTLS bool
	// intercept opens a proxy through which the tenant answers as Entra's login
	// hosts.
	intercept bool
	// caFile holds roots for the issuers that federated credentials trust; empty
	// means the system's roots alone.
	caFile string
	// proxy chooses the proxy of what the tenant requests from others, and of the
	// tunnels it opens.
	proxy func(*http.Request) (*url.URL, error)
	observers
}

// observers are called with what happens at the tenant; nil ones are not.
type observers struct {
	onTokenRequest func(issuer.TokenRequest)
	onTunnel       func(issuer.TunnelRequest)
	onFault        func(issuer.FaultAnswer)
}

// localServer is a local tenant and the listener of the API that it issues
// tokens for, both listening. Make one with openLocal.
type localServer struct {
	tenants        issuer.TenantFile
	issuer         *issuer.Issuer
	controlKey     entra.Secret
	tenantListener net.Listener
	apiListener    net.Listener
	apiURL         string // the API's origin
}

// openLocal opens both listeners and makes the tenants. What is wrong with an
// address or a CA file is an exit.Error.
func openLocal(o localOptions) (*localServer, error) {
	outside, err := outsideIssuers(o)
	if err != nil {
		return nil, err
	}
	s := &localServer{tenants: o.tenants, controlKey: issuer.NewControlKey()}
	if s.tenantListener, err = listenLoopback(o.tenantAddr, "--tenant-addr"); err != nil {
		return nil, err
	}
	if s.apiListener, err = listenLoopback(o.apiAddr, "--addr"); err != nil {
		return nil, errors.Join(err, s.tenantListener.Close())
	}
	s.apiURL = originOf(s.apiListener, o.apiTLS)
	if err := s.start(o, outside); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *localServer) start(o localOptions, outside *http.Client) error {
	interception, err := interception(o)
	if err != nil {
		return err
	}
	s.issuer, err = issuer.New(s.tenantListener, issuer.Config{
		Tenants: o.tenants.Tenants, TokenLifetime: o.tenants.TokenLifetime, LongestTokenLifetime: o.tenants.LongestTokenLifetime,
		HTTPClient: outside, OnTokenRequest: o.onTokenRequest, Intercept: interception,
		ControlKey: s.controlKey, OnFault: o.onFault,
	})
	if err != nil {
		return err
	}
	for _, f := range o.faults {
		if err := s.issuer.Inject(f); err != nil {
			return fmt.Errorf("the fault %s: %w", f, err)
		}
	}
	return nil
}

// outsideIssuers is the client that fetches the keys of the issuers that
// federated credentials trust.
func outsideIssuers(o localOptions) (*http.Client, error) {
	outside := transport.New(transport.Config{CAFile: o.caFile, Proxy: o.proxy})
	if o.caFile != "" { // else the system's roots are read when they are needed, not at every start
		if err := outside.Check(); err != nil {
			return nil, err
		}
	}
	return &http.Client{Transport: outside}, nil
}

// interception opens the tenant's proxy on a free port: programs get its address
// together with its password, which is new for each run.
func interception(o localOptions) (*issuer.Interception, error) {
	if !o.intercept {
		return nil, nil
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("no port is free for --intercept: %w", err)
	}
	return &issuer.Interception{Listener: listener, Parent: o.proxy, OnTunnel: o.onTunnel}, nil
}

// environment lists the settings of one client of a running tenant, by the names
// they have in the environment.
func (s *localServer) environment(tenant issuer.Tenant, client issuer.Client) map[string]string {
	fallback := slices.Concat(tenant.APIs, s.tenants.Tenants[0].APIs)[0]
	return localEnvironment(s.issuer.Origin(), tenant, client, tenant.APIOf(client, fallback), s.apiURL)
}

// apiRunner serves an API on a listener until ctx ends.
type apiRunner func(ctx context.Context, listener net.Listener) error

// serve runs the tenant and the API until ctx ends.
func (s *localServer) serve(ctx context.Context, api apiRunner) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.issuer.Serve(ctx) })
	group.Go(func() error { return api(ctx, s.apiListener) })
	return group.Wait()
}

// runWithChild serves tenant and API until the command exits, and returns its
// exit code. A signal ends the command first, so the servers do not see the end
// of ctx.
func (s *localServer) runWithChild(ctx context.Context, api apiRunner, c command) (exit.Code, error) {
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	served := make(chan error, 1)
	go func() { served <- s.serve(serving, api) }()

	code, err := c.run(ctx)
	stop()
	return code, errors.Join(err, <-served)
}

// close frees the addresses of a server that never served.
func (s *localServer) close() error {
	return errors.Join(s.tenantListener.Close(), s.apiListener.Close())
}

// listenLoopback opens an address of this machine alone: a tenant with demo apps
// and an API that accepts its tokens must not be reached from elsewhere.
func listenLoopback(address, flag string) (net.Listener, error) {
	if err := checkLoopback(address, flag); err != nil {
		return nil, err
	}
	return listen(address, flag)
}

func checkLoopback(address, flag string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return exit.Usagef("%s %q is not HOST:PORT", flag, address).Wrap(err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return exit.Usagef("%s %s can be reached from other machines; --local only ever listens on loopback", flag, address).
			Hintf("give %s 127.0.0.1:PORT, or localhost or [::1]", flag)
	}
	return nil
}

// listen opens an address. flag is the flag that chose it.
func listen(address, flag string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, exit.Usagef("cannot listen on %s: %v", address, exit.RootCause(err)).
			Hintf("choose another address with %s, such as 127.0.0.1:0 for any free port", flag).
			Wrap(err)
	}
	return listener, nil
}

// originOf is the scheme, host and port of an API that listens.
func originOf(listener net.Listener, tls bool) string {
	scheme := "http"
	if tls {
		scheme = "https"
	}
	return (&url.URL{Scheme: scheme, Host: listener.Addr().String()}).String()
}
