package verify_test

import (
	"net/http"
	"testing"
	"testing/synctest"

	"m2m/internal/entra"
	"m2m/internal/verify"
)

// flapping answers as a front end that lags does: its first set of keys lacks
// the new one.
type flapping struct{ *issuer }

func (f flapping) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.String() == keysV2 && f.count(keysV2) == 1 {
		f.say(keysV2, setOf(jwkOf(pairs()[0], kid), jwkOf(pairs()[1], "kid-2")))
	}
	return f.issuer.RoundTrip(r)
}

// TestFirstSetLacksTheKey: who has just begun asks twice before a key counts as
// unknown, and a stranger's key ID costs no more than that.
func TestFirstSetLacksTheKey(t *testing.T) {
	for _, tt := range []struct {
		kid     string
		want    error
		fetches int
	}{{"kid-2", nil, 2}, {kid, nil, 1}, {"forged", verify.ErrKeyUnknown, 2}} {
		synctest.Test(t, func(t *testing.T) {
			s := flapping{newIssuer()}
			m, err := verify.NewMetadata(entra.Authority{Origin: authority().Origin, Tenant: tenant}, verify.MetadataOptions{HTTP: &http.Client{Transport: s}})
			if err != nil {
				t.Fatal(err)
			}
			lookup(t, m, tt.kid, tt.want)
			lookup(t, m, tt.kid, tt.want)
			if n := s.count(keysV2); n != tt.fetches {
				t.Errorf("%s: %d fetches, want %d", tt.kid, n, tt.fetches)
			}
		})
	}
}
