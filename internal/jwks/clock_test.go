package jwks_test

import (
	"testing"
	"testing/synctest"
	"time"

	"m2m/internal/entra"
	"m2m/internal/jwks"
	"m2m/internal/jwks/issuertest"
)

// TestClockGoesBack: a clock that is set back, which has no monotonic reading to
// go by, neither stops fetches until it is there again nor prolongs the grace of
// a key that vanished.
func TestClockGoesBack(t *testing.T) {
	s, now := issuertest.New(), issuertest.Noon
	m := issuertest.Metadata(t, s, jwks.MetadataOptions{Now: func() time.Time { return now }})
	old := issuertest.Lookup(t, m, issuertest.KeyID, nil)
	issuertest.Lookup(t, m, "kid-2", jwks.ErrKeyUnknown)
	now = now.Add(-24 * time.Hour)
	s.Serve(issuertest.KeysV2, issuertest.KeySet(issuertest.JWK(issuertest.Pairs()[1], "kid-2")))
	issuertest.Lookup(t, m, "kid-2", nil)

	now = now.Add(time.Minute)
	issuertest.Lookup(t, m, "kid-3", jwks.ErrKeyUnknown)
	now = now.Add(-24 * time.Hour)
	s.Serve(issuertest.KeysV2,
		issuertest.KeySet(issuertest.JWK(issuertest.Pairs()[1], "kid-2"), issuertest.JWK(issuertest.Pairs()[1], "kid-3")))
	issuertest.Lookup(t, m, "kid-3", nil)
	if !m.Trusts(entra.V2, old) {
		t.Error("want the vanished key in its grace")
	}
	now = now.Add(jwks.DefaultKeyGrace + time.Second)
	if m.Trusts(entra.V2, old) {
		t.Error("want the vanished key gone after its grace")
	}
}

// TestClockGoesBackWithoutKeys: the same while nothing is at hand.
func TestClockGoesBackWithoutKeys(t *testing.T) {
	s, now := issuertest.New(), issuertest.Noon
	m := issuertest.Metadata(t, s, jwks.MetadataOptions{Now: func() time.Time { return now }})
	s.Set(issuertest.DiscoveryV2, issuertest.Answer{Err: issuertest.ErrDown})
	issuertest.Lookup(t, m, issuertest.KeyID, jwks.ErrKeysUnreachable)
	now = now.Add(-24 * time.Hour)
	issuertest.Lookup(t, m, issuertest.KeyID, jwks.ErrKeysUnreachable)
	s.Serve(issuertest.DiscoveryV2, issuertest.Document(issuertest.IssuerV2, issuertest.KeysV2))
	now = now.Add(time.Second)
	issuertest.Lookup(t, m, issuertest.KeyID, nil)
}

// TestBudgetAfterAnOutage: what was spent before an outage of a day is not held
// against the first new key after it.
func TestBudgetAfterAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := issuertest.New()
		m := issuertest.Metadata(t, s, jwks.MetadataOptions{})
		issuertest.Lookup(t, m, issuertest.KeyID, nil)
		issuertest.Lookup(t, m, "forged", jwks.ErrKeyUnknown)
		issuertest.Lookup(t, m, "forged 2", jwks.ErrKeyUnknown)
		time.Sleep(25 * time.Hour)
		issuertest.Lookup(t, m, issuertest.KeyID, nil)
		s.Serve(issuertest.KeysV2,
			issuertest.KeySet(issuertest.JWK(issuertest.Pairs()[0], issuertest.KeyID),
				issuertest.JWK(issuertest.Pairs()[1], "kid-2")))
		issuertest.Lookup(t, m, "kid-2", nil)
	})
}
