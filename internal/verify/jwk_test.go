package verify_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"m2m/internal/entra"
	"m2m/internal/verify"
)

// TestKeys: what a key must be to verify anything. Each key stands alone, so
// that the set's error says why it was skipped.
func TestKeys(t *testing.T) {
	good := jwkOf(pairs()[0], kid)
	small := jwkOf(newPair(1024), kid)
	other := pairs()[1]
	even := b64("\xff" + strings.Repeat("\x02", 255))
	tests := []struct {
		name string
		key  members
		want error
	}{
		{"Entra's", good, nil},
		{"v1.0, without issuer", good.del("issuer"), nil},
		{"China, without cloud", good.del("issuer", "cloud_instance_name"), nil},
		{"no use", good.del("use"), nil},
		{"no certificate", good.del("x5c"), nil},
		{"alg RS256", good.str("alg", "RS256"), nil},
		{"key_ops verify", good.set("key_ops", `["verify"]`), nil},
		{"kty oct", good.str("kty", "oct"), verify.ErrKeyType},
		{"kty EC", good.str("kty", "EC"), verify.ErrKeyType},
		{"kty rsa", good.str("kty", "rsa"), verify.ErrKeyType},
		{"no kty", good.del("kty"), verify.ErrKeyType},
		{"use enc", good.str("use", "enc"), verify.ErrKeyUse},
		{"key_ops encrypt", good.set("key_ops", `["encrypt"]`), verify.ErrKeyUse},
		{"key_ops sign and verify", good.set("key_ops", `["sign","verify"]`), verify.ErrKeyUse},
		{"key_ops empty", good.set("key_ops", `[]`), verify.ErrKeyUse},
		{"alg PS256", good.str("alg", "PS256"), verify.ErrKeyAlgorithm},
		{"alg HS256", good.str("alg", "HS256"), verify.ErrKeyAlgorithm},
		{"no kid", good.del("kid"), verify.ErrKeyID},
		{"kid of 129 characters", good.str("kid", strings.Repeat("k", 129)), verify.ErrKeyID},
		{"kid a number", good.set("kid", "1"), verify.ErrMemberType},
		{"1024 bits", small, verify.ErrKeySize},
		{"no n", good.del("n"), verify.ErrKeySize},
		{"8200 bits", good.str("n", b64("\x80"+strings.Repeat("\x01", 1024))).del("x5c"), verify.ErrKeySize},
		{"even n", good.str("n", even).del("x5c"), verify.ErrKeyNumbers},
		{"n with padding", good.str("n", "AQ=="), verify.ErrKeyNumbers},
		{"e even", good.str("e", "AQAA").del("x5c"), verify.ErrKeyNumbers},
		{"e 1", good.str("e", "AQ").del("x5c"), verify.ErrKeyNumbers},
		{"e of 32 bits", good.str("e", b64("\xff\xff\xff\xff")).del("x5c"), verify.ErrKeyNumbers},
		{"e of 33 bits", good.str("e", b64("\x01\x00\x00\x00\x01")).del("x5c"), verify.ErrKeyNumbers},
		{"certificate of another key", good.set("x5c", `["`+other.x5c+`"]`), verify.ErrKeyX5C},
		{"certificate that is none", good.set("x5c", `["AAAA"]`), verify.ErrKeyX5C},
		{"certificate no base64", good.set("x5c", `["*"]`), verify.ErrKeyX5C},
		{"x5c a string", good.str("x5c", "AAAA"), verify.ErrMemberType},
		{"two n", good.add("n", `"AQAB"`), verify.ErrNameDuplicate},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := verify.NewKeySet([]byte(setOf(tt.key)), verify.KeySetOptions{})
			if !errors.Is(err, tt.want) || (s == nil) != (tt.want != nil) {
				t.Errorf("want %v, got %v", tt.want, err)
			}
			if tt.want == nil {
				return
			}
			// The same key beside a good one costs the good one nothing.
			sibling := jwkOf(other, "sibling")
			s, err = verify.NewKeySet([]byte(setOf(tt.key, sibling)), verify.KeySetOptions{})
			if err != nil || s.Skipped() != 1 {
				t.Fatalf("want one skipped, got %v", err)
			}
			if k, _, err := s.Lookup(t.Context(), entra.V2, "sibling"); err != nil || k == nil {
				t.Errorf("want the sibling kept, got %v", err)
			}
		})
	}
}

// TestKeyTwice: two keys of one ID make it useless, the same key twice not.
func TestKeyTwice(t *testing.T) {
	one, two := jwkOf(pairs()[0], kid), jwkOf(pairs()[1], kid)
	if _, err := verify.NewKeySet([]byte(setOf(one, two)), verify.KeySetOptions{}); !errors.Is(err, verify.ErrKeyTwice) {
		t.Errorf("want both dropped, got %v", err)
	}
	if _, err := verify.NewKeySet([]byte(setOf(one, one)), verify.KeySetOptions{}); err != nil {
		t.Errorf("want the same key twice accepted, got %v", err)
	}
	encryption := two.str("use", "enc")
	if _, err := verify.NewKeySet([]byte(setOf(one, encryption)), verify.KeySetOptions{}); err != nil {
		t.Errorf("want a key for something else ignored, got %v", err)
	}
}

func TestKeySetForm(t *testing.T) {
	key := jwkOf(pairs()[0], kid).json()
	tests := []struct {
		name, set string
		want      error
	}{
		{"empty", "", verify.ErrKeySet},
		{"one key, no set", key, verify.ErrKeySet},
		{"an array", "[" + key + "]", verify.ErrKeySet},
		{"an array, exactly", "[" + key + "]", verify.ErrNotObject},
		{"a text", `"keys"`, verify.ErrNotObject},
		{"something behind", setOf(members{}) + "x", verify.ErrKeySet},
		{"keys an object", `{"keys":` + key + `}`, verify.ErrKeySet},
		{"no keys", `{"keys":[]}`, verify.ErrNoUsableKey},
		{"a key that is a number", `{"keys":[1]}`, verify.ErrNoUsableKey},
		{"a PEM file", "-----BEGIN PUBLIC KEY-----\n" + base64.StdEncoding.EncodeToString([]byte("x")), verify.ErrKeySet},
		{"line breaks and other members", "\n{\"x\":1,\n\"keys\":[" + key + "]\n}\n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := verify.NewKeySet([]byte(tt.set), verify.KeySetOptions{}); !errors.Is(err, tt.want) || tt.want == nil && err != nil {
				t.Errorf("want %v, got %v", tt.want, err)
			}
		})
	}
}
