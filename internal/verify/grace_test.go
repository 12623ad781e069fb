package verify_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"m2m/internal/entra"
	"m2m/internal/verify"
)

// TestGrace: Entra's front ends disagree during a roll, so that a key that
// vanished is kept for a while, and one that changed is not.
func TestGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIssuer()
		m := metadata(t, s, verify.MetadataOptions{})
		old := lookup(t, m, kid, nil)
		s.say(keysV2, setOf(jwkOf(pairs()[1], "kid-2")))
		lookup(t, m, "kid-2", nil)
		if k := lookup(t, m, kid, nil); k != old || !m.Vouches(entra.V2, k) {
			t.Error("want the vanished key kept and vouched for")
		}
		time.Sleep(verify.DefaultKeyGrace + second)
		if m.Vouches(entra.V2, old) {
			t.Error("want it gone after the grace")
		}
		lookup(t, m, kid, verify.ErrKeyUnknown)
	})
}

func TestNoGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIssuer()
		m := metadata(t, s, verify.MetadataOptions{KeyGrace: -1})
		lookup(t, m, kid, nil)
		s.say(keysV2, setOf(jwkOf(pairs()[1], "kid-2")))
		lookup(t, m, "kid-2", nil)
		lookup(t, m, kid, verify.ErrKeyUnknown)
	})
}

func TestRekeyed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIssuer()
		m := metadata(t, s, verify.MetadataOptions{})
		old := lookup(t, m, kid, nil)
		s.say(keysV2, setOf(jwkOf(pairs()[1], kid)))
		lookup(t, m, "other", verify.ErrKeyUnknown)
		if k := lookup(t, m, kid, nil); k == old || m.Vouches(entra.V2, old) || !m.Vouches(entra.V2, k) {
			t.Error("want the new key under the old ID, at once")
		}
	})
}

// TestETag: an unchanged set is not sent again, and counts as fresh.
func TestETag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIssuer()
		body := setOf(jwkOf(pairs()[0], kid))
		s.set(keysV2, answer{body: body, header: http.Header{"Etag": {`"1"`}}})
		m := metadata(t, s, verify.MetadataOptions{})
		k := lookup(t, m, kid, nil)
		time.Sleep(23 * time.Hour)
		lookup(t, m, "other", verify.ErrKeyUnknown)
		if last := s.tags[len(s.tags)-1]; last != `"1"` {
			t.Fatalf("want If-None-Match sent, got %q", last)
		}
		if age := m.State()[0].Age; age != 0 {
			t.Errorf("want the set fresh, got %s", age)
		}
		time.Sleep(23 * time.Hour)
		if !m.Vouches(entra.V2, k) {
			t.Error("want the same key vouched for")
		}
	})
}

// TestETagOfAnotherAddress: a tag says nothing about another document than the
// one it came with, even if the two are spelled alike.
func TestETagOfAnotherAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIssuer()
		const moved = "https://login.microsoftonline.com/moved/keys"
		tag := http.Header{"Etag": {`"1"`}}
		s.set(keysV2, answer{body: setOf(jwkOf(pairs()[0], kid)), header: tag})
		m := metadata(t, s, verify.MetadataOptions{})
		lookup(t, m, kid, nil)
		s.say(discoveryV2, document(issuerV2, moved))
		s.set(moved, answer{body: setOf(jwkOf(pairs()[1], "kid-2")), header: tag})
		time.Sleep(2 * verify.DefaultRefresh)
		lookup(t, m, "kid-2", nil)
	})
}

// TestStale: keys that are too old count as none, and the answer says so even
// where it is too soon to ask again.
func TestStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := metadata(t, newIssuer(), verify.MetadataOptions{MaxStale: time.Millisecond})
		k := lookup(t, m, kid, nil)
		time.Sleep(2 * time.Millisecond)
		lookup(t, m, kid, verify.ErrKeysStale)
		if err := m.Fetch(t.Context(), entra.V2); !errors.Is(err, verify.ErrKeysUnreachable) {
			t.Errorf("want the keys out of reach, got %v", err)
		}
		if m.Vouches(entra.V2, k) {
			t.Error("want no stale key vouched for")
		}
		time.Sleep(second)
		lookup(t, m, kid, nil)
	})
}
