package verify_test

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"m2m/internal/verify"
)

// flapping answers as front ends do of which one lags: so many sets of keys lack
// the new one, and each takes its time.
type flapping struct {
	*issuer
	lacking int
	takes   time.Duration
}

func (f flapping) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.String() == keysV2 && f.count(keysV2) == f.lacking {
		f.say(keysV2, setOf(jwkOf(pairs()[0], kid), jwkOf(pairs()[1], "kid-2")))
	}
	response, err := f.issuer.RoundTrip(r)
	time.Sleep(f.takes)
	return response, err
}

// TestSetLacksTheKey: a key counts as unknown when two sets lack it, for who has
// just begun as for who holds older keys, and a stranger's key ID costs no more.
func TestSetLacksTheKey(t *testing.T) {
	for _, tt := range []struct {
		name    string
		warm    bool
		lacking int
		kid     string
		want    error
		fetches int
	}{
		{"no keys yet, the first set lacks it", false, 1, "kid-2", nil, 2},
		{"no keys yet, an old key", false, 1, kid, nil, 1},
		{"no keys yet, nobody's", false, 1, "forged", verify.ErrKeyUnknown, 2},
		{"older keys, the next set lacks it", true, 2, "kid-2", nil, 3},
		{"older keys, the next set has it", true, 1, "kid-2", nil, 2},
		{"older keys, both sets lack it", true, 3, "kid-2", verify.ErrKeyUnknown, 3},
		{"older keys, nobody's", true, 2, "forged", verify.ErrKeyUnknown, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := flapping{newIssuer(), tt.lacking, 0}
				m, err := verify.NewMetadata(authority(), verify.MetadataOptions{HTTP: &http.Client{Transport: s}})
				if err != nil {
					t.Fatal(err)
				}
				if tt.warm {
					lookup(t, m, kid, nil)
				}
				lookup(t, m, tt.kid, tt.want)
				lookup(t, m, tt.kid, tt.want) // known now, or known to be unknown
				if n := s.count(keysV2); n != tt.fetches {
					t.Errorf("%d fetches, want %d", n, tt.fetches)
				}
			})
		})
	}
}

// TestSetLacksTheKeyUnderLoad: whoever comes while the first answer or the second
// one is on its way waits for it; one who came between the two was refused once.
func TestSetLacksTheKeyUnderLoad(t *testing.T) {
	for _, warm := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			lacking := 1
			if warm {
				lacking = 2
			}
			s := flapping{newIssuer(), lacking, second}
			m, err := verify.NewMetadata(authority(), verify.MetadataOptions{HTTP: &http.Client{Transport: s}})
			if err != nil {
				t.Fatal(err)
			}
			if warm {
				lookup(t, m, kid, nil)
			}
			var callers sync.WaitGroup
			for range 50 {
				for range 4 {
					callers.Go(func() { lookup(t, m, "kid-2", nil) })
				}
				time.Sleep(100 * time.Millisecond)
			}
			callers.Wait()
			if n := s.count(keysV2); n != lacking+1 {
				t.Errorf("%d fetches, want %d", n, lacking+1)
			}
		})
	}
}

// TestSpareAttempt: a stranger's key ID is asked for once where asking twice
// would leave no attempt for the next new key.
func TestSpareAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIssuer()
		m := metadata(t, s, verify.MetadataOptions{})
		lookup(t, m, kid, nil)
		set := []members{jwkOf(pairs()[0], kid), jwkOf(pairs()[1], "kid-2")}
		s.say(keysV2, setOf(set...))
		lookup(t, m, "kid-2", nil)
		lookup(t, m, "forged", verify.ErrKeyUnknown)
		s.say(keysV2, setOf(append(set, jwkOf(pairs()[1], "kid-3"))...))
		lookup(t, m, "kid-3", nil)
	})
}
