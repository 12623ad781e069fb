package token

import (
	"context"
	"strings"
	"sync"
	"time"

	"m2m/internal/entra"
	"m2m/internal/text"
	"m2m/internal/token/cache"
	"m2m/internal/transport"
)

// Request says which token to acquire.
type Request struct {
	// Authority is the tenant and the login host to ask.
	Authority entra.Authority
	// ClientID is the application's ID. Managed identities need none.
	ClientID string
	// Scope is one resource followed by "/.default".
	Scope string
	// Claims is a claims challenge, a JSON object, passed on as it is; empty
	// for none.
	Claims string
	// Region selects a regional endpoint of Entra, such as "westeurope"; empty
	// for the global one.
	Region string
	// Agent is the ID of an agent identity of the application, which is then its
	// blueprint: the token is the agent's. Empty for the application itself.
	Agent string
	// Credential proves the application's identity.
	Credential Credential
	// MinTTL is the minimum remaining lifetime. A token from the cache always has
	// five minutes left.
	MinTTL time.Duration
	// Refresh requests a token although the cache may have one, and stores it there.
	Refresh bool
}

// Source says where a token came from.
type Source string

// The two sources.
const (
	SourceCache Source = "cache"
	SourceIDP   Source = "idp"
)

// Token is an access token and what is known about it without reading it.
type Token struct {
	// Access is the token itself.
	Access entra.Secret
	// Type is the token type; Entra's is always Bearer.
	Type string
	// ExpiresOn is when the token stops working.
	ExpiresOn time.Time
	// RefreshOn is when Entra advises to request the next one; zero if it did not
	// say.
	RefreshOn time.Time
	// Source says whether it came from the cache.
	Source Source
	// ClientID and Resource are those of a managed identity's answer; empty where it
	// does not say, and for other credentials.
	ClientID, Resource string
	// Short reports that the token does not live for Request.MinTTL although it
	// is the freshest there is.
	Short bool
}

// Client acquires tokens. Its zero value works: the system's roots, no proxy,
// no cache. A Client may be used by several goroutines at once; its fields must
// not change after the first use.
type Client struct {
	// Transport carries every request; nil is the zero Transport.
	Transport *transport.Transport
	// Cache keeps tokens between processes; nil keeps none.
	Cache *cache.Store
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Wait pauses before a retry and returns early with the context's error;
	// nil is a timer.
	Wait func(ctx context.Context, d time.Duration) error
	// Debug receives lines that say what happens and why, without secrets; may be
	// nil.
	Debug func(line string)
	// Warn receives lines about what will probably be rejected; may be nil.
	Warn func(line string)

	own          sync.Once
	ownTransport *transport.Transport
}

// defaultTimeout bounds Acquire if the context has no deadline.
const defaultTimeout = 30 * time.Second

// leastTTL is the least remaining lifetime of a token from the cache. It is MSAL's
// rule: a request, its retries and a slow clock must fit in.
const leastTTL = 5 * time.Minute

// Acquire returns a token for the request, from the cache if one there lives
// long enough, else from the identity provider. A context without a deadline
// gets one of 30 seconds. The errors match ErrSettings, ErrRefused,
// ErrUnavailable or the context's.
func (c *Client) Acquire(ctx context.Context, r Request) (Token, error) {
	if err := r.Check(c.now()); err != nil {
		return Token{}, err
	}
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, defaultTimeout)
		defer cancel()
	}
	if repaired, ok := r.Credential.(repaired); ok {
		if what, changed := repaired.repairs(); len(changed) > 0 {
			c.debug(what + ": read without " + strings.Join(changed, ", "))
		}
	}
	token, err := c.cachedOrNew(ctx, r)
	if err != nil {
		return Token{}, err
	}
	token.Short = token.ExpiresOn.Sub(c.now()) < r.MinTTL
	return token, nil
}

// cachedOrNew goes through the cache if there is one for this credential.
func (c *Client) cachedOrNew(ctx context.Context, r Request) (Token, error) {
	secret := r.Credential.sealingSecret()
	switch {
	case c.Cache == nil:
		c.debug("cache: off")
	case secret.IsZero():
		c.debug("cache: a " + r.Credential.Kind() + " has no lasting secret to seal it with")
	default:
		slot, err := c.Cache.Slot(r.cacheKey(secret))
		if err == nil {
			return c.throughCache(ctx, slot, r)
		}
		c.debug("cache: not used: " + err.Error())
	}
	return c.request(ctx, r)
}

// request requests a token from the identity provider.
func (c *Client) request(ctx context.Context, r Request) (Token, error) {
	c.debug("asking " + r.Credential.provider(r) + " for " + text.Quote(r.Scope) + " with the " + r.Credential.String())
	return r.Credential.acquire(ctx, c, r)
}

func (c *Client) now() time.Time {
	if c.Now == nil {
		return time.Now()
	}
	return c.Now()
}

func (c *Client) waiter() func(context.Context, time.Duration) error {
	if c.Wait == nil {
		return transport.Sleep
	}
	return c.Wait
}

func (c *Client) debug(line string) {
	if c.Debug != nil {
		c.Debug(line)
	}
}

func (c *Client) warn(line string) {
	if c.Warn != nil {
		c.Warn(line)
	}
}

// transport returns the transport to use, the client's own if none was given.
func (c *Client) transport() *transport.Transport {
	if c.Transport == nil {
		c.own.Do(func() { c.ownTransport = new(transport.Transport) })
		return c.ownTransport
	}
	return c.Transport
}
