package jwks_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"m2m/internal/entra"
	"m2m/internal/jwks"
	"m2m/internal/jwks/issuertest"
	"m2m/internal/jwt"
)

// TestKeys: what a key must be to verify anything. Each key stands alone, so
// that the set's error says why it was skipped.
func TestKeys(t *testing.T) {
	good := issuertest.JWK(issuertest.Pairs()[0], issuertest.KeyID)
	small := issuertest.JWK(issuertest.NewPair(1024), issuertest.KeyID)
	other := issuertest.Pairs()[1]
	even := issuertest.Base64("\xff" + strings.Repeat("\x02", 255))
	tests := []struct {
		name string
		key  issuertest.Members
		want error
	}{
		{"Entra's", good, nil},
		{"v1.0, without issuer", good.Del("issuer"), nil},
		{"China, without cloud", good.Del("issuer", "cloud_instance_name"), nil},
		{"no use", good.Del("use"), nil},
		{"no certificate", good.Del("x5c"), nil},
		{"alg RS256", good.Str("alg", "RS256"), nil},
		{"key_ops verify", good.Set("key_ops", `["verify"]`), nil},
		{"kty oct", good.Str("kty", "oct"), jwks.ErrKeyType},
		{"kty EC", good.Str("kty", "EC"), jwks.ErrKeyType},
		{"kty rsa", good.Str("kty", "rsa"), jwks.ErrKeyType},
		{"no kty", good.Del("kty"), jwks.ErrKeyType},
		{"use enc", good.Str("use", "enc"), jwks.ErrKeyUse},
		{"key_ops encrypt", good.Set("key_ops", `["encrypt"]`), jwks.ErrKeyUse},
		{"key_ops sign and verify", good.Set("key_ops", `["sign","verify"]`), jwks.ErrKeyUse},
		{"key_ops empty", good.Set("key_ops", `[]`), jwks.ErrKeyUse},
		{"alg PS256", good.Str("alg", "PS256"), jwks.ErrKeyAlgorithm},
		{"alg HS256", good.Str("alg", "HS256"), jwks.ErrKeyAlgorithm},
		{"no kid", good.Del("kid"), jwks.ErrKeyID},
		{"kid of 129 characters", good.Str("kid", strings.Repeat("k", 129)), jwks.ErrKeyID},
		{"kid a number", good.Set("kid", "1"), jwt.ErrMemberType},
		{"1024 bits", small, jwks.ErrKeySize},
		{"no n", good.Del("n"), jwks.ErrKeySize},
		{"8200 bits", good.Str("n", issuertest.Base64("\x80"+strings.Repeat("\x01", 1024))).Del("x5c"), jwks.ErrKeySize},
		{"even n", good.Str("n", even).Del("x5c"), jwks.ErrKeyNumbers},
		{"n with padding", good.Str("n", "AQ=="), jwks.ErrKeyNumbers},
		{"e even", good.Str("e", "AQAA").Del("x5c"), jwks.ErrKeyNumbers},
		{"e 1", good.Str("e", "AQ").Del("x5c"), jwks.ErrKeyNumbers},
		{"e of 32 bits", good.Str("e", issuertest.Base64("\xff\xff\xff\xff")).Del("x5c"), jwks.ErrKeyNumbers},
		{"e of 33 bits", good.Str("e", issuertest.Base64("\x01\x00\x00\x00\x01")).Del("x5c"), jwks.ErrKeyNumbers},
		{"certificate of another key", good.Set("x5c", `["`+other.Certificate+`"]`), jwks.ErrKeyX5C},
		{"certificate that is none", good.Set("x5c", `["AAAA"]`), jwks.ErrKeyX5C},
		{"certificate no base64", good.Set("x5c", `["*"]`), jwks.ErrKeyX5C},
		{"x5c a string", good.Str("x5c", "AAAA"), jwt.ErrMemberType},
		{"two n", good.Add("n", `"AQAB"`), jwt.ErrNameDuplicate},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := jwks.NewSet([]byte(issuertest.KeySet(tt.key)), jwks.SetOptions{})
			if !errors.Is(err, tt.want) || (s == nil) != (tt.want != nil) {
				t.Errorf("want %v, got %v", tt.want, err)
			}
			if tt.want == nil {
				return
			}
			// The same key beside a good one costs the good one nothing.
			sibling := issuertest.JWK(other, "sibling")
			s, err = jwks.NewSet([]byte(issuertest.KeySet(tt.key, sibling)), jwks.SetOptions{})
			if err != nil || s.Skipped() != 1 {
				t.Fatalf("want one skipped, got %v", err)
			}
			if k, _, err := s.Lookup(t.Context(), entra.V2, "", "sibling"); err != nil || k == nil {
				t.Errorf("want the sibling kept, got %v", err)
			}
		})
	}
}

// TestKeyTwice: two keys of one ID make it useless, the same key twice not.
func TestKeyTwice(t *testing.T) {
	one, two := issuertest.JWK(issuertest.Pairs()[0], issuertest.KeyID),
		issuertest.JWK(issuertest.Pairs()[1], issuertest.KeyID)
	if _, err := jwks.NewSet([]byte(issuertest.KeySet(one, two)), jwks.SetOptions{}); !errors.Is(err, jwks.ErrKeyTwice) {
		t.Errorf("want both dropped, got %v", err)
	}
	if _, err := jwks.NewSet([]byte(issuertest.KeySet(one, one)), jwks.SetOptions{}); err != nil {
		t.Errorf("want the same key twice accepted, got %v", err)
	}
	encryption := two.Str("use", "enc")
	if _, err := jwks.NewSet([]byte(issuertest.KeySet(one, encryption)), jwks.SetOptions{}); err != nil {
		t.Errorf("want a key for something else ignored, got %v", err)
	}
}

func TestKeySetForm(t *testing.T) {
	key := issuertest.JWK(issuertest.Pairs()[0], issuertest.KeyID).JSON()
	tests := []struct {
		name, set string
		want      error
	}{
		{"empty", "", jwks.ErrKeySet},
		{"one key, no set", key, jwks.ErrKeySet},
		{"an array", "[" + key + "]", jwks.ErrKeySet},
		{"an array, exactly", "[" + key + "]", jwt.ErrNotObject},
		{"a text", `"keys"`, jwt.ErrNotObject},
		{"something behind", issuertest.KeySet(issuertest.Members{}) + "x", jwks.ErrKeySet},
		{"keys an object", `{"keys":` + key + `}`, jwks.ErrKeySet},
		{"no keys", `{"keys":[]}`, jwks.ErrNoUsableKey},
		{"a key that is a number", `{"keys":[1]}`, jwks.ErrNoUsableKey},
		{"a PEM file", "-----BEGIN PUBLIC KEY-----\n" + base64.StdEncoding.EncodeToString([]byte("x")), jwks.ErrKeySet},
		{"line breaks and other members", "\n{\"x\":1,\n\"keys\":[" + key + "]\n}\n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := jwks.NewSet([]byte(tt.set), jwks.SetOptions{}); !errors.Is(err, tt.want) || tt.want == nil &&
				err != nil {
				t.Errorf("want %v, got %v", tt.want, err)
			}
		})
	}
}
