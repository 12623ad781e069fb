package input_test

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"testing"

	"m2m/internal/input"
)

func TestKeySet(t *testing.T) {
	const set = `{"keys":[{"kty":"RSA","n":"AQ","e":"AQAB"}]}`
	for name, given := range map[string]string{
		"as it is": set, "byte order mark": "\ufeff" + set + "\n", "UTF-16": string(utf16LE(set)), "a JSON string": strconv.Quote(set),
		"single quotes": "'" + set + "'", "base64": base64.StdEncoding.EncodeToString([]byte(set)), "one key": set[9 : len(set)-2],
	} {
		if got, changed, err := input.KeySet([]byte(given)); err != nil || string(got) != set || (changed != nil) != (given != set) {
			t.Errorf("%s: %s, %q, %v", name, got, changed, err)
		}
	}
	for given, want := range map[string]string{
		"": "empty", " \n": "empty",
		`{"issuer":"x","jwks_uri":"https://a.example/keys"}`: "a discovery document",
		"-----BEGIN PUBLIC KEY-----":                         "a PEM file",
		"<html>":                                             "HTML",
		jwt:                                                  "a token",
		`{"keys":[`:                                          "JSON that cannot be read",
		`{"error":{"code":"x"}}`:                             "the error of a server",
		"hello":                                              "not a key set",
	} {
		_, _, err := input.KeySet([]byte(given))
		if !errors.As(err, new(*input.NotError)) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", given, err, want)
		}
	}
	_, _, err := input.KeySet([]byte(`{"jwks_uri":"https://a.example/keys"}`))
	var not *input.NotError
	if !errors.As(err, &not) || !strings.Contains(not.Hints()[0], "https://a.example/keys") {
		t.Errorf("%v, want the address of the key set in a hint", not)
	}
}
