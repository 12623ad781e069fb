package text_test

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"m2m/internal/text"
)

func TestQuote(t *testing.T) {
	long := strings.Repeat("x", 199)
	for in, want := range map[string]string{
		"":                 `""`,
		"plain":            `"plain"`,
		`a "b" \`:          `"a \"b\" \\"`,
		"é":                `"é"`,
		"a\x1b[31m\n":      `"a\x1b[31m\n"`,
		"\u202eabc\u200b":  `"\u202eabc\u200b"`,
		"\xff":             `"\xff"`,
		long + "y":         `"` + long + `y"`,
		long + "yz":        `"` + long + `y…"`,
		long + "é":         `"` + long + `…"`,
		long + "\n" + long: `"` + long + `\n…"`,
	} {
		if got := text.Quote(in); got != want {
			t.Errorf("Quote(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestAppendQuotedAllocatesNothing(t *testing.T) {
	dst := make([]byte, 0, 1024)
	for _, s := range []string{"plain", "with \"quotes\"", strings.Repeat("é", 300)} {
		if n := testing.AllocsPerRun(100, func() { dst = text.AppendQuoted(dst[:0], s) }); n != 0 {
			t.Errorf("AppendQuoted(%.20q): %v allocations", s, n)
		}
	}
}

func TestBound(t *testing.T) {
	for _, tt := range []struct {
		in    string
		limit int
		want  string
	}{
		{"", 4, ""},
		{"abcd", 4, "abcd"},
		{"abcde", 4, "abcd…"},
		{"abé", 3, "ab…"},
		{`say "no" \`, 20, `say "no" \`},
		{"a\x1b[2J\r\n\tb", 20, `a\x1b[2J\r\n\tb`},
		{"\u202egnp\u0085", 20, `\u202egnp\u0085`},
		{"a\u00a0b", 20, `a\u00a0b`},
		{"\xff\ufffd", 20, `\xff` + "\ufffd"},
		{"\x80\x80\x80\x80\x80\x80", 5, `\x80…`},
		{"it's 'é'", 20, "it's 'é'"},
	} {
		if got := text.Bound(tt.in, tt.limit); got != tt.want {
			t.Errorf("Bound(%q, %d) = %q, want %q", tt.in, tt.limit, got, tt.want)
		}
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"two\nlines\t\u3000":     "two\nlines\t\u3000",
		"a\x1b]0;x\x07\r":        `a\x1b]0;x\a\r`,
		"\u202e\u2028\u009b\xff": `\u202e\u2028\u009b\xff`,
	} {
		if got := text.Printable(in); got != want {
			t.Errorf("Printable(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestOneLine(t *testing.T) {
	for _, tt := range []struct {
		in    string
		limit int
		want  string
	}{
		{"", 5, ""},
		{" two\r\n lines\t", 20, "two lines"},
		{"\x1b[31mred\x07", 20, "[31mred"},
		{"bad \xff byte", 20, "bad \ufffd byte"},
		{"exactly", 7, "exactly"},
		{"longer", 4, "long…"},
		{"aé", 2, "a…"},
	} {
		if got := text.OneLine(tt.in, tt.limit); got != tt.want {
			t.Errorf("OneLine(%q, %d) = %q, want %q", tt.in, tt.limit, got, tt.want)
		}
	}
}

func FuzzForeignText(f *testing.F) {
	f.Add("a\x1b]0;x\x07\u2028b", 3)
	f.Add("é\xff", 1)
	f.Add("\xef", 102) // the first byte of U+FFFD
	f.Add("\u202e\\\"'\n", 8)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		limit = max(0, min(limit, 1<<10))
		for name, got := range map[string]string{
			"OneLine": text.OneLine(s, limit), "Bound": text.Bound(s, limit), "Quote": text.Quote(s),
		} {
			if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("%s(%q, %d) = %q", name, s, limit, got)
			}
		}
		if got := text.OneLine(s, limit); len(got) > limit+len("…") {
			t.Errorf("OneLine(%q, %d) = %q, of %d bytes", s, limit, got, len(got))
		}
		if got := text.Printable(s); utf8.ValidString(s) && len(got) < len(s) || strings.ContainsAny(got, "\x1b\r\u202e") {
			t.Errorf("Printable(%q) = %q", s, got)
		}
	})
}

func TestLowerASCII(t *testing.T) {
	for _, tt := range []struct {
		in, want string
		ascii    bool
	}{
		{"", "", true},
		{"API.Example.org:8443", "api.example.org:8443", true},
		{"[::1]", "[::1]", true},
		{"apİ.Example", "apİ.example", false},
		{"api.\u212Aafka", "api.\u212Aafka", false},
		{"ſale", "ſale", false},
		{"ÄPFEL", "Äpfel", false},
	} {
		if got := text.LowerASCII(tt.in); got != tt.want {
			t.Errorf("LowerASCII(%q) = %q, want %q", tt.in, got, tt.want)
		}
		if got := text.IsASCII(tt.in); got != tt.ascii {
			t.Errorf("IsASCII(%q) = %v", tt.in, got)
		}
	}
}

func TestIndexSpace(t *testing.T) {
	for _, tt := range []struct {
		in    string
		index int
		want  string
	}{
		{"", -1, ""},
		{"abc", -1, ""},
		{"aéb", -1, ""},
		{"ab c", 2, "white space after 2 of 4 characters"},
		{"a\r\nb", 1, "a line break after 1 of 4 characters"},
		{"a\u00a0b", 1, "the white space U+00A0 after 1 of 4 characters"},
	} {
		got := text.IndexSpace(tt.in)
		if got != tt.index {
			t.Errorf("IndexSpace(%q) = %d, want %d", tt.in, got, tt.index)
		}
		if got < 0 {
			continue
		}
		if got := text.SpaceAt(tt.in, tt.index); got != tt.want {
			t.Errorf("SpaceAt(%q, %d) = %q, want %q", tt.in, tt.index, got, tt.want)
		}
	}
}

func TestWithoutPath(t *testing.T) {
	_, err := os.Open(t.TempDir() + "/none")
	got := text.WithoutPath(err)
	if !errors.Is(got, fs.ErrNotExist) || strings.Contains(got.Error(), "none") {
		t.Errorf("WithoutPath(%v) = %v", err, got)
	}
	other := errors.New("other")
	if got := text.WithoutPath(other); got != other {
		t.Errorf("WithoutPath(%v) = %v", other, got)
	}
}
