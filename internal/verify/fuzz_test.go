package verify_test

import (
	"strings"
	"testing"
	"unicode"

	"m2m/internal/verify"
)

// FuzzToken: nothing but the very tokens that were signed is believed, and
// Verify and Judge never disagree about that.
func FuzzToken(f *testing.F) {
	believed := map[string]bool{good(): true, mint(header(), claimsV1()): true}
	for token := range believed {
		f.Add(token)
	}
	for _, tt := range append(append(formTrials(), jsonTrials()...), append(headerTrials(), kindTrials()...)...) {
		f.Add(tt.token)
	}
	v := verifier(f, policy(), keys(f))
	quick, err := verify.New(policy(), keys(f), verify.Options{Now: at(noon), CacheBytes: 1 << 20})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := v.Verify(t.Context(), text)
		report := v.Judge(t.Context(), text)
		if (err == nil) != (report.Verdict == verify.Believed) {
			t.Fatalf("Verify says %v, Judge %s", err, report.Verdict)
		}
		for range 2 {
			if _, again := quick.Verify(t.Context(), text); (again == nil) != (err == nil) {
				t.Fatalf("without the cache %v, with it %v", err, again)
			}
		}
		if err == nil && !believed[text] {
			t.Fatal("believed a token that was not signed so")
		}
	})
}

// FuzzClean: what is left is part of what was given, holds no white space, and
// cleaning it again changes nothing that matters to a token.
func FuzzClean(f *testing.F) {
	for _, s := range []string{"a.b.c", ` "Bearer a.b.c" `, "Authorization: Bearer 'a'", "a\nb", "Bearer\tBearer a", "\u00a0a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, input string) {
		token, _, err := verify.Clean(input)
		if err != nil {
			return
		}
		if !strings.Contains(input, token) || strings.ContainsFunc(token, unicode.IsSpace) {
			t.Errorf("%q became %q", input, token)
		}
	})
}
