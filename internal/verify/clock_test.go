package verify_test

import (
	"testing"
	"testing/synctest"
	"time"

	"m2m/internal/entra"
	"m2m/internal/verify"
)

// TestClockGoesBack: a clock that is set back, which has no monotonic reading to
// go by, neither stops fetches until it is there again nor prolongs the grace of
// a key that vanished.
func TestClockGoesBack(t *testing.T) {
	s, now := newIssuer(), noon
	m := metadata(t, s, verify.MetadataOptions{Now: func() time.Time { return now }})
	old := lookup(t, m, kid, nil)
	lookup(t, m, "kid-2", verify.ErrKeyUnknown)
	now = now.Add(-24 * time.Hour)
	s.say(keysV2, setOf(jwkOf(pairs()[1], "kid-2")))
	lookup(t, m, "kid-2", nil)

	now = now.Add(time.Minute)
	lookup(t, m, "kid-3", verify.ErrKeyUnknown)
	now = now.Add(-24 * time.Hour)
	s.say(keysV2, setOf(jwkOf(pairs()[1], "kid-2"), jwkOf(pairs()[1], "kid-3")))
	lookup(t, m, "kid-3", nil)
	if !m.Vouches(entra.V2, old) {
		t.Error("want the vanished key in its grace")
	}
	now = now.Add(verify.DefaultKeyGrace + second)
	if m.Vouches(entra.V2, old) {
		t.Error("want the vanished key gone after its grace")
	}
}

// TestClockGoesBackWithoutKeys: the same while nothing is at hand.
func TestClockGoesBackWithoutKeys(t *testing.T) {
	s, now := newIssuer(), noon
	m := metadata(t, s, verify.MetadataOptions{Now: func() time.Time { return now }})
	s.set(discoveryV2, answer{err: errDown})
	lookup(t, m, kid, verify.ErrKeysUnreachable)
	now = now.Add(-24 * time.Hour)
	lookup(t, m, kid, verify.ErrKeysUnreachable)
	s.say(discoveryV2, document(issuerV2, keysV2))
	now = now.Add(second)
	lookup(t, m, kid, nil)
}

// TestBudgetAfterAnOutage: what was spent before an outage of a day is not held
// against the first new key after it.
func TestBudgetAfterAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIssuer()
		m := metadata(t, s, verify.MetadataOptions{})
		lookup(t, m, kid, nil)
		lookup(t, m, "forged", verify.ErrKeyUnknown)
		lookup(t, m, "forged 2", verify.ErrKeyUnknown)
		time.Sleep(25 * time.Hour)
		lookup(t, m, kid, nil)
		s.say(keysV2, setOf(jwkOf(pairs()[0], kid), jwkOf(pairs()[1], "kid-2")))
		lookup(t, m, "kid-2", nil)
	})
}
