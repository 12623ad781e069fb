package explain_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"m2m/internal/entra"
	"m2m/internal/explain"
	"m2m/internal/input"
	"m2m/internal/jwks/issuertest"
	"m2m/internal/verify"
)

// FuzzTokenReport: of any token, mutated in its header, its claims or its text, a report
// says nothing that is not in the token, and Verify rejects it for a reason that the
// report has too.
func FuzzTokenReport(f *testing.F) {
	for _, s := range append(append(otherIssuers(), entraShapes()...), append(wrongTypes(), cutTokens()...)...) {
		if parts := strings.Split(s.text, "."); len(parts) == 3 {
			header, _ := base64.RawURLEncoding.DecodeString(parts[0])
			claims, _ := base64.RawURLEncoding.DecodeString(parts[1])
			f.Add(string(header), string(claims), uint8(2), uint16(0))
		}
	}
	f.Add(issuertest.Header().JSON(), issuertest.ClaimsV2().JSON(), uint8(1), uint16(700))
	signer := issuertest.Pairs()[0]
	verifiers := []*verify.Verifier{
		verifier(f, policy(), issuertest.Keys(f)), verifier(f, verify.Policy{BoundUndecided: true}, nil),
		verifier(f, verify.Policy{PlainIssuer: "https://idp.example", Audiences: []string{"api://orders"}}, issuertest.Keys(f)),
	}
	f.Fuzz(func(t *testing.T, header, claims string, cut uint8, at uint16) {
		encode := base64.RawURLEncoding.EncodeToString
		token := encode([]byte(header)) + "." + encode([]byte(claims)) + "." + strings.Repeat("A", 342) // signing is slow
		if cut == 0 {
			token = issuertest.Sign(signer, header, claims)
		}
		if cut%4 == 1 {
			token = token[:int(at)%len(token)]
		}
		if cleaned, _, err := input.Clean(token); err != nil || cleaned != token {
			return
		}
		for _, v := range verifiers {
			_, err := v.Verify(t.Context(), token)
			report := v.Report(t.Context(), token)
			if (err == nil) != (report.Verdict == verify.Valid) {
				t.Fatalf("Verify says %v, the report %s", err, report.Verdict)
			}
			var e *verify.Error
			if errors.As(err, &e) && report.Finding(e.Check).Reason != e.Reason {
				t.Fatalf("Verify rejects for %s %q, the report has %+v", e.Check, string(e.Reason), report.Finding(e.Check))
			}
			judged := explain.Judged{Text: entra.NewSecret(token)}
			assertSound(t, explain.Report(report, judged), token)
			judged.Situation = explain.HTTPAnswer
			assertNoCommands(t, explain.Report(v.Report(t.Context(), token), judged))
		}
	})
}
