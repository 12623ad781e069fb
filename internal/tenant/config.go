package tenant

import (
	"log"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"m2m/internal/entra"
	"m2m/internal/tenant/directory"
	"m2m/internal/tenant/fault"
	"m2m/internal/tenant/intercept"
	"m2m/internal/text"
)

// Config is which tenants a Server has, and how it behaves.
type Config struct {
	// Tenants that exist. At least one.
	Tenants []directory.Tenant
	// TokenLifetime is how long every token lives. Zero means as Entra does by
	// default: a random time between 60 and 90 minutes for each token.
	TokenLifetime time.Duration
	// LongestTokenLifetime, if it is longer than TokenLifetime, makes each
	// token's life a random time between the two.
	LongestTokenLifetime time.Duration
	// Origin overrides the origin that documents and tokens name. Empty means
	// that of the listener, such as https://127.0.0.1:8443; under interception
	// it means https://login.microsoftonline.com.
	Origin string
	// Intercept makes the server answer as Entra's login hosts too, through a
	// proxy. Nil means that it does not.
	Intercept *intercept.Options
	// Identities is where the tenant answers as the managed identity endpoint of App
	// Service, over plain http on a loopback address; nil is nowhere. It stays the
	// caller's until Serve.
	Identities net.Listener
	// IMDS is where it answers as the metadata service of virtual machines, the same.
	IMDS net.Listener
	// Now is the tenant's clock, for tokens and the expiry of secrets. Nil means
	// time.Now. TLS certificates follow the machine's clock in any case,
	// because the clients' TLS libraries do.
	Now func() time.Time
	// HTTPClient fetches the documents and keys of outside issuers. It is needed
	// only where a client has federated credentials.
	HTTPClient *http.Client
	// OnTokenRequest is called with every request at a token endpoint, after its
	// answer is decided and before it is sent, from many goroutines at once. It
	// may be nil.
	OnTokenRequest func(TokenRequest)
	// OnFault is called with every request that meets a fault, before it is
	// answered, from many goroutines at once. It may be nil.
	OnFault func(fault.Answer)
	// ControlKey opens the control endpoint: see control.NewKey. The zero value
	// means that there is no such endpoint.
	ControlKey entra.Secret
	// ErrorLog receives the errors of the HTTP server, such as failed TLS
	// handshakes: most often a client that does not trust the CA. Nil discards
	// them.
	ErrorLog *log.Logger
}

// check returns the first part of the configuration that cannot be; nil if there
// is none.
func (c *Config) check() *directory.Error {
	switch u, err := url.Parse(c.Origin); {
	case c.TokenLifetime < 0:
		return &directory.Error{Field: "TokenLifetime", Problem: "it is negative"}
	case c.LongestTokenLifetime != 0 && c.LongestTokenLifetime < c.TokenLifetime:
		return &directory.Error{Field: "LongestTokenLifetime", Problem: "it is shorter than the shortest lifetime"}
	case c.Origin != "" && (err != nil || u.Scheme != "https" || u.Host == "" || u.Scheme+"://"+u.Host != c.Origin):
		return &directory.Error{Field: "Origin", Problem: text.Quote(c.Origin) + " is not an https origin"}
	case c.HTTPClient == nil && c.hasFederated():
		return &directory.Error{Field: "HTTPClient", Problem: "a client has federated credentials, and nothing can fetch their issuers' keys"}
	}
	if wrong := directory.Check(c.Tenants); len(wrong) > 0 {
		return wrong[0]
	}
	return nil
}

func (c *Config) hasFederated() bool {
	return slices.ContainsFunc(c.Tenants, func(t directory.Tenant) bool {
		return slices.ContainsFunc(t.Clients, func(c directory.Client) bool { return len(c.Federated) > 0 })
	})
}
