package verifycmd

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"m2m/internal/cli"
	"m2m/internal/cli/verifycmd/minttest"
	"m2m/internal/exit"
)

// longestLine bounds a line of a report in these tests, in bytes: the bounds of its
// parts, and escapes of six bytes for each.
const longestLine = 20000

// FuzzStrangersToken: whatever a token says, no output of verify has a byte that a
// terminal obeys, no line but the last ones looks like a verdict, and the same checks
// are reported in every form.
func FuzzStrangersToken(f *testing.F) {
	for _, seed := range [][3]string{
		{"name", "value", "kid"},
		{"a\nvalid: every check passed\n", "b\r\nvalid", "\x1b]0;title\a"},
		{"\u202evalid", "\u2028valid: every check passed", "\u009b31m"},
		{strings.Repeat("long name ", 5000), strings.Repeat("\x1b", 20000), "\x7f\x00"},
		{"iss", "https://login.microsoftonline.com/\nvalid: every check passed\n/v2.0", "none\nvalid"},
		{"aud", "\xff\xfe\nvalid", "👩‍👩‍👧 漢字"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, name, value, header string) {
		part := func(v any) string {
			data, err := json.Marshal(v)
			if err != nil {
				t.Skip()
			}
			return base64.RawURLEncoding.EncodeToString(data)
		}
		token := part(map[string]any{"alg": "RS256", "kid": header, header: name}) + "." +
			part(map[string]any{name: value, "aud": value, "iss": name, "roles": []string{value}, value: map[string]string{name: value}}) + ".AAAA"
		for _, args := range [][]string{{}, {"-v", "--explain"}, {"--decode"}, {"-o", "json"}, {"--batch"}} {
			var out, errs bytes.Buffer
			env := &cli.Env{Args: append([]string{"verify", "--audience", minttest.API}, append(args, "-")...),
				Stdin: strings.NewReader(token), Stdout: &out, Stderr: &errs, Now: time.Now, Dir: t.TempDir()}
			if code := cli.Run(t.Context(), env, onlyVerify); code == exit.Done && !slices.Contains(args, "--decode") {
				t.Fatalf("%q: exit code %d for a token that nobody signed", args, code)
			}
			for _, stream := range []string{out.String(), errs.String()} {
				checkShown(t, stream)
			}
			for line := range strings.Lines(out.String()) {
				if strings.HasPrefix(line, "valid") {
					t.Errorf("%q: a forged verdict: %q", args, line)
				}
			}
			for line := range strings.Lines(errs.String()) {
				if !strings.HasPrefix(line, "m2m: ") && !strings.HasPrefix(line, "{") && !strings.ContainsAny(line[:1], " }") {
					t.Errorf("%q: a line of nobody's on stderr: %q", args, line)
				}
			}
		}
	})
}

// checkShown fails for what a terminal obeys, and for a line without bound.
func checkShown(t *testing.T, stream string) {
	t.Helper()
	if !utf8.ValidString(stream) {
		t.Errorf("not UTF-8: %q", stream)
	}
	if i := strings.IndexFunc(stream, func(r rune) bool {
		return !unicode.IsGraphic(r) && r != '\n' && r != '\u200d'
	}); i >= 0 {
		t.Errorf("what is not shown reaches the terminal: %q", stream[max(0, i-40):min(i+8, len(stream))])
	}
	if strings.HasPrefix(stream, "{") {
		return // JSON has all of it
	}
	for line := range strings.Lines(stream) {
		if len(line) > longestLine {
			t.Errorf("a line of %d bytes: %.100q", len(line), line)
		}
	}
}
