package verify_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"m2m/internal/explain"
	"m2m/internal/jwks"
	"m2m/internal/jwks/issuertest"
	"m2m/internal/verify"
)

// mostWords is more than any advice has, with a hundred bytes of the token in it.
const mostWords = 700

// TestHostileWords: whoever writes a token decides neither what its reader will
// paste into a shell, nor how the report looks, whichever member holds his words.
func TestHostileWords(t *testing.T) {
	p := policy()
	p.Clients = []string{issuertest.API}
	plain := plainPolicy()
	plain.Tenants, plain.Clients, plain.Roles = p.Tenants, p.Clients, p.Roles
	for _, words := range []string{"$(reboot)", "a&reboot", "a,b", "it's", strings.Repeat("A", 1000),
		"\u202e\u2028\u00ad\u009b31m"} {
		for _, tt := range []struct {
			name   string
			judge  *verify.Verifier
			header issuertest.Members
			claims issuertest.Members
		}{
			{"v1.0", verifier(t, p, issuertest.Keys(t)), issuertest.Header(), issuertest.ClaimsV1()},
			{"v2.0", verifier(t, p, issuertest.Keys(t)), issuertest.Header(), issuertest.ClaimsV2()},
			{"user", verifier(t, p, issuertest.Keys(t)), issuertest.Header(), issuertest.UserClaims()},
			{"ID", verifier(t, p, issuertest.Keys(t)), issuertest.Header(), issuertest.IDClaims()},
			{"unset", verifier(t, verify.Policy{}, issuertest.Keys(t)), issuertest.Header(), issuertest.ClaimsV2()},
			{"plain", verifier(t, plain, plainKeys(t, jwks.SetOptions{Issuer: idp})), plainHeader(),
				plainClaims().Str("tid", issuertest.Tenant)},
		} {
			for _, m := range tt.claims {
				assertHarmless(t, tt.name+", "+m.Name,
					explain.Report(tt.judge.Report(t.Context(),
						issuertest.Mint(tt.header, tt.claims.Set(m.Name, strconv.Quote(words)))), explain.Judged{}), words)
			}
			for _, m := range tt.header {
				assertHarmless(t, tt.name+", "+m.Name,
					explain.Report(tt.judge.Report(t.Context(),
						issuertest.Mint(tt.header.Set(m.Name, strconv.Quote(words)), tt.claims)), explain.Judged{}), words)
			}
		}
	}
}

// TestHostileClient: an app that is its own subject is an app to a plain issuer,
// whatever it is called, and a token may name no client at all.
func TestHostileClient(t *testing.T) {
	p := plainPolicy()
	p.Clients = []string{"shop-1"}
	v := verifier(t, p, plainKeys(t, jwks.SetOptions{Issuer: idp}))
	for name, fix := range map[string]string{
		"shop-7":    "if this app may call, add it: --client shop-7",
		"$(reboot)": "if this app may call, add it: --client",
		"":          "",
	} {
		f := explain.Report(v.Report(t.Context(),
			issuertest.Mint(plainHeader(), plainClaims().Str("client_id", name).Str("sub", name))), explain.Judged{}).Finding(verify.CheckClient)
		if f.Status != verify.Fail || f.Fix != fix {
			t.Errorf("client %q: %s, fix %q, want %q", name, f.Status, f.Fix, fix)
		}
	}
}

// TestHostileFailure: what answers in the issuer's place writes some of the words
// of a failure.
func TestHostileFailure(t *testing.T) {
	s := issuertest.New()
	s.Set(issuertest.DiscoveryV2, issuertest.Answer{Err: errors.New("\x1b]0;x\a\u202e\n" + strings.Repeat("A", 1000))})
	v := verifier(t, policy(), issuertest.Metadata(t, s, jwks.MetadataOptions{}))
	_, err := v.Verify(t.Context(), issuertest.Valid())
	if !errors.Is(err, jwks.ErrKeysUnreachable) || len(err.Error()) > mostWords ||
		strings.ContainsFunc(err.Error(), unseen) {
		t.Errorf("%d bytes: %q", len(err.Error()), err)
	}
	assertHarmless(t, "no keys", explain.Report(v.Report(t.Context(), issuertest.Valid()), explain.Judged{}), "AAA")
}

func unseen(r rune) bool { return !unicode.IsGraphic(r) }

func assertHarmless(t *testing.T, name string, report *verify.Report, words string) {
	t.Helper()
	for _, f := range report.Findings {
		if strings.Contains(f.Fix, words) {
			t.Errorf("%s: the fix of %s has the words of the token: %q", name, f.Check, f.Fix)
		}
		for _, text := range []string{f.Expected, f.Found, f.Cause, f.Fix} {
			if len(text) > mostWords || strings.ContainsFunc(text, unseen) {
				t.Errorf("%s: %s says in %d bytes: %q", name, f.Check, len(text), text)
			}
		}
	}
}
