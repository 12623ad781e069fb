package jwks

import (
	"context"
	"errors"
	"strings"
	"sync"

	"m2m/internal/entra"
)

// Tenants is the [Source] of several tenants. A key is looked up only in the set of
// the tenant that the token names as its issuer: Entra publishes the same keys for
// many tenants, and a key proves nothing about the tenant.
type Tenants struct{ all []*Metadata }

var _ Source = (*Tenants)(nil)

// NewTenants makes the source of the tenants whose metadata is given.
func NewTenants(of ...*Metadata) *Tenants { return &Tenants{of} }

// Lookup implements [Source]. While the GUID of a domain name is not known, its tenant
// may be any; its document is then read first.
func (s *Tenants) Lookup(ctx context.Context, v entra.Version, issuer, kid string) (*Key, Issuer, error) {
	if len(s.all) == 1 {
		return s.all[0].Lookup(ctx, v, issuer, kid)
	}
	_, tenant, _ := SplitIssuer(v, issuer)
	nearest, nearestErr := Issuer{Hint: s.expected(v)}, error(nil)
	for _, m := range s.all {
		if !m.Admits(v, issuer) {
			continue
		}
		key, found, err := m.Lookup(ctx, v, issuer, kid)
		switch {
		case found.Name == "":
			nearest, nearestErr = found, err // out of reach: it may be this tenant's
		case MatchesIssuer(found.Name, tenant, issuer):
			return key, found, err
		}
		// Else it is a domain name that turned out to be another tenant's.
	}
	if nearestErr == nil {
		nearestErr = ErrKeyUnknown
	}
	return nil, nearest, nearestErr
}

// expected lists the issuers of all tenants, for messages.
func (s *Tenants) expected(v entra.Version) string {
	var issuers []string
	for _, m := range s.all {
		issuers = append(issuers, expectedIssuer(m.authority, v))
	}
	return strings.Join(issuers, " or ")
}

// Admits implements [Source].
func (s *Tenants) Admits(v entra.Version, issuer string) bool {
	for _, m := range s.all {
		if m.Admits(v, issuer) {
			return true
		}
	}
	return false
}

// Trusts implements [Source]. A key is the one of its tenant: no two tenants share one.
func (s *Tenants) Trusts(v entra.Version, k *Key) bool {
	for _, m := range s.all {
		if m.Trusts(v, k) {
			return true
		}
	}
	return false
}

// Fetch makes sure that each tenant has had keys once, and that at least one has some
// that are not stale.
func (s *Tenants) Fetch(ctx context.Context, v entra.Version) error {
	errs := make([]error, len(s.all))
	var fetches sync.WaitGroup
	fresh := false
	for i, m := range s.all {
		f := m.feed(v)
		fresh = fresh || f.snapshot() != nil
		if len(s.all) > 1 && f.current.Load() != nil {
			continue
		}
		fetches.Go(func() { errs[i] = m.Fetch(ctx, v) })
	}
	fetches.Wait()
	if err := errors.Join(errs...); err != nil || fresh || len(s.all) == 0 {
		return err
	}
	return s.all[0].Fetch(ctx, v)
}

// Run keeps the keys of all tenants fresh until ctx ends.
func (s *Tenants) Run(ctx context.Context) {
	var running sync.WaitGroup
	for _, m := range s.all {
		running.Go(func() { m.Run(ctx) })
	}
	running.Wait()
}

// State returns one entry for each tenant and version that was asked for.
func (s *Tenants) State() []State {
	var states []State
	for _, m := range s.all {
		states = append(states, m.State()...)
	}
	return states
}

// Issuers returns the issuer of v2.0 tokens of each tenant. Of a domain name it is not
// known before its document was read once: ok is then false.
func (s *Tenants) Issuers() (issuers []string, ok bool) {
	for _, m := range s.all {
		issuer, known := m.issuer()
		if !known {
			return nil, false
		}
		issuers = append(issuers, issuer)
	}
	return issuers, true
}
