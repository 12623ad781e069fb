package cache

import (
	"bytes"
	"testing"

	"m2m/internal/entra"
)

// TestRegionHasItsOwnSlot is here because only Entra's hosts have regions.
func TestRegionHasItsOwnSlot(t *testing.T) {
	secret := entra.NewSecret("any secret of any client")
	names := map[string]bool{}
	for _, region := range []string{"", "westeurope", "westus2"} {
		s, err := (&Store{Dir: t.TempDir()}).Slot(Key{Region: region, Secret: secret})
		if err != nil {
			t.Fatal(err)
		}
		names[s.name] = true
	}
	if len(names) != 3 {
		t.Errorf("%d slots for three regions", len(names))
	}
}

// FuzzOpenEntry changes a sealed entry, which must then not open.
func FuzzOpenEntry(f *testing.F) {
	s := &Slot{name: "name", key: bytes.Repeat([]byte{7}, 32)}
	sealed, err := s.seal(&Entry{Access: "abc", Type: "Bearer"}, bytes.NewReader(make([]byte, 12)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Add(sealed[:20])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := s.open(data)
		if (err == nil) != bytes.Equal(data, sealed) {
			t.Errorf("%x opened to %v, %v", data, e, err)
		}
	})
}
