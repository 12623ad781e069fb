package jwks_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"m2m/internal/entra"
	"m2m/internal/jwks"
	"m2m/internal/jwks/issuertest"
)

// TestNewKey: a key that appears is found at once, also right after a forger
// asked for another, and the same unknown ID is asked for once in 30 s.
func TestNewKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := issuertest.New()
		m := issuertest.Metadata(t, s, jwks.MetadataOptions{})
		issuertest.Lookup(t, m, issuertest.KeyID, nil)
		issuertest.Lookup(t, m, "forged", jwks.ErrKeyUnknown)
		issuertest.Lookup(t, m, "forged", jwks.ErrKeyUnknown)
		if n := s.Count(issuertest.KeysV2); n != 3 {
			t.Fatalf("want 3 fetches, two of them for the forged ID, got %d", n)
		}
		s.Serve(issuertest.KeysV2,
			issuertest.KeySet(issuertest.JWK(issuertest.Pairs()[0], issuertest.KeyID),
				issuertest.JWK(issuertest.Pairs()[1], "kid-2")))
		issuertest.Lookup(t, m, "kid-2", nil)
		issuertest.Lookup(t, m, "forged", jwks.ErrKeyUnknown) // a new set: worth asking again
		issuertest.Lookup(t, m, "forged 2", jwks.ErrKeyUnknown)
		if n := s.Count(issuertest.KeysV2); n != 4 {
			t.Fatalf("want the burst of 3 after the first fetch, got %d", n)
		}
		time.Sleep(30 * time.Second)
		issuertest.Lookup(t, m, "forged 2", jwks.ErrKeyUnknown)
		if n := s.Count(issuertest.KeysV2); n != 5 {
			t.Errorf("want one more after the spacing, got %d", n)
		}
		if n := s.Count(issuertest.DiscoveryV2); n != 1 {
			t.Errorf("want the discovery document read once in an hour, got %d", n)
		}
	})
}

// TestSingleFlight: callers share one fetch, and one who gives up does not end
// it for the others.
func TestSingleFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := issuertest.New()
		s.Set(issuertest.KeysV2, issuertest.Answer{Hang: true})
		m := issuertest.Metadata(t, s, jwks.MetadataOptions{})
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, _, err := m.Lookup(impatient, entra.V2, "", issuertest.KeyID); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("want the caller's own deadline, got %v", err)
			}
		})
		start := time.Now()
		for range 49 {
			wg.Go(func() {
				if _, _, err := m.Lookup(t.Context(), entra.V2, "", issuertest.KeyID); !errors.Is(err, jwks.ErrKeysUnreachable) {
					t.Errorf("want the keys out of reach, got %v", err)
				}
			})
		}
		wg.Wait()
		if n := s.Count(issuertest.KeysV2); n != 1 {
			t.Errorf("want one fetch for 50 callers, got %d", n)
		}
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("want the time-out of 5 s, got %s", took)
		}
	})
}

// TestBadAnswers: no answer but a good one replaces a good set.
func TestBadAnswers(t *testing.T) {
	big := `{"keys":[],"x":"` + strings.Repeat("x", 512<<10) + `"}`
	elsewhere := http.Header{"Location": {"https://evil.example/keys"}}
	plain := http.Header{"Location": {"http://login.microsoftonline.com/keys"}}
	small, _ := issuertest.Numbers(issuertest.NewPair(1024))
	answers := map[string]issuertest.Answer{
		"connection refused": {Err: issuertest.ErrDown},
		"503":                {Status: 503, Body: "busy"},
		"503 with good keys": {Status: 503,
			Body: issuertest.KeySet(issuertest.JWK(issuertest.Pairs()[1], issuertest.KeyID))},
		"404":             {Status: 404},
		"an error as 200": {Body: `{"error":"x"}`},
		"no keys":         {Body: `{"keys":[]}`},
		"keys null":       {Body: `{"keys":null}`},
		"two keys members": {Body: `{"keys":[],"keys":` +
			issuertest.KeySet(issuertest.JWK(issuertest.Pairs()[1], issuertest.KeyID))[8:]},
		"no JSON":          {Body: `<html>`},
		"nothing":          {},
		"something behind": {Body: issuertest.KeySet(issuertest.JWK(issuertest.Pairs()[1], issuertest.KeyID)) + "x"},
		"only bad keys": {Body: issuertest.KeySet(
			issuertest.JWK(issuertest.Pairs()[1], issuertest.KeyID).Str("n", small))},
		"more than 512 KiB": {Body: big},
		"spaces without end": {Body: issuertest.KeySet(issuertest.JWK(issuertest.Pairs()[1], issuertest.KeyID)) +
			strings.Repeat(" ", 512<<10)},
		"redirect to another host":  {Status: 302, Header: elsewhere},
		"redirect to plain http":    {Status: 302, Header: plain},
		"304 that nobody asked for": {Status: 304},
		"never":                     {Hang: true},
	}
	kinds := map[string]error{
		"503": jwks.ErrStatus, "404": jwks.ErrStatus, "more than 512 KiB": jwks.ErrBodySize, "spaces without end": jwks.ErrBodySize,
		"redirect to another host": jwks.ErrRedirect, "no JSON": jwks.ErrKeySet,
	}
	for name, a := range answers {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := issuertest.New()
				s.Serve("https://evil.example/keys", issuertest.KeySet(issuertest.JWK(issuertest.Pairs()[1], issuertest.KeyID)))
				s.Serve("http://login.microsoftonline.com/keys",
					issuertest.KeySet(issuertest.JWK(issuertest.Pairs()[1], issuertest.KeyID)))
				m := issuertest.Metadata(t, s, jwks.MetadataOptions{})
				first := issuertest.Lookup(t, m, issuertest.KeyID, nil)
				s.Set(issuertest.KeysV2, a)
				issuertest.Lookup(t, m, "new", jwks.ErrKeysUnreachable)
				if k := issuertest.Lookup(t, m, issuertest.KeyID, nil); k != first {
					t.Error("want the old key kept")
				}
				if n := s.Count("https://evil.example/keys") + s.Count("http://login.microsoftonline.com/keys"); n != 0 {
					t.Error("the redirect was followed")
				}
				state := m.State()[0]
				if state.Failures != 1 || state.Err == nil || state.Keys != 1 {
					t.Errorf("want the failure shown, got %+v", state)
				}
				if want := kinds[name]; want != nil && !errors.Is(state.Err, want) {
					t.Errorf("error %v, want %v", state.Err, want)
				}
				time.Sleep(24*time.Hour + time.Second)
				issuertest.Lookup(t, m, issuertest.KeyID, jwks.ErrKeysUnreachable)
			})
		})
	}
}

// TestRun: a server's keys are renewed every hour, sooner after a failure, and
// not at all once it stops.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := issuertest.New()
		m := issuertest.Metadata(t, s, jwks.MetadataOptions{})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { m.Run(ctx); close(done) }()
		synctest.Wait()
		if n := s.Count(issuertest.KeysV2); n != 1 {
			t.Fatalf("want a fetch at once, got %d", n)
		}
		time.Sleep(10 * time.Hour)
		if n := s.Count(issuertest.KeysV2); n < 9 || n > 13 {
			t.Errorf("want one fetch an hour, got %d in ten", n)
		}
		s.Set(issuertest.KeysV2, issuertest.Answer{Err: issuertest.ErrDown})
		time.Sleep(70 * time.Minute)
		failed := m.State()[0].Failures
		if failed < 2 {
			t.Errorf("want another attempt soon after a failure, got %d", failed)
		}
		cancel()
		<-done
		before := s.Total()
		time.Sleep(3 * time.Hour)
		if s.Total() != before {
			t.Error("want nothing after the end")
		}
	})
}
