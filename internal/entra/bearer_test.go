package entra_test

import (
	"testing"

	"m2m/internal/entra"
)

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
