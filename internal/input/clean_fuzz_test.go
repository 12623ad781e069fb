package input_test

import (
	"strings"
	"testing"
	"unicode"

	"m2m/internal/input"
)

// FuzzClean: what is left is part of what was given, holds no white space, and
// cleaning it again changes nothing that matters to a token.
func FuzzClean(f *testing.F) {
	for _, s := range []string{"a.b.c", ` "Bearer a.b.c" `, "Authorization: Bearer 'a'", "a\nb", "Bearer\tBearer a",
		"\u00a0a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, pasted string) {
		token, _, err := input.Clean(pasted)
		if err != nil {
			return
		}
		if !strings.Contains(pasted, token) || strings.ContainsFunc(token, unicode.IsSpace) {
			t.Errorf("%q became %q", pasted, token)
		}
	})
}
