package verify_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"m2m/internal/entra"
	"m2m/internal/explain"
	"m2m/internal/jwks"
	"m2m/internal/jwks/issuertest"
	"m2m/internal/verify"
)

const graph = "00000003-0000-0000-c000-000000000000"

// TestEveryCheckSpeaks: whatever did not pass has a cause; what passed or
// failed says what was expected and what was found; all checks are there.
func TestEveryCheckSpeaks(t *testing.T) {
	order := "form algorithm key signature issuer tenant audience lifetime kind binding client permission"
	for name, v := range map[string]*verify.Verifier{
		"configured": verifier(t, policy(), issuertest.Keys(t)), "zero": verifier(t, verify.Policy{}, nil),
	} {
		for _, tt := range append(append(formTrials(), headerTrials()...), append(claimTrials(), kindTrials()...)...) {
			report := explain.Report(v.Report(t.Context(), tt.token), explain.Judged{})
			var names []string
			for _, f := range report.Findings {
				names = append(names, string(f.Check))
				if f.Status != verify.Pass && f.Cause == "" {
					t.Errorf("%s, %s: no cause: %+v", name, tt.name, f)
				}
				if f.Status == verify.Fail && (f.Expected == "" || f.Found == "" && f.Check != verify.CheckForm) {
					t.Errorf("%s, %s: expected or found is missing: %+v", name, tt.name, f)
				}
				if (f.Status == verify.Pass) != (f.Reason == "") {
					t.Errorf("%s, %s: status without its reason: %+v", name, tt.name, f)
				}
			}
			if got := strings.Join(names, " "); got != order {
				t.Fatalf("want %s, got %s", order, got)
			}
		}
	}
}

// TestOutOfReach: with the keys out of reach the report says unknown, never
// that the signature passed or failed.
func TestOutOfReach(t *testing.T) {
	s := issuertest.New()
	s.Set(issuertest.DiscoveryV2, issuertest.Answer{Err: issuertest.ErrDown})
	report := explain.Report(verifier(t, policy(), issuertest.Metadata(t, s, jwks.MetadataOptions{})).Report(t.Context(),
		issuertest.Valid()), explain.Judged{})
	if report.Verdict != verify.Undecided {
		t.Errorf("want unknown, got %s", report.Verdict)
	}
	want := "the keys could not be read: login.microsoftonline.com: connection refused"
	if got := report.Finding(verify.CheckKey).Cause; got != want {
		t.Errorf("want %s, got %s", want, got)
	}
	if f := report.Finding(verify.CheckKey); f.Status != verify.Unknown || f.Reason != verify.ErrKeysUnreachable {
		t.Errorf("want the key unknown for want of the document, got %+v", f)
	}
	for _, c := range []verify.Check{verify.CheckSignature, verify.CheckIssuer} {
		if f := report.Finding(c); f.Status != verify.Skip || f.BlockedBy != verify.CheckKey {
			t.Errorf("want %s skipped because of the key, got %+v", c, f)
		}
	}
	for _, c := range []verify.Check{verify.CheckTenant, verify.CheckAudience, verify.CheckLifetime, verify.CheckKind,
		verify.CheckPermission} {
		if f := report.Finding(c); f.Status != verify.Pass {
			t.Errorf("want %s decided all the same, got %+v", c, f)
		}
	}
}

// TestReportNeverLeaks: no word of a report or an error holds the token or its
// signature.
func TestReportNeverLeaks(t *testing.T) {
	v := verifier(t, policy(), issuertest.Keys(t))
	for _, tt := range append(formTrials(), headerTrials()...) {
		parts := strings.Split(tt.token, ".")
		signature := parts[len(parts)-1]
		if len(signature) < 20 {
			continue
		}
		_, err := v.Verify(context.Background(), tt.token)
		words := errString(err)
		for _, f := range explain.Report(v.Report(t.Context(), tt.token), explain.Judged{}).Findings {
			words += f.Expected + f.Found + f.Cause + f.Fix
		}
		if strings.Contains(words, signature[:20]) {
			t.Errorf("%s: the words hold the signature: %s", tt.name, words)
		}
	}
}

func errString(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestErrors: each error matches its outcome and its reason, and
// nothing else.
func TestErrors(t *testing.T) {
	_, err := verifier(t, policy(), issuertest.Keys(t)).Verify(t.Context(),
		issuertest.Mint(issuertest.Header(), issuertest.ClaimsV2().Str("aud", issuertest.OtherTenant)))
	for _, target := range []error{verify.ErrInvalid, verify.ErrAudienceMismatch} {
		if !errors.Is(err, target) {
			t.Errorf("want %v in %v", target, err)
		}
	}
	for _, target := range []error{verify.ErrForbidden, verify.ErrUndecided, verify.ErrAudienceMissing} {
		if errors.Is(err, target) {
			t.Errorf("want no %v in %v", target, err)
		}
	}
	want := `audience: the audience is not this API: expected ` + issuertest.API + ` or api://m2m, found "` +
		issuertest.OtherTenant + `"`
	if err.Error() != want {
		t.Errorf("want %s\ngot %s", want, err)
	}
	if _, err := jwks.NewMetadata(entra.Authority{Origin: "http://x", Tenant: issuertest.Tenant},
		jwks.MetadataOptions{}); !errors.Is(err, entra.ErrAuthorityHost) {
		t.Errorf("want plain http rejected, got %v", err)
	}
	slashed := entra.Authority{Origin: "https://login.microsoftonline.com",
		Tenant: issuertest.Tenant + "/../" + issuertest.OtherTenant}
	if _, err := jwks.NewMetadata(slashed, jwks.MetadataOptions{HTTP: http.DefaultClient}); !errors.Is(err,
		entra.ErrTenantForm) {
		t.Errorf("want a path instead of a tenant rejected, got %v", err)
	}
	if _, err := jwks.NewMetadata(issuertest.Authority(), jwks.MetadataOptions{}); !errors.Is(err, jwks.ErrNoHTTPClient) {
		t.Errorf("want a client asked for, got %v", err)
	}
}

// TestBoundUndecided: who is asked about a token that somebody else received cannot tell
// whether that one holds the key.
func TestBoundUndecided(t *testing.T) {
	p := policy()
	p.BoundUndecided = true
	v := verifier(t, p, issuertest.Keys(t))
	token := issuertest.Mint(issuertest.Header(), issuertest.ClaimsV2().Set("cnf", `{"x5t#S256":"x"}`))
	report := v.Report(t.Context(), token)
	if f := report.Finding(verify.CheckBinding); report.Verdict != verify.Undecided || f.Status != verify.Unknown ||
		f.Reason != verify.ErrBound {
		t.Errorf("want the binding unknown, got %s, %+v", report.Verdict, f)
	}
	if _, err := v.Verify(t.Context(), token); !errors.Is(err, verify.ErrUndecided) {
		t.Errorf("want undecided, got %v", err)
	}
}

// TestOneFailure: what one failure explains is skipped, and names it.
func TestOneFailure(t *testing.T) {
	for name, tt := range map[string]struct {
		claims issuertest.Members
		check  verify.Check
	}{
		"another tenant": {foreign(), verify.CheckIssuer},
		"another issuer": {issuertest.Members{}.Str("iss", "https://idp.example").Str("aud", "x"), verify.CheckIssuer},
		"exp as text":    {issuertest.ClaimsV2().Str("exp", "1"), verify.CheckForm},
		"no azp":         {issuertest.ClaimsV2().Del("azp"), verify.CheckKind},
	} {
		report := verifier(t, policy(), issuertest.Keys(t)).Report(t.Context(), issuertest.Mint(issuertest.Header(), tt.claims))
		for _, f := range report.Findings {
			if failed := f.Status == verify.Fail || f.Status == verify.Unknown; failed != (f.Check == tt.check) {
				t.Errorf("%s: want %s alone, got %+v", name, tt.check, f)
			}
			if f.Status == verify.Skip && f.Reason == verify.ErrNotReached && f.BlockedBy == "" {
				t.Errorf("%s: %s names no check that explains it", name, f.Check)
			}
		}
	}
}
