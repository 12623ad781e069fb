package local

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
	"m2m/internal/tenant"
	"m2m/internal/tenant/control"
	"m2m/internal/tenant/directory"
	"m2m/internal/tenant/fault"
	"m2m/internal/tenant/intercept"
	"m2m/internal/tenant/tenantfile"
	"m2m/internal/transport"
)

// Options says which tenants to run, and where they and their API listen.
type Options struct {
	Tenants tenantfile.File // at least one tenant with an API and a client
	// Faults are injected before the first request.
	Faults []fault.Fault
	// TenantAddr and APIAddr are HOST:PORT on loopback; port 0 is any free one. Without
	// APIAddr there is no API.
	TenantAddr, APIAddr string
	// Identity is the managed identity whose settings a COMMAND gets; nil means those
	// of the first client.
	Identity *directory.Client
	// IMDSAddr is where the tenant answers as the metadata service of virtual machines;
	// empty is nowhere.
	IMDSAddr string
	// Resources returns, of the API's origin, the identifiers that clients of the API
	// send as resource: they become App ID URIs of the API that is served.
	Resources func(origin string) ([]string, error)
	// APITLS says that the API is served over https.
	APITLS bool
	// Intercept opens a proxy through which the tenant answers as Entra's login
	// hosts.
	Intercept bool
	// CAFile holds roots for the issuers that federated credentials trust; empty
	// means the system's roots alone.
	CAFile string
	// Proxy chooses the proxy of what the tenant requests from others, and of the
	// tunnels it opens.
	Proxy func(*http.Request) (*url.URL, error)
	Observers
}

// Observers are called with what happens at the tenant; nil ones are not.
type Observers struct {
	OnTokenRequest func(tenant.TokenRequest)
	OnTunnel       func(intercept.Request)
	OnFault        func(fault.Answer)
}

// Server is a local tenant and the listener of the API that it issues tokens for,
// both listening. Make one with Open.
type Server struct {
	Tenants tenantfile.File
	Issuer  *tenant.Server
	APIURL  string // the API's origin; empty without an API

	identity       *directory.Client
	controlKey     entra.Secret
	tenantListener net.Listener
	apiListener    net.Listener
	identities     net.Listener // nil without managed identities
	imds           net.Listener
}

// Open opens both listeners and makes the tenants. What is wrong with an
// address or a CA file is an exit.Error.
func Open(o Options) (*Server, error) {
	outside, err := outsideIssuers(o)
	if err != nil {
		return nil, err
	}
	s := &Server{Tenants: o.Tenants, identity: o.Identity, controlKey: control.NewKey()}
	if err := s.listen(o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if o.Resources != nil && s.APIURL != "" {
		resources, err := o.Resources(s.APIURL)
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		o.Tenants.Tenants = withURIs(o.Tenants.Tenants, resources)
		s.Tenants = o.Tenants
	}
	if err := s.start(o, outside); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Server) listen(o Options) (err error) {
	if s.tenantListener, err = listenLoopback(o.TenantAddr, "--tenant-addr"); err != nil {
		return err
	}
	if o.APIAddr != "" {
		if s.apiListener, err = listenLoopback(o.APIAddr, "--addr"); err != nil {
			return err
		}
		s.APIURL = Origin(s.apiListener, o.APITLS)
	}
	if o.IMDSAddr != "" {
		if s.imds, err = listenIMDS(o.IMDSAddr); err != nil {
			return err
		}
	}
	if len(o.Tenants.Tenants[0].Identities) > 0 {
		if s.identities, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return fmt.Errorf("no port is free for managed identities: %w", err)
		}
	}
	return nil
}

// withURIs adds App ID URIs to the API of the first tenant's client, which is the one
// that is served.
func withURIs(tenants []directory.Tenant, uris []string) []directory.Tenant {
	home := tenants[0]
	served := home.APIOf(home.Clients[0], home.APIs[0]).ID
	home.APIs = slices.Clone(home.APIs)
	uris = slices.DeleteFunc(slices.Clone(uris), func(uri string) bool { // the file may have it
		return slices.ContainsFunc(home.APIs, func(api directory.API) bool { return slices.Contains(api.URIs, uri) })
	})
	for i, api := range home.APIs {
		if api.ID == served {
			home.APIs[i].URIs = slices.Concat(api.URIs, uris)
		}
	}
	return slices.Concat([]directory.Tenant{home}, tenants[1:])
}

func (s *Server) start(o Options, outside *http.Client) error {
	interception, err := interception(o)
	if err != nil {
		return err
	}
	s.Issuer, err = tenant.New(s.tenantListener, tenant.Config{
		Tenants: o.Tenants.Tenants, TokenLifetime: o.Tenants.TokenLifetime, LongestTokenLifetime: o.Tenants.LongestTokenLifetime,
		HTTPClient: outside, OnTokenRequest: o.OnTokenRequest, Intercept: interception,
		ControlKey: s.controlKey, OnFault: o.OnFault, Identities: s.identities, IMDS: s.imds,
	})
	if err != nil {
		return err
	}
	for _, f := range o.Faults {
		if err := s.Issuer.Inject(f); err != nil {
			return fmt.Errorf("the fault %s: %w", f, err)
		}
	}
	return nil
}

// outsideIssuers is the client that fetches the keys of the issuers that
// federated credentials trust.
func outsideIssuers(o Options) (*http.Client, error) {
	outside := transport.New(transport.Config{CAFile: o.CAFile, Proxy: o.Proxy})
	if o.CAFile != "" { // else the system's roots are read when they are needed, not at every start
		if err := outside.Check(); err != nil {
			return nil, err
		}
	}
	return &http.Client{Transport: outside}, nil
}

// interception opens the tenant's proxy on a free port: programs get its address
// together with its password, which is new for each run.
func interception(o Options) (*intercept.Options, error) {
	if !o.Intercept {
		return nil, nil
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("no port is free for --intercept: %w", err)
	}
	return &intercept.Options{Listener: listener, Parent: o.Proxy, OnTunnel: o.OnTunnel}, nil
}

// API serves an API on a listener until ctx ends.
type API func(ctx context.Context, listener net.Listener) error

// Serve runs the tenant and the API, which may be nil, until ctx ends.
func (s *Server) Serve(ctx context.Context, api API) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.Issuer.Serve(ctx) })
	if api != nil {
		group.Go(func() error { return api(ctx, s.apiListener) })
	}
	return group.Wait()
}

// RunWithChild serves tenant and API until the command exits, and returns its
// exit code. A signal ends the command first, so the servers do not see the end
// of ctx.
func (s *Server) RunWithChild(ctx context.Context, api API, c Command) (exit.Code, error) {
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	served := make(chan error, 1)
	go func() { served <- s.Serve(serving, api) }()

	code, err := c.Run(ctx)
	stop()
	return code, errors.Join(err, <-served)
}

// Close frees the addresses of a server that never served.
func (s *Server) Close() (err error) {
	for _, listener := range []net.Listener{s.tenantListener, s.apiListener, s.identities, s.imds} {
		if listener != nil {
			err = errors.Join(err, listener.Close())
		}
	}
	return err
}
