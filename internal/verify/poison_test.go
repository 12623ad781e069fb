package verify_test

import (
	"strings"
	"testing"

	"m2m/internal/jwks"
	"m2m/internal/jwks/issuertest"
	"m2m/internal/verify"
)

// TestNothingIsLeftForTheNextToken sends what is not a token, with the header of a valid
// one, before that: the verifier reads both with the same memory.
func TestNothingIsLeftForTheNextToken(t *testing.T) {
	v, err := verify.New(policy(), issuertest.Metadata(t, issuertest.New(), jwks.MetadataOptions{}),
		verify.Options{Now: issuertest.At(issuertest.Noon)})
	if err != nil {
		t.Fatal(err)
	}
	valid := issuertest.Valid()
	header, rest, _ := strings.Cut(valid, ".")
	claims, signature, _ := strings.Cut(rest, ".")
	for _, other := range []string{
		header, header + ".", header + "..", header + "." + claims, header + "." + claims[:40], header + ".e30." + signature,
		header + "." + claims + ".", valid + "." + signature, valid + ".a.b", header + ".!." + signature, header + ".W10." + signature,
		header + "." + issuertest.Base64(`{"tid":1}`) + "." + signature, header + "." + claims + "." + signature[:20],
	} {
		if _, err := v.Verify(t.Context(), other); err == nil {
			t.Errorf("%.60q is valid", other)
		}
		if _, err := v.Verify(t.Context(), valid); err != nil {
			t.Errorf("after %.60q: %v", other, err)
		}
	}
}
