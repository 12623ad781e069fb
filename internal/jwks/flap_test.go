package jwks_test

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"m2m/internal/jwks"
	"m2m/internal/jwks/issuertest"
)

// flapping answers as front ends do of which one lags: so many sets of keys lack
// the new one, and each takes its time.
type flapping struct {
	*issuertest.Issuer
	lacking int
	takes   time.Duration
}

func (f flapping) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.String() == issuertest.KeysV2 && f.Count(issuertest.KeysV2) == f.lacking {
		f.Serve(issuertest.KeysV2,
			issuertest.KeySet(issuertest.JWK(issuertest.Pairs()[0], issuertest.KeyID),
				issuertest.JWK(issuertest.Pairs()[1], "kid-2")))
	}
	response, err := f.Issuer.RoundTrip(r)
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
		{"no keys yet, an old key", false, 1, issuertest.KeyID, nil, 1},
		{"no keys yet, nobody's", false, 1, "forged", jwks.ErrKeyUnknown, 2},
		{"older keys, the next set lacks it", true, 2, "kid-2", nil, 3},
		{"older keys, the next set has it", true, 1, "kid-2", nil, 2},
		{"older keys, both sets lack it", true, 3, "kid-2", jwks.ErrKeyUnknown, 3},
		{"older keys, nobody's", true, 2, "forged", jwks.ErrKeyUnknown, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := flapping{issuertest.New(), tt.lacking, 0}
				m, err := jwks.NewMetadata(issuertest.Authority(), jwks.MetadataOptions{HTTP: &http.Client{Transport: s}})
				if err != nil {
					t.Fatal(err)
				}
				if tt.warm {
					issuertest.Lookup(t, m, issuertest.KeyID, nil)
				}
				issuertest.Lookup(t, m, tt.kid, tt.want)
				issuertest.Lookup(t, m, tt.kid, tt.want) // known now, or known to be unknown
				if n := s.Count(issuertest.KeysV2); n != tt.fetches {
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
			s := flapping{issuertest.New(), lacking, time.Second}
			m, err := jwks.NewMetadata(issuertest.Authority(), jwks.MetadataOptions{HTTP: &http.Client{Transport: s}})
			if err != nil {
				t.Fatal(err)
			}
			if warm {
				issuertest.Lookup(t, m, issuertest.KeyID, nil)
			}
			var callers sync.WaitGroup
			for range 50 {
				for range 4 {
					callers.Go(func() { issuertest.Lookup(t, m, "kid-2", nil) })
				}
				time.Sleep(100 * time.Millisecond)
			}
			callers.Wait()
			if n := s.Count(issuertest.KeysV2); n != lacking+1 {
				t.Errorf("%d fetches, want %d", n, lacking+1)
			}
		})
	}
}

// TestSpareAttempt: a stranger's key ID is asked for once where asking twice
// would leave no attempt for the next new key.
func TestSpareAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := issuertest.New()
		m := issuertest.Metadata(t, s, jwks.MetadataOptions{})
		issuertest.Lookup(t, m, issuertest.KeyID, nil)
		set := []issuertest.Members{issuertest.JWK(issuertest.Pairs()[0], issuertest.KeyID),
			issuertest.JWK(issuertest.Pairs()[1], "kid-2")}
		s.Serve(issuertest.KeysV2, issuertest.KeySet(set...))
		issuertest.Lookup(t, m, "kid-2", nil)
		issuertest.Lookup(t, m, "forged", jwks.ErrKeyUnknown)
		s.Serve(issuertest.KeysV2, issuertest.KeySet(append(set, issuertest.JWK(issuertest.Pairs()[1], "kid-3"))...))
		issuertest.Lookup(t, m, "kid-3", nil)
	})
}
