package verify_test

import (
	"testing"

	"m2m/internal/explain"
	"m2m/internal/jwks/issuertest"
)

// BenchmarkJudge is Verify with the words for a person, as --batch writes them.
func BenchmarkJudge(b *testing.B) {
	v, token := verifier(b, policy(), issuertest.Keys(b)), issuertest.Valid()
	b.ReportAllocs()
	for b.Loop() {
		if report := explain.Report(v.Report(b.Context(), token)); report.Verdict != "believed" {
			b.Fatal(report.Verdict)
		}
	}
}
