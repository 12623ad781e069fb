package verify

import (
	"context"
	"net/http"
	"time"

	"m2m/internal/entra"
)

// MetadataOptions are the settings of a [Metadata]. Only HTTP is required.
type MetadataOptions struct {
	// HTTP sends the requests. Its redirect policy is replaced: redirects to
	// another host are refused.
	HTTP *http.Client
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// KeyGrace is how long a key is kept after it vanished from the set,
	// because Entra's front ends disagree during a roll; 0 means
	// DefaultKeyGrace, negative none.
	KeyGrace time.Duration
	// MaxStale is the age at which keys that could not be renewed are no
	// longer trusted; 0 means DefaultMaxStale.
	MaxStale time.Duration
	// Refresh is how often Run renews; 0 means DefaultRefresh.
	Refresh time.Duration
}

// Defaults of [MetadataOptions].
const (
	DefaultKeyGrace = time.Hour
	DefaultMaxStale = 24 * time.Hour
	DefaultRefresh  = time.Hour
)

// Metadata is the [KeySource] of an Entra authority: it reads the OpenID
// Connect discovery document and the keys, of v2.0 or v1.0 as the token needs,
// when they are first asked for. [Metadata.Run] keeps them fresh in a server.
type Metadata struct {
	authority entra.Authority
}

// NewMetadata makes the key source of an authority. It sends nothing yet.
func NewMetadata(a entra.Authority, o MetadataOptions) (*Metadata, error) { panic("TODO") }

// Lookup implements [KeySource].
func (m *Metadata) Lookup(ctx context.Context, v entra.Version, kid string) (*Key, Issuer, error) {
	panic("TODO")
}

// Admits implements [KeySource].
func (m *Metadata) Admits(v entra.Version, issuer string) bool { panic("TODO") }

// Vouches implements [KeySource].
func (m *Metadata) Vouches(v entra.Version, k *Key) bool { panic("TODO") }

// Fetch renews discovery document and keys of one version now, if spacing
// allows, and waits for them. Readiness probes can call it: it sends nothing
// while the keys are fresh.
func (m *Metadata) Fetch(ctx context.Context, v entra.Version) error { panic("TODO") }

// Run keeps the keys fresh until ctx ends: at once, then every Refresh with
// jitter, sooner after a failure. A server runs it in a goroutine; a one-shot
// command does not.
func (m *Metadata) Run(ctx context.Context) { panic("TODO") }

// State is what an operator should see of one version's keys.
type State struct {
	Version    entra.Version
	Keys       int           // usable now, vanished ones in grace included
	Age        time.Duration // since the last success; negative if there was none
	Fetches    uint64        // attempts, good and bad
	Failures   uint64
	Suppressed uint64 // fetches that an unknown key ID asked for and spacing refused
	Skipped    int    // keys of the last answer that were not usable
	Err        error  // of the last attempt; nil if it succeeded
}

// State returns one entry for each version that was asked for.
func (m *Metadata) State() []State { panic("TODO") }
