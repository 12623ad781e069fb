package jwks_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"m2m/internal/entra"
	"m2m/internal/jwks"
	"m2m/internal/jwks/issuertest"
)

// TestGrace: Entra's front ends disagree during a roll, so that a key that
// vanished is kept for a while, and one that changed is not.
func TestGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := issuertest.New()
		m := issuertest.Metadata(t, s, jwks.MetadataOptions{})
		old := issuertest.Lookup(t, m, issuertest.KeyID, nil)
		s.Serve(issuertest.KeysV2, issuertest.KeySet(issuertest.JWK(issuertest.Pairs()[1], "kid-2")))
		issuertest.Lookup(t, m, "kid-2", nil)
		if k := issuertest.Lookup(t, m, issuertest.KeyID, nil); k != old || !m.Trusts(entra.V2, k) {
			t.Error("want the vanished key kept and trusted")
		}
		time.Sleep(jwks.DefaultKeyGrace + time.Second)
		if m.Trusts(entra.V2, old) {
			t.Error("want it gone after the grace")
		}
		issuertest.Lookup(t, m, issuertest.KeyID, jwks.ErrKeyUnknown)
	})
}

func TestNoGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := issuertest.New()
		m := issuertest.Metadata(t, s, jwks.MetadataOptions{KeyGrace: -1})
		issuertest.Lookup(t, m, issuertest.KeyID, nil)
		s.Serve(issuertest.KeysV2, issuertest.KeySet(issuertest.JWK(issuertest.Pairs()[1], "kid-2")))
		issuertest.Lookup(t, m, "kid-2", nil)
		issuertest.Lookup(t, m, issuertest.KeyID, jwks.ErrKeyUnknown)
	})
}

func TestRekeyed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := issuertest.New()
		m := issuertest.Metadata(t, s, jwks.MetadataOptions{})
		old := issuertest.Lookup(t, m, issuertest.KeyID, nil)
		s.Serve(issuertest.KeysV2, issuertest.KeySet(issuertest.JWK(issuertest.Pairs()[1], issuertest.KeyID)))
		issuertest.Lookup(t, m, "other", jwks.ErrKeyUnknown)
		if k := issuertest.Lookup(t, m, issuertest.KeyID, nil); k == old || m.Trusts(entra.V2, old) ||
			!m.Trusts(entra.V2, k) {
			t.Error("want the new key under the old ID, at once")
		}
	})
}

// TestETag: an unchanged set is not sent again, and counts as fresh.
func TestETag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := issuertest.New()
		body := issuertest.KeySet(issuertest.JWK(issuertest.Pairs()[0], issuertest.KeyID))
		s.Set(issuertest.KeysV2, issuertest.Answer{Body: body, Header: http.Header{"Etag": {`"1"`}}})
		m := issuertest.Metadata(t, s, jwks.MetadataOptions{})
		k := issuertest.Lookup(t, m, issuertest.KeyID, nil)
		time.Sleep(23 * time.Hour)
		issuertest.Lookup(t, m, "other", jwks.ErrKeyUnknown)
		if last := s.Tags[len(s.Tags)-1]; last != `"1"` {
			t.Fatalf("want If-None-Match sent, got %q", last)
		}
		if age := m.State()[0].Age; age != 0 {
			t.Errorf("want the set fresh, got %s", age)
		}
		time.Sleep(23 * time.Hour)
		if !m.Trusts(entra.V2, k) {
			t.Error("want the same key trusted")
		}
	})
}

// TestETagOfAnotherAddress: a tag says nothing about another document than the
// one it came with, even if the two are spelled alike.
func TestETagOfAnotherAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := issuertest.New()
		const moved = "https://login.microsoftonline.com/moved/keys"
		tag := http.Header{"Etag": {`"1"`}}
		s.Set(issuertest.KeysV2,
			issuertest.Answer{Body: issuertest.KeySet(issuertest.JWK(issuertest.Pairs()[0], issuertest.KeyID)), Header: tag})
		m := issuertest.Metadata(t, s, jwks.MetadataOptions{})
		issuertest.Lookup(t, m, issuertest.KeyID, nil)
		s.Serve(issuertest.DiscoveryV2, issuertest.Document(issuertest.IssuerV2, moved))
		s.Set(moved, issuertest.Answer{Body: issuertest.KeySet(issuertest.JWK(issuertest.Pairs()[1], "kid-2")), Header: tag})
		time.Sleep(2 * jwks.DefaultRefresh)
		issuertest.Lookup(t, m, "kid-2", nil)
	})
}

// TestStale: keys that are too old count as none, and the answer says so even
// where it is too soon to ask again.
func TestStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := issuertest.Metadata(t, issuertest.New(), jwks.MetadataOptions{MaxStale: time.Millisecond})
		k := issuertest.Lookup(t, m, issuertest.KeyID, nil)
		time.Sleep(2 * time.Millisecond)
		issuertest.Lookup(t, m, issuertest.KeyID, jwks.ErrKeysStale)
		if err := m.Fetch(t.Context(), entra.V2); !errors.Is(err, jwks.ErrKeysUnreachable) {
			t.Errorf("want the keys out of reach, got %v", err)
		}
		if m.Trusts(entra.V2, k) {
			t.Error("want no stale key trusted")
		}
		time.Sleep(time.Second)
		issuertest.Lookup(t, m, issuertest.KeyID, nil)
	})
}
