package verify_test

import (
	"testing"

	"m2m/internal/jwks/issuertest"
	"m2m/internal/verify"
)

func TestCacheState(t *testing.T) {
	v, _, _ := cached(t, policy(), verify.DefaultCacheBytes)
	if got := v.CacheState(); got != (verify.CacheState{}) {
		t.Errorf("before any token: %+v", got)
	}
	for range 3 {
		believe(t, v, issuertest.Valid())
	}
	_, _ = v.Verify(t.Context(), flip(issuertest.Valid()))
	got := v.CacheState()
	if got.Hits != 2 || got.Misses != 2 || got.Entries != 1 || got.Bytes < 1024 {
		t.Errorf("got %+v, want 2 hits, 2 misses, 1 entry and its bytes", got)
	}
}

func TestCacheStateWithoutCache(t *testing.T) {
	v, _, _ := cached(t, policy(), 0)
	believe(t, v, issuertest.Valid())
	if got := v.CacheState(); got != (verify.CacheState{}) {
		t.Errorf("got %+v, want none", got)
	}
}
