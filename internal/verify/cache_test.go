package verify_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"m2m/internal/entra"
	"m2m/internal/jwks"
	"m2m/internal/jwks/issuertest"
	"m2m/internal/jwt"
	"m2m/internal/verify"
)

// counter counts how often the keys are asked for: a cached result asks for
// none.
type counter struct {
	jwks.Source
	lookups atomic.Int64
	gone    atomic.Bool
}

func (c *counter) Lookup(ctx context.Context, v entra.Version, issuer, id string) (*jwks.Key, jwks.Issuer, error) {
	c.lookups.Add(1)
	return c.Source.Lookup(ctx, v, issuer, id)
}

func (c *counter) Trusts(v entra.Version, k *jwks.Key) bool {
	return !c.gone.Load() && c.Source.Trusts(v, k)
}

// cached returns a verifier with a cache whose clock the test moves.
func cached(t testing.TB, p verify.Policy, bytes int) (*verify.Verifier, *counter, *time.Time) {
	t.Helper()
	source, now := &counter{Source: issuertest.Keys(t)}, issuertest.Noon
	v, err := verify.New(p, source, verify.Options{Now: func() time.Time { return now }, CacheBytes: bytes})
	if err != nil {
		t.Fatal(err)
	}
	return v, source, &now
}

func accept(t *testing.T, v *verify.Verifier, token string) *jwt.Token {
	t.Helper()
	got, err := v.Verify(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestCacheHit(t *testing.T) {
	v, source, _ := cached(t, policy(), verify.DefaultCacheBytes)
	first := accept(t, v, issuertest.Valid())
	if again := accept(t, v, issuertest.Valid()); again.ClientID != first.ClientID || source.lookups.Load() != 1 {
		t.Errorf("want one look-up for two calls, got %d", source.lookups.Load())
	}
	if _, err := v.Verify(t.Context(), flip(issuertest.Valid())); !errors.Is(err, verify.ErrSignatureMismatch) {
		t.Errorf("want another signature checked, got %v", err)
	}
	if source.lookups.Load() != 2 {
		t.Error("want another spelling of a token to miss")
	}
}

func TestCacheChecksTheClock(t *testing.T) {
	v, _, now := cached(t, policy(), verify.DefaultCacheBytes)
	token := issuertest.Mint(issuertest.Header(), issuertest.ClaimsV2().Date("exp", issuertest.Noon.Add(time.Minute)))
	accept(t, v, token)
	*now = issuertest.Noon.Add(time.Minute + verify.DefaultLeeway)
	if _, err := v.Verify(t.Context(), token); !errors.Is(err, verify.ErrExpired) {
		t.Errorf("want it expired, got %v", err)
	}
	*now = issuertest.Noon.Add(-time.Hour)
	if _, err := v.Verify(t.Context(), token); !errors.Is(err, verify.ErrNotYetValid) {
		t.Errorf("want it not valid yet, got %v", err)
	}
}

func TestCacheAges(t *testing.T) {
	v, source, now := cached(t, policy(), verify.DefaultCacheBytes)
	accept(t, v, issuertest.Valid())
	*now = issuertest.Noon.Add(5*time.Minute + time.Second)
	accept(t, v, issuertest.Valid())
	if source.lookups.Load() != 2 {
		t.Error("want the signature checked again after five minutes")
	}
}

func TestCacheDiesWithItsKey(t *testing.T) {
	v, source, _ := cached(t, policy(), verify.DefaultCacheBytes)
	accept(t, v, issuertest.Valid())
	source.gone.Store(true)
	accept(t, v, issuertest.Valid())
	if source.lookups.Load() != 2 {
		t.Error("want a key that is no longer trusted looked up again")
	}
}

// TestCacheFollowsTheIssuer: a key that is removed or replaced takes its
// cached tokens with it; a key that is added does not.
func TestCacheFollowsTheIssuer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := issuertest.New()
		source := &counter{Source: issuertest.Metadata(t, s, jwks.MetadataOptions{KeyGrace: -1})}
		v, _ := verify.New(policy(), source,
			verify.Options{Now: issuertest.At(issuertest.Noon), CacheBytes: verify.DefaultCacheBytes})
		renew := func(jwks string) {
			s.Serve(issuertest.KeysV2, jwks)
			time.Sleep(time.Minute)
			_, _, _ = source.Source.Lookup(t.Context(), entra.V2, "", "unheard of")
		}
		accept(t, v, issuertest.Valid())
		renew(issuertest.KeySet(issuertest.JWK(issuertest.Pairs()[0], issuertest.KeyID),
			issuertest.JWK(issuertest.Pairs()[1], "kid-2")))
		accept(t, v, issuertest.Valid())
		if source.lookups.Load() != 1 {
			t.Error("want the cached result kept when a key is added")
		}
		renew(issuertest.KeySet(issuertest.JWK(issuertest.Pairs()[1], issuertest.KeyID)))
		if _, err := v.Verify(t.Context(), issuertest.Valid()); !errors.Is(err, verify.ErrSignatureMismatch) {
			t.Errorf("re-keyed: want the signature checked again, got %v", err)
		}
		renew(issuertest.KeySet(issuertest.JWK(issuertest.Pairs()[1], "kid-2")))
		if _, err := v.Verify(t.Context(), issuertest.Valid()); !errors.Is(err, verify.ErrKeyUnknown) {
			t.Errorf("removed: want the key unknown, got %v", err)
		}
	})
}

// TestCacheStale: keys too old to be trusted take cached results with them.
func TestCacheStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := issuertest.New()
		m := issuertest.Metadata(t, s, jwks.MetadataOptions{MaxStale: time.Minute})
		v, _ := verify.New(policy(), m,
			verify.Options{Now: issuertest.At(issuertest.Noon), CacheBytes: verify.DefaultCacheBytes})
		accept(t, v, issuertest.Valid())
		s.Set(issuertest.KeysV2, issuertest.Answer{Err: issuertest.ErrDown})
		time.Sleep(2 * time.Minute)
		if _, err := v.Verify(t.Context(), issuertest.Valid()); !errors.Is(err, verify.ErrUndecided) {
			t.Errorf("want undecided, got %v", err)
		}
	})
}

// TestCachePerPolicy: what one policy lets in, another has to decide itself.
func TestCachePerPolicy(t *testing.T) {
	open := policy()
	open.Roles = nil
	token := issuertest.Mint(issuertest.Header(), issuertest.ClaimsV2().Del("roles"))
	lax, _, _ := cached(t, open, verify.DefaultCacheBytes)
	strict, _, _ := cached(t, policy(), verify.DefaultCacheBytes)
	accept(t, lax, token)
	if _, err := strict.Verify(t.Context(), token); !errors.Is(err, verify.ErrRoleMissing) {
		t.Errorf("want the role missing, got %v", err)
	}
}

// TestCacheNoFailures: nothing but a valid token is remembered.
func TestCacheNoFailures(t *testing.T) {
	v, source, _ := cached(t, policy(), verify.DefaultCacheBytes)
	forged := issuertest.Sign(issuertest.Pairs()[1], issuertest.Header().JSON(), issuertest.ClaimsV2().JSON())
	for range 3 {
		if _, err := v.Verify(t.Context(), forged); !errors.Is(err, verify.ErrSignatureMismatch) {
			t.Fatal(err)
		}
	}
	if source.lookups.Load() != 3 {
		t.Errorf("want every failure decided anew, got %d look-ups", source.lookups.Load())
	}
}

// TestCacheHolds10000: the default holds 10,000 tokens of usual size, all at
// once, in any order. A tenth of both is enough to show it.
func TestCacheHolds10000(t *testing.T) {
	v, source, _ := cached(t, policy(), verify.DefaultCacheBytes/10)
	tokens := make([]string, 1000)
	for i := range tokens {
		tokens[i] = issuertest.Mint(issuertest.Header(), issuertest.ClaimsV2().Str("uti", fmt.Sprint(i)))
		accept(t, v, tokens[i])
	}
	for _, token := range tokens {
		accept(t, v, token)
	}
	if n := source.lookups.Load(); n != 1000 {
		t.Errorf("want every token found the second time, got %d look-ups", n)
	}
}

// TestCacheBounded: a small cache forgets, and still answers.
func TestCacheBounded(t *testing.T) {
	v, source, _ := cached(t, policy(), 64<<10)
	for round := range 2 {
		for i := range 100 {
			accept(t, v, issuertest.Mint(issuertest.Header(), issuertest.ClaimsV2().Str("uti", fmt.Sprint(i))))
		}
		if n := source.lookups.Load(); round == 1 && n < 150 {
			t.Errorf("want most tokens forgotten in 64 KiB, got %d look-ups", n)
		}
	}
}

func TestCacheState(t *testing.T) {
	v, _, _ := cached(t, policy(), verify.DefaultCacheBytes)
	if got := v.CacheState(); got != (verify.CacheState{}) {
		t.Errorf("before any token: %+v", got)
	}
	for range 3 {
		accept(t, v, issuertest.Valid())
	}
	_, _ = v.Verify(t.Context(), flip(issuertest.Valid()))
	got := v.CacheState()
	if got.Hits != 2 || got.Misses != 2 || got.Entries != 1 || got.Bytes < 1024 {
		t.Errorf("got %+v, want 2 hits, 2 misses, 1 entry and its bytes", got)
	}
}

func TestCacheStateWithoutCache(t *testing.T) {
	v, _, _ := cached(t, policy(), 0)
	accept(t, v, issuertest.Valid())
	if got := v.CacheState(); got != (verify.CacheState{}) {
		t.Errorf("got %+v, want none", got)
	}
}
