package verify_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"m2m/internal/jwks"
	"m2m/internal/jwks/issuertest"
	"m2m/internal/verify"
)

// TestVersions: each version of token is verified against its own documents,
// which are read when the first such token comes.
func TestVersions(t *testing.T) {
	s := issuertest.New()
	v := verifier(t, policy(), issuertest.Metadata(t, s, jwks.MetadataOptions{}))
	try(t, v, trial{token: issuertest.Valid()})
	if n := s.Count(issuertest.DiscoveryV1) + s.Count(issuertest.KeysV1); n != 0 {
		t.Errorf("want no v1.0 document for a v2.0 token, got %d", n)
	}
	try(t, v, trial{token: issuertest.Mint(issuertest.Header(), issuertest.ClaimsV1())})
	for _, address := range []string{issuertest.DiscoveryV1, issuertest.KeysV1, issuertest.DiscoveryV2,
		issuertest.KeysV2} {
		if n := s.Count(address); n != 1 {
			t.Errorf("want %s read once, got %d", address, n)
		}
	}
}

// TestForeignTokensCostNothing: what the claims rule out must not make us call
// the issuer, not even the first time.
func TestForeignTokensCostNothing(t *testing.T) {
	s := issuertest.New()
	v := verifier(t, policy(), issuertest.Metadata(t, s, jwks.MetadataOptions{}))
	for name, c := range map[string]issuertest.Members{
		"tenant": foreign(), "audience": issuertest.ClaimsV2().Str("aud", issuertest.OtherTenant),
		"version": issuertest.ClaimsV2().Del("ver"),
		"expired": issuertest.ClaimsV2().Date("exp", issuertest.Noon.Add(-10*time.Minute)), "kind": issuertest.IDClaims(),
		"issuer": issuertest.ClaimsV2().Str("iss", "https://evil.example/"+issuertest.Tenant+"/v2.0"),
	} {
		if _, err := v.Verify(t.Context(), issuertest.Mint(issuertest.Header(), c)); !errors.Is(err, verify.ErrInvalid) {
			t.Errorf("%s: want a rejection, got %v", name, err)
		}
	}
	if n := s.Total(); n != 0 {
		t.Errorf("want no request, got %d", n)
	}
}

// TestFloods: forged tokens cost few fetches, whatever key ID they name.
func TestFloods(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := issuertest.New()
		m := issuertest.Metadata(t, s, jwks.MetadataOptions{})
		v, _ := verify.New(policy(), m, verify.Options{Now: issuertest.At(issuertest.Noon)})
		for i := range 100 {
			forged := issuertest.Sign(issuertest.Pairs()[1], issuertest.Header().Str("kid", fmt.Sprint("forged", i)).JSON(),
				issuertest.ClaimsV2().JSON())
			if _, err := v.Verify(t.Context(), forged); !errors.Is(err, verify.ErrKeyUnknown) ||
				!errors.Is(err, verify.ErrInvalid) {
				t.Fatalf("want the key unknown, got %v", err)
			}
		}
		if n := s.Count(issuertest.KeysV2); n > 4 {
			t.Errorf("random key IDs: want at most 4 fetches, got %d", n)
		}
		before := s.Total()
		for range 100 {
			_, _ = v.Verify(t.Context(),
				issuertest.Sign(issuertest.Pairs()[1], issuertest.Header().JSON(), issuertest.ClaimsV2().JSON()))
		}
		if n := s.Total() - before; n != 0 {
			t.Errorf("known key ID: want no fetch, got %d", n)
		}
		if state := m.State()[0]; state.Suppressed == 0 || state.Fetches > 4 {
			t.Errorf("want the state to show it, got %+v", state)
		}
	})
}

// TestCold: without any keys nobody can tell, and the issuer is asked again
// after one second, not more often.
func TestCold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := issuertest.New()
		s.Set(issuertest.DiscoveryV2, issuertest.Answer{Err: issuertest.ErrDown})
		v, _ := verify.New(policy(), issuertest.Metadata(t, s, jwks.MetadataOptions{}),
			verify.Options{Now: issuertest.At(issuertest.Noon)})
		for range 10 {
			_, err := v.Verify(t.Context(), issuertest.Valid())
			var e *verify.Error
			if !errors.Is(err, verify.ErrUndecided) || !errors.Is(err, issuertest.ErrDown) || errors.Is(err, verify.ErrInvalid) {
				t.Fatalf("want undecided, got %v", err)
			}
			if !errors.As(err, &e) || e.RetryAfter <= 0 || e.RetryAfter > time.Second {
				t.Errorf("want a retry within a second, got %v", e.RetryAfter)
			}
		}
		if n := s.Count(issuertest.DiscoveryV2); n != 1 {
			t.Fatalf("want one attempt, got %d", n)
		}
		s.Serve(issuertest.DiscoveryV2, issuertest.Document(issuertest.IssuerV2, issuertest.KeysV2))
		time.Sleep(time.Second)
		if _, err := v.Verify(t.Context(), issuertest.Valid()); err != nil {
			t.Errorf("want it valid a second after recovery, got %v", err)
		}
	})
}
