package entra_test

import (
	"testing"
	"unicode"
	"unicode/utf8"

	"m2m/internal/entra"
)

func TestOneLine(t *testing.T) {
	for _, tt := range []struct {
		in    string
		limit int
		want  string
	}{
		{"", 5, ""},
		{" two\r\n lines\t", 20, "two lines"},
		{"\x1b[31mred\x07", 20, "[31mred"},
		{"bad \xff byte", 20, "bad � byte"},
		{"exactly", 7, "exactly"},
		{"longer", 4, "long…"},
		{"aé", 2, "a…"},
	} {
		if got := entra.OneLine(tt.in, tt.limit); got != tt.want {
			t.Errorf("OneLine(%q, %d) = %q, want %q", tt.in, tt.limit, got, tt.want)
		}
	}
}

func FuzzOneLine(f *testing.F) {
	f.Add("a\x1b]0;x\x07\u2028b", 3)
	f.Add("é\xff", 1)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		limit = max(0, min(limit, 1<<10))
		got := entra.OneLine(s, limit)
		if len(got) > limit+len("…") || !utf8.ValidString(got) {
			t.Errorf("OneLine(%q, %d) = %q", s, limit, got)
		}
		for _, r := range got {
			if unicode.IsControl(r) {
				t.Errorf("OneLine(%q, %d) lets %q through", s, limit, r)
			}
		}
	})
}
