package verify_test

import (
	"errors"
	"testing"

	"m2m/internal/jwks/issuertest"
	"m2m/internal/jwt"
	"m2m/internal/verify"
)

// TestGraph: a token of Microsoft Graph's own is unverifiable for a person and
// rejected by a program; what only looks like one is rejected by both.
func TestGraph(t *testing.T) {
	nonce := issuertest.Header().Str("nonce", "n").Str("x5t", issuertest.KeyID)
	own := issuertest.ClaimsV1().Str("aud", "https://graph.microsoft.com")
	tests := []struct {
		name    string
		token   string
		change  func(*verify.Policy)
		verdict verify.Verdict
		reason  error
	}{
		{"Graph's", issuertest.Mint(nonce, own), nil, verify.Unverifiable, verify.ErrGraphNonce},
		{"by its GUID", issuertest.Mint(nonce, issuertest.ClaimsV1().Str("aud", graph)), nil, verify.Unverifiable,
			verify.ErrGraphNonce},
		{"of the US government", issuertest.Mint(nonce, issuertest.ClaimsV1().Str("aud", "https://dod-graph.microsoft.us/")),
			nil, verify.Unverifiable, verify.ErrGraphNonce},
		{"any audience", issuertest.Mint(nonce, own), func(p *verify.Policy) { p.AnyAudience = true }, verify.Unverifiable,
			verify.ErrGraphNonce},
		{"unsigned", issuertest.Mint(nonce.Str("alg", "none"), own), nil, verify.Invalid, verify.ErrAlgNotAllowed},
		{"malformed", issuertest.Mint(nonce.Add("nonce", `"m"`), own), nil, verify.Invalid, jwt.ErrNameDuplicate},
		{"without nonce", issuertest.Mint(issuertest.Header(), own), nil, verify.Invalid, verify.ErrAudienceMismatch},
		{"for a host that only ends so",
			issuertest.Mint(nonce, issuertest.ClaimsV1().Str("aud", "https://evil-graph.microsoft.com")), nil, verify.Invalid,
			verify.ErrAudienceMismatch},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := policy()
			if tt.change != nil {
				tt.change(&p)
			}
			v := verifier(t, p, issuertest.Keys(t))
			_, err := v.Verify(t.Context(), tt.token)
			if !errors.Is(err, verify.ErrInvalid) || !errors.Is(err, tt.reason) {
				t.Errorf("Verify: want a rejection (%v), got %v", tt.reason, err)
			}
			report := v.Report(t.Context(), tt.token)
			if report.Verdict != tt.verdict || report.Finding(verify.CheckSignature).Status == verify.Pass &&
				tt.verdict == verify.Unverifiable {
				t.Errorf("Report: want %s, got %s, %+v", tt.verdict, report.Verdict, report.Finding(verify.CheckSignature))
			}
		})
	}
}
