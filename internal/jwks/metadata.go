package jwks

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
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

// ErrNoHTTPClient: no client is given, and a global one is not used.
var ErrNoHTTPClient = errors.New("no HTTP client is given")

// Metadata is the [Source] of an Entra authority: it reads the OpenID
// Connect discovery document and the keys, of v2.0 or v1.0 as the token needs,
// when they are first asked for. [Metadata.Run] keeps them fresh in a server.
type Metadata struct {
	authority entra.Authority
	keyIssuer string
	refresh   time.Duration
	pin       tenantPin
	v1, v2    feed
}

var _ Source = (*Metadata)(nil)

// NewMetadata makes the key source of an authority. It sends nothing yet. The
// error matches entra.ErrAuthorityHost, entra.ErrTenantForm or ErrNoHTTPClient.
func NewMetadata(a entra.Authority, o MetadataOptions) (*Metadata, error) {
	origin, err := entra.ParseAuthorityHost(a.Origin)
	switch {
	case err != nil:
		return nil, err
	case o.HTTP == nil:
		return nil, ErrNoHTTPClient
	case a.Tenant == "" || strings.ContainsAny(a.Tenant, "/?#%"):
		return nil, entra.ErrTenantForm
	}
	a.Origin = origin
	m := &Metadata{authority: a, keyIssuer: expectedIssuer(a, entra.V2), refresh: orDefault(o.Refresh, DefaultRefresh)}
	m.v1.open(a, entra.V1, o, &m.pin)
	m.v2.open(a, entra.V2, o, &m.pin)
	return m, nil
}

func (f *feed) open(a entra.Authority, v entra.Version, o MetadataOptions, pin *tenantPin) {
	f.version, f.fetcher, f.now, f.pin = v, newFetcher(o.HTTP, a), o.Now, pin
	if f.now == nil {
		f.now = time.Now
	}
	f.grace = orDefault(o.KeyGrace, DefaultKeyGrace)
	f.stale = orDefault(o.MaxStale, DefaultMaxStale)
	f.renew = orDefault(o.Refresh, DefaultRefresh)
}

func orDefault(d, standard time.Duration) time.Duration {
	if d == 0 {
		return standard
	}
	return d
}

// Authority returns the authority whose keys these are.
func (m *Metadata) Authority() entra.Authority { return m.authority }

// Lookup implements [Source].
func (m *Metadata) Lookup(ctx context.Context, v entra.Version, _, kid string) (*Key, Issuer, error) {
	k, s, err := m.feed(v).lookup(ctx, kid)
	issuer := Issuer{Hint: expectedIssuer(m.authority, v), KeyIssuer: m.keyIssuer}
	if s != nil {
		issuer.Name, issuer.Cloud = s.issuer, s.cloud
	}
	if !entra.IsGUID(m.authority.Tenant) {
		issuer.Domain = m.authority.Tenant
	}
	return k, issuer, err
}

func (m *Metadata) feed(v entra.Version) *feed {
	if v == entra.V1 {
		return &m.v1
	}
	return &m.v2
}

// Admits implements [Source]. Before the document is read it goes by the
// form of the issuer, as discovery itself does.
func (m *Metadata) Admits(v entra.Version, issuer string) bool {
	s := m.feed(v).snapshot()
	if s == nil {
		return issuerFits(m.authority, v, issuer)
	}
	_, tenant, ok := SplitIssuer(v, issuer)
	return ok && MatchesIssuer(s.issuer, tenant, issuer)
}

// Trusts implements [Source].
func (m *Metadata) Trusts(v entra.Version, k *Key) bool {
	f := m.feed(v)
	s := f.snapshot()
	return s != nil && k != nil && f.find(s, k.ID) == k
}

// Fetch makes sure that keys of one version are at hand and waits for them.
// Readiness probes can call it: it sends nothing while there are keys, and
// keeps the spacing while there are none.
func (m *Metadata) Fetch(ctx context.Context, v entra.Version) error {
	f := m.feed(v)
	if f.snapshot() != nil {
		return nil
	}
	_, err := f.request(ctx, "")
	return err
}

// Run keeps the keys fresh until ctx ends: at once unless they are, then every Refresh
// with a tenth of jitter, sooner after a failure. v1.0 keys are kept fresh from their
// first use on. A server runs it in a goroutine; a one-shot command does not.
func (m *Metadata) Run(ctx context.Context) {
	retry := time.Minute
	for {
		wait := jitter(m.refresh)
		if err := m.renewIfDue(ctx); err == nil {
			retry = time.Minute
		} else if wait > retry {
			wait, retry = jitter(retry), 2*retry
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// renewIfDue spares the fetch that the start of a server has just made.
func (m *Metadata) renewIfDue(ctx context.Context) error {
	if s := m.v2.snapshot(); s != nil && m.v2.now().Sub(s.fetched) < m.refresh/10 {
		return nil
	}
	return m.renew(ctx)
}

func (m *Metadata) renew(ctx context.Context) error {
	err := m.v2.refresh(ctx)
	if m.v1.current.Load() != nil {
		err = errors.Join(err, m.v1.refresh(ctx))
	}
	return err
}

// jitter spreads the requests of a fleet that was started at one moment.
func jitter(d time.Duration) time.Duration {
	return d*9/10 + rand.N(d/5+1)
}

// issuer returns the issuer of v2.0 tokens, if it is known.
func (m *Metadata) issuer() (name string, ok bool) {
	if s := m.v2.current.Load(); s != nil {
		return s.issuer, true
	}
	return expectedIssuer(m.authority, entra.V2), entra.IsGUID(m.authority.Tenant)
}

// tenantPin is the tenant that a domain name stands for. It never changes once it is
// known: whoever takes over the domain later is not let in.
type tenantPin struct{ guid atomic.Pointer[string] }

// ErrTenantChanged says that a domain name stands for another tenant than before.
var ErrTenantChanged = errors.New("the domain name stands for another tenant than at the start")

// check pins the tenant of an issuer, or compares it.
func (p *tenantPin) check(v entra.Version, issuer string) error {
	_, guid, _ := SplitIssuer(v, issuer)
	if !entra.IsGUID(guid) || p.guid.CompareAndSwap(nil, &guid) {
		return nil
	}
	if pinned := *p.guid.Load(); pinned != guid {
		return fmt.Errorf("%w: expected %s, found %s", ErrTenantChanged, pinned, guid)
	}
	return nil
}

// State is what an operator should see of one version's keys.
type State struct {
	Tenant     string // as it is configured
	Version    entra.Version
	Keys       int           // usable now, vanished ones in grace included
	Age        time.Duration // since the last success; negative if there was none
	Fetches    uint64        // attempts, good and bad
	Failures   uint64
	Suppressed uint64 // fetches that an unknown key ID asked for and spacing refused
	Skipped    int    // keys of the last good answer that were not usable
	Err        error  // of the last attempt; nil if it succeeded
}

// State returns one entry for each version that was asked for.
func (m *Metadata) State() []State {
	var states []State
	for _, f := range []*feed{&m.v2, &m.v1} {
		if s := f.state(); s.Fetches > 0 {
			s.Tenant = m.authority.Tenant
			states = append(states, s)
		}
	}
	return states
}

func (f *feed) state() State {
	f.mu.Lock()
	defer f.mu.Unlock()
	state := State{
		Version: f.version, Age: -1, Fetches: f.fetches, Failures: f.failures, Suppressed: f.suppressed, Err: f.lastErr,
	}
	s := f.current.Load()
	if s == nil {
		return state
	}
	state.Age, state.Skipped = f.now().Sub(s.fetched), s.skipped
	for id := range s.keys {
		if f.find(s, id) != nil && state.Age <= f.stale {
			state.Keys++
		}
	}
	return state
}
