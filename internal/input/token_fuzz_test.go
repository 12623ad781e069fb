package input_test

import (
	"strings"
	"testing"
	"unicode"

	"m2m/internal/input"
)

// FuzzClean: what is left holds no white space, and is not longer than what was given.
func FuzzClean(f *testing.F) {
	for _, s := range []string{"a.b.c", ` "Bearer a.b.c" `, "Authorization: Bearer 'a'", "a\nb", "Bearer\tBearer a",
		"\u00a0a", jwt, "TOKEN=" + jwt, `{"access_token":"` + jwt + `"}`, jwt[:20] + "\n" + jwt[20:], "ZXlK", "%65yJ.a.b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, pasted string) {
		token, _, err := input.Clean(pasted)
		if err != nil {
			return
		}
		if len(token) > 3*len(pasted) || strings.ContainsFunc(token, unicode.IsSpace) {
			t.Errorf("%q became %q", pasted, token)
		}
	})
}
