package verify_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"m2m/internal/entra"
	"m2m/internal/verify"
)

// TestVersions: each version of token is verified against its own documents,
// which are read when the first such token comes.
func TestVersions(t *testing.T) {
	s := newIssuer()
	v := verifier(t, policy(), metadata(t, s, verify.MetadataOptions{}))
	try(t, v, trial{token: good()})
	if n := s.count(discoveryV1) + s.count(keysV1); n != 0 {
		t.Errorf("want no v1.0 document for a v2.0 token, got %d", n)
	}
	try(t, v, trial{token: mint(header(), claimsV1())})
	for _, address := range []string{discoveryV1, keysV1, discoveryV2, keysV2} {
		if n := s.count(address); n != 1 {
			t.Errorf("want %s read once, got %d", address, n)
		}
	}
}

// TestForeignTokensCostNothing: what the claims rule out must not make us call
// the issuer, not even the first time.
func TestForeignTokensCostNothing(t *testing.T) {
	s := newIssuer()
	v := verifier(t, policy(), metadata(t, s, verify.MetadataOptions{}))
	for name, c := range map[string]members{
		"tenant": foreign(), "audience": claimsV2().str("aud", stranger), "version": claimsV2().del("ver"),
		"expired": claimsV2().date("exp", noon.Add(-10*time.Minute)), "kind": idClaims(),
		"issuer": claimsV2().str("iss", "https://evil.example/"+tenant+"/v2.0"),
	} {
		if _, err := v.Verify(t.Context(), mint(header(), c)); !errors.Is(err, verify.ErrRefused) {
			t.Errorf("%s: want a refusal, got %v", name, err)
		}
	}
	if n := s.total(); n != 0 {
		t.Errorf("want no request, got %d", n)
	}
}

// TestFloods: forged tokens cost few fetches, whatever key ID they name.
func TestFloods(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIssuer()
		m := metadata(t, s, verify.MetadataOptions{})
		v, _ := verify.New(policy(), m, verify.Options{Now: at(noon)})
		for i := range 100 {
			forged := sign(pairs()[1], header().str("kid", fmt.Sprint("forged", i)).json(), claimsV2().json())
			if _, err := v.Verify(t.Context(), forged); !errors.Is(err, verify.ErrKeyUnknown) || !errors.Is(err, verify.ErrRefused) {
				t.Fatalf("want the key unknown, got %v", err)
			}
		}
		if n := s.count(keysV2); n > 4 {
			t.Errorf("random key IDs: want at most 4 fetches, got %d", n)
		}
		before := s.total()
		for range 100 {
			_, _ = v.Verify(t.Context(), sign(pairs()[1], header().json(), claimsV2().json()))
		}
		if n := s.total() - before; n != 0 {
			t.Errorf("known key ID: want no fetch, got %d", n)
		}
		if state := m.State()[0]; state.Suppressed == 0 || state.Fetches > 4 {
			t.Errorf("want the state to show it, got %+v", state)
		}
	})
}

// TestNewKey: a key that appears is found at once, also right after a forger
// asked for another, and the same unknown ID is asked for once in 30 s.
func TestNewKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIssuer()
		m := metadata(t, s, verify.MetadataOptions{})
		lookup(t, m, kid, nil)
		lookup(t, m, "forged", verify.ErrKeyUnknown)
		lookup(t, m, "forged", verify.ErrKeyUnknown)
		if n := s.count(keysV2); n != 3 {
			t.Fatalf("want 3 fetches, two of them for the forged ID, got %d", n)
		}
		s.say(keysV2, setOf(jwkOf(pairs()[0], kid), jwkOf(pairs()[1], "kid-2")))
		lookup(t, m, "kid-2", nil)
		lookup(t, m, "forged", verify.ErrKeyUnknown) // a new set: worth asking again
		lookup(t, m, "forged 2", verify.ErrKeyUnknown)
		if n := s.count(keysV2); n != 4 {
			t.Fatalf("want the burst of 3 after the first fetch, got %d", n)
		}
		time.Sleep(30 * second)
		lookup(t, m, "forged 2", verify.ErrKeyUnknown)
		if n := s.count(keysV2); n != 5 {
			t.Errorf("want one more after the spacing, got %d", n)
		}
		if n := s.count(discoveryV2); n != 1 {
			t.Errorf("want the discovery document read once in an hour, got %d", n)
		}
	})
}

// TestCold: without any keys nobody can tell, and the issuer is asked again
// after one second, not more often.
func TestCold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIssuer()
		s.set(discoveryV2, answer{err: errDown})
		v, _ := verify.New(policy(), metadata(t, s, verify.MetadataOptions{}), verify.Options{Now: at(noon)})
		for range 10 {
			_, err := v.Verify(t.Context(), good())
			var e *verify.Error
			if !errors.Is(err, verify.ErrUndecided) || !errors.Is(err, errDown) || errors.Is(err, verify.ErrRefused) {
				t.Fatalf("want undecided, got %v", err)
			}
			if !errors.As(err, &e) || e.RetryAfter <= 0 || e.RetryAfter > second {
				t.Errorf("want a retry within a second, got %v", e.RetryAfter)
			}
		}
		if n := s.count(discoveryV2); n != 1 {
			t.Fatalf("want one attempt, got %d", n)
		}
		s.say(discoveryV2, document(issuerV2, keysV2))
		time.Sleep(second)
		if _, err := v.Verify(t.Context(), good()); err != nil {
			t.Errorf("want it believed a second after recovery, got %v", err)
		}
	})
}

// TestSingleFlight: callers share one fetch, and one who gives up does not end
// it for the others.
func TestSingleFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIssuer()
		s.set(keysV2, answer{hang: true})
		m := metadata(t, s, verify.MetadataOptions{})
		impatient, cancel := context.WithTimeout(t.Context(), second)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, _, err := m.Lookup(impatient, entra.V2, kid); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("want the caller's own deadline, got %v", err)
			}
		})
		start := time.Now()
		for range 49 {
			wg.Go(func() {
				if _, _, err := m.Lookup(t.Context(), entra.V2, kid); !errors.Is(err, verify.ErrKeysUnreachable) {
					t.Errorf("want the keys out of reach, got %v", err)
				}
			})
		}
		wg.Wait()
		if n := s.count(keysV2); n != 1 {
			t.Errorf("want one fetch for 50 callers, got %d", n)
		}
		if took := time.Since(start); took != 5*second {
			t.Errorf("want the time-out of 5 s, got %s", took)
		}
	})
}

// TestBadAnswers: no answer but a good one replaces a good set.
func TestBadAnswers(t *testing.T) {
	big := `{"keys":[],"x":"` + strings.Repeat("x", 512<<10) + `"}`
	elsewhere := http.Header{"Location": {"https://evil.example/keys"}}
	plain := http.Header{"Location": {"http://login.microsoftonline.com/keys"}}
	small, _ := numbers(newPair(1024))
	answers := map[string]answer{
		"connection refused":        {err: errDown},
		"503":                       {status: 503, body: "busy"},
		"503 with good keys":        {status: 503, body: setOf(jwkOf(pairs()[1], kid))},
		"404":                       {status: 404},
		"an error as 200":           {body: `{"error":"x"}`},
		"no keys":                   {body: `{"keys":[]}`},
		"keys null":                 {body: `{"keys":null}`},
		"two keys members":          {body: `{"keys":[],"keys":` + setOf(jwkOf(pairs()[1], kid))[8:]},
		"no JSON":                   {body: `<html>`},
		"nothing":                   {},
		"something behind":          {body: setOf(jwkOf(pairs()[1], kid)) + "x"},
		"only bad keys":             {body: setOf(jwkOf(pairs()[1], kid).str("n", small))},
		"more than 512 KiB":         {body: big},
		"spaces without end":        {body: setOf(jwkOf(pairs()[1], kid)) + strings.Repeat(" ", 512<<10)},
		"redirect to another host":  {status: 302, header: elsewhere},
		"redirect to plain http":    {status: 302, header: plain},
		"304 that nobody asked for": {status: 304},
		"never":                     {hang: true},
	}
	for name, a := range answers {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newIssuer()
				s.say("https://evil.example/keys", setOf(jwkOf(pairs()[1], kid)))
				s.say("http://login.microsoftonline.com/keys", setOf(jwkOf(pairs()[1], kid)))
				m := metadata(t, s, verify.MetadataOptions{})
				first := lookup(t, m, kid, nil)
				s.set(keysV2, a)
				lookup(t, m, "new", verify.ErrKeysUnreachable)
				if k := lookup(t, m, kid, nil); k != first {
					t.Error("want the old key kept")
				}
				if n := s.count("https://evil.example/keys") + s.count("http://login.microsoftonline.com/keys"); n != 0 {
					t.Error("the redirect was followed")
				}
				if state := m.State()[0]; state.Failures != 1 || state.Err == nil || state.Keys != 1 {
					t.Errorf("want the failure shown, got %+v", state)
				}
				time.Sleep(24*time.Hour + second)
				lookup(t, m, kid, verify.ErrKeysUnreachable)
			})
		})
	}
}

// TestRun: a server's keys are renewed every hour, sooner after a failure, and
// not at all once it stops.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIssuer()
		m := metadata(t, s, verify.MetadataOptions{})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { m.Run(ctx); close(done) }()
		synctest.Wait()
		if n := s.count(keysV2); n != 1 {
			t.Fatalf("want a fetch at once, got %d", n)
		}
		time.Sleep(10 * time.Hour)
		if n := s.count(keysV2); n < 9 || n > 13 {
			t.Errorf("want one fetch an hour, got %d in ten", n)
		}
		s.set(keysV2, answer{err: errDown})
		time.Sleep(70 * time.Minute)
		failed := m.State()[0].Failures
		if failed < 2 {
			t.Errorf("want another attempt soon after a failure, got %d", failed)
		}
		cancel()
		<-done
		before := s.total()
		time.Sleep(3 * time.Hour)
		if s.total() != before {
			t.Error("want nothing after the end")
		}
	})
}
