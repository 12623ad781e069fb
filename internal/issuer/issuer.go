package issuer

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"m2m/internal/entra"
	"m2m/internal/tenant/directory"
	"m2m/internal/tenant/fault"
	"m2m/internal/tenant/intercept"
	"m2m/internal/tenant/keyring"
	"m2m/internal/tenant/mint"
)

// ErrNotLoopback says that the listener can be reached from other machines. A
// tenant with demo apps and a CA of its own is for this machine only.
var ErrNotLoopback = errors.New("the tenant's listener is not on a loopback address")

// Issuer is a local tenant, or several, ready to be served. Make one with New.
type Issuer struct {
	listener       net.Listener
	origin         string
	certificates   []tls.Certificate
	proxy          *intercept.Proxy // nil without interception
	caPEM          []byte
	maker          mint.Maker
	tokenLifetime  time.Duration
	longest        time.Duration // of a random token lifetime; 0 if it is fixed
	clock          clock
	faults         *fault.List
	controlKey     entra.Secret
	httpClient     *http.Client
	onTokenRequest func(TokenRequest)
	errorLog       *log.Logger
}

// New makes an issuer that answers on ln, which already listens: the issuer
// signs its own address into tokens. It makes a CA and a server certificate,
// and begins to make the signing keys in the background.
//
// The error is ErrNotLoopback, or a *directory.Error that names the first part at fault.
// The listener stays the caller's until Serve.
func New(ln net.Listener, cfg Config) (*Issuer, error) {
	address, ok := ln.Addr().(*net.TCPAddr)
	if !ok || !address.IP.IsLoopback() {
		return nil, fmt.Errorf("%w: %s", ErrNotLoopback, ln.Addr())
	}
	if wrong := cfg.check(); wrong != nil {
		return nil, wrong
	}
	i := &Issuer{
		listener:       ln,
		origin:         cfg.Origin,
		tokenLifetime:  cfg.TokenLifetime,
		longest:        cfg.LongestTokenLifetime,
		clock:          clock{base: cfg.Now},
		controlKey:     cfg.ControlKey,
		httpClient:     cfg.HTTPClient,
		onTokenRequest: cfg.OnTokenRequest,
		errorLog:       cfg.ErrorLog,
	}
	i.faults = fault.NewList(cfg.OnFault, i.refuse)
	if i.clock.base == nil {
		i.clock.base = time.Now
	}
	var err error
	if cfg.Intercept != nil {
		if i.proxy, err = intercept.New(cfg.Intercept); err != nil {
			return nil, err
		}
		i.origin = cmp.Or(i.origin, intercept.Origin())
	}
	i.origin = cmp.Or(i.origin, "https://"+address.String())
	i.maker = mint.Maker{Directory: directory.New(cfg.Tenants), Keys: keyring.New(i.now()), Origin: i.origin, Now: i.now}
	i.certificates, i.caPEM, err = newServerCertificates(time.Now(), address.IP, cfg.Intercept != nil)
	return i, err
}

// Origin returns the scheme, host and port that tokens and documents name,
// such as https://127.0.0.1:8443: what AZURE_AUTHORITY_HOST is set to.
func (i *Issuer) Origin() string { return i.origin }

// Authority returns where tokens of one tenant are asked for.
func (i *Issuer) Authority(tenant string) entra.Authority {
	return entra.Authority{Origin: i.origin, Tenant: tenant}
}

// ProxyURL returns the address of the proxy under interception, with its
// credentials, as HTTPS_PROXY takes it; the zero Secret without interception.
func (i *Issuer) ProxyURL() entra.Secret {
	if i.proxy == nil {
		return entra.Secret{}
	}
	return i.proxy.URL()
}

// CAPEM returns the certificate of the CA that clients have to trust, in PEM.
// Its key is gone, and it is constrained to loopback and Entra's login hosts.
func (i *Issuer) CAPEM() []byte { return i.caPEM }

func (i *Issuer) now() time.Time { return i.clock.now() }
