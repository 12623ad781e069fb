package token

import (
	"testing"

	"m2m/internal/entra"
)

// TestRegionHasItsOwnSlot: only Entra's hosts have regions, so that no stand-in
// can show it.
func TestRegionHasItsOwnSlot(t *testing.T) {
	secret := entra.NewSecret("any secret of any client")
	names := map[string]bool{}
	for _, region := range []string{"", "westeurope", "westus2"} {
		s, err := (&Cache{Dir: t.TempDir()}).slot(Request{Region: region, Credential: NewClientSecret(secret)}, secret)
		if err != nil {
			t.Fatal(err)
		}
		names[s.name] = true
	}
	if len(names) != 3 {
		t.Errorf("%d slots for three regions", len(names))
	}
}
