package token

import (
	"context"
	"errors"
	"time"

	"m2m/internal/entra"
)

// Request says which token is wanted.
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
	// Credential proves the application's identity.
	Credential Credential
	// MinTTL is how long the token must live at the least. A token from the
	// cache always has five minutes left.
	MinTTL time.Duration
	// Refresh asks for a token that is not from the cache, and stores it there.
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
	// RefreshOn is when Entra advises to ask for the next one; zero if it did
	// not say.
	RefreshOn time.Time
	// Source says whether it came from the cache.
	Source Source
	// Short reports that the token does not live for Request.MinTTL although it
	// is the freshest there is.
	Short bool
}

// Client acquires tokens. Its zero value works: the system's roots, no proxy,
// no cache. A Client may be used by several goroutines at once; its fields must
// not change after the first use.
type Client struct {
	// Transport carries every request; nil is a Transport of its own with
	// nothing set.
	Transport *Transport
	// Cache keeps tokens between processes; nil keeps none.
	Cache *Cache
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Wait pauses before a retry and returns early with the context's error;
	// nil is a timer.
	Wait func(ctx context.Context, d time.Duration) error
	// Debug receives lines that say what happens and why, without secrets; nil
	// receives none.
	Debug func(line string)
}

// Acquire returns a token for the request, from the cache if one there lives
// long enough, else from the identity provider. Its errors match ErrSettings,
// ErrRefused, ErrUnavailable or the context's.
func (c *Client) Acquire(ctx context.Context, r Request) (Token, error) {
	return Token{}, errors.New("not written yet")
}

// Check says what is known to be wrong with the request before anything is
// sent. Its errors are SettingErrors.
func (r Request) Check(now time.Time) error { return nil }
