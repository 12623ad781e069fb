package entra_test

import (
	"strings"
	"testing"

	"m2m/internal/entra"
)

const (
	tenantID = "8a5b6c7d-1e2f-4a3b-9c4d-5e6f7a8b9c0d"
	clientID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
	apiID    = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
)

func TestIsGUID(t *testing.T) {
	for s, want := range map[string]bool{
		clientID:                                   true,
		strings.ToUpper(clientID):                  true,
		"00000000-0000-0000-0000-000000000000":     true,
		"":                                         false,
		"{" + clientID + "}":                       false,
		clientID + " ":                             false,
		clientID + "\n":                            false,
		clientID + "0":                             false,
		clientID[:35]:                              false,
		strings.ReplaceAll(clientID, "-", ""):      false,
		strings.Replace(clientID, "-", "0", 1):     false,
		"3f2504e0-4f89-41d3-9a0c-0305e82c330g":     false,
		"3f2504e04-f89-41d3-9a0c-0305e82c3301":     false,
		"urn:uuid:" + clientID:                     false,
		"3f2504e0-4f89-41d3-9a0c-0305e82c33\u00e9": false, // 36 bytes, not 36 characters
		strings.Repeat("-", 36):                    false,
	} {
		if got := entra.IsGUID(s); got != want {
			t.Errorf("IsGUID(%q) = %v, want %v", s, got, want)
		}
	}
}

func TestIsBearerToken(t *testing.T) {
	for s, want := range map[string]bool{
		"a": true, "aZ9-._~+/": true, "eyJ.e30.c2ln": true, "YQ==": true,
		"": false, "=": false, "a=b": false, "a b": false, "a\n": false, "\"a\"": false, "ä": false, "a,b": false,
	} {
		if got := entra.IsBearerToken(s); got != want {
			t.Errorf("IsBearerToken(%q) = %v", s, got)
		}
	}
}
