package jwks

import (
	"encoding/json"
	"strings"
	"testing"
)

// FuzzKeySet: every key that is accepted is one that RS256 may be verified
// with, under the ID that it has in the set.
func FuzzKeySet(f *testing.F) {
	f.Add([]byte(`{"keys":[]}`))
	f.Add([]byte(`{"keys":[{"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB","x5c":["AA=="]},{"kty":"EC"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"RSA","kid":"a","e":"AQAB","n":"` + strings.Repeat("_", 342) + `"}]}`))
	f.Add([]byte(`{"keys":[{"a":1,"a":2}],"keys":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		keys, _, err := readKeys(data)
		if err == nil && len(keys) == 0 {
			t.Fatal("an empty set without an error")
		}
		for id, k := range keys {
			bits := k.RSA.N.BitLen()
			if id != k.ID || id == "" || bits < 2048 || bits > 8192 || k.RSA.E < 3 || k.RSA.E%2 == 0 || k.RSA.N.Bit(0) == 0 {
				t.Errorf("accepted %q: %d bits, e %d", id, bits, k.RSA.E)
			}
		}
	})
}

func FuzzDiscovery(f *testing.F) {
	f.Add([]byte(`{"issuer":"https://a/b/v2.0","jwks_uri":"https://a/keys","cloud_instance_name":null}`))
	f.Add([]byte(`{"issuer":"x","issuer":"y","jwks_uri":""}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := readDiscovery(data)
		if err != nil {
			return
		}
		var other map[string]any
		if err := json.Unmarshal(data, &other); err != nil {
			t.Fatalf("encoding/json refuses what is accepted here: %v", err)
		}
		if other["issuer"] != d.issuer || other["jwks_uri"] != d.keysAddress {
			t.Errorf("want %v, got %+v", other, d)
		}
	})
}
