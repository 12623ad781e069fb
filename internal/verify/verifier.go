package verify

import (
	"context"
	"time"

	"m2m/internal/entra"
)

// Options are the settings of a [Verifier] that are not policy.
type Options struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// CacheBytes bounds the memory in which Verify remembers believed tokens;
	// 0 means no cache. DefaultCacheBytes holds more than 10,000 tokens.
	CacheBytes int
}

// Verifier judges tokens by one policy and one key source. It is safe for
// concurrent use.
type Verifier struct{}

// New makes a verifier. An incomplete policy, or keys == nil, is no error:
// Judge then marks what it cannot decide unknown, and Verify believes nothing.
// See [Policy.Complete].
func New(p Policy, keys KeySource, o Options) (*Verifier, error) { panic("TODO") }

// Verify decides whether to believe a token. The error is an *Error. Tokens
// whose unverified claims already rule them out never cause a key to be
// fetched.
func (v *Verifier) Verify(ctx context.Context, token string) (*Token, error) { panic("TODO") }

// Judge runs every check and explains each. The token may be anything.
func (v *Verifier) Judge(ctx context.Context, token string) *Report { panic("TODO") }

// AuthorityOf returns the authority that a token says it came from, if its iss
// has the exact form of one of Entra's issuers. The token is not to be
// believed for that: the authority's keys have to verify it.
func AuthorityOf(t *Token) (a entra.Authority, ok bool) { panic("TODO") }
