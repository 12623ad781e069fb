package verify_test

import (
	"testing"

	"m2m/internal/jwks/issuertest"
	"m2m/internal/verify"
)

// FuzzToken: nothing but the very tokens that were signed is valid, and
// Verify and Report never disagree about that.
func FuzzToken(f *testing.F) {
	valid := map[string]bool{issuertest.Valid(): true,
		issuertest.Mint(issuertest.Header(), issuertest.ClaimsV1()): true}
	for token := range valid {
		f.Add(token)
	}
	for _, tt := range append(append(formTrials(), jsonTrials()...), append(headerTrials(), kindTrials()...)...) {
		f.Add(tt.token)
	}
	v := verifier(f, policy(), issuertest.Keys(f))
	quick, err := verify.New(policy(), issuertest.Keys(f),
		verify.Options{Now: issuertest.At(issuertest.Noon), CacheBytes: 1 << 20})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := v.Verify(t.Context(), text)
		report := v.Report(t.Context(), text)
		if (err == nil) != (report.Verdict == verify.Valid) {
			t.Fatalf("Verify says %v, the report %s", err, report.Verdict)
		}
		for range 2 {
			if _, again := quick.Verify(t.Context(), text); (again == nil) != (err == nil) {
				t.Fatalf("without the cache %v, with it %v", err, again)
			}
		}
		if err == nil && !valid[text] {
			t.Fatal("accepted a token that was not signed so")
		}
	})
}
