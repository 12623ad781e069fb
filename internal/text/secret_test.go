package text_test

import (
	"strings"
	"testing"

	"m2m/internal/text"
)

// TestRedactForms keeps a long word, which may be a request's content, and not the
// forms of a secret.
func TestRedactForms(t *testing.T) {
	long := strings.Repeat("0a", 64)
	jwt := "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2ln-_x"
	if got := text.RedactForms("-d " + long + " " + jwt); got != "-d "+long+" [redacted]" {
		t.Errorf("RedactForms = %q", got)
	}
	if got := text.Redact("-d " + long); got != "-d [redacted]" {
		t.Errorf("Redact = %q", got)
	}
}

func TestRedact(t *testing.T) {
	jwt := "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2ln-_x"
	for in, want := range map[string]string{
		"":                            "",
		"nothing secret":              "nothing secret",
		jwt:                           "[redacted]",
		"file " + jwt + ": not found": "file [redacted]: not found",
		"Bearer%20" + jwt:             "Bearer%20[redacted]",
		"a " + jwt + ", b " + jwt:     "a [redacted], b [redacted]",
		"eyJhbGciOi.x":                "[redacted]",
		"eyJhbGc":                     "eyJhbGc",
		"/surveyJobsByTenant/1":       "/surveyJobsByTenant/1",
		"id abC8Q~abcdefghijklmnopqrstuvwxyz0123456 end": "id [redacted] end",
		"Q~": "Q~",
		"no file /x/" + strings.Repeat("MII+aB3/xY9z0123456789abcdefg", 8) + "==: gone": "no file [redacted]: gone",
		"/subscriptions/" + strings.Repeat("resourceGroups/Name1/", 12) + "x":           "/subscriptions/" + strings.Repeat("resourceGroups/Name1/", 12) + "x",
		strings.Repeat("a", 100): strings.Repeat("a", 100),
		strings.Repeat("a", 101): "[redacted]",
		"/" + strings.Repeat("a.-_Z9", 20) + "/b/" + strings.Repeat("b", 200) + "?c": "/[redacted]/b/[redacted]?c",
	} {
		if got := text.Redact(in); got != want {
			t.Errorf("Redact(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("before ", "hbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2ln", " after")
	f.Add("%20", "0123456789abcdefg", "\x00é")
	f.Fuzz(func(t *testing.T, before, body, after string) {
		if len(body) < 17 || strings.Trim(body, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
			return
		}
		if token := "eyJ" + body; strings.Contains(text.Redact(before+token+after), token) {
			t.Errorf("Redact(%q) keeps the token", before+token+after)
		}
	})
}

func BenchmarkRedact(b *testing.B) {
	s := "cannot read token file /home/ci/eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2ln-_x: no such file or directory"
	for b.Loop() {
		text.Redact(s)
	}
}

func TestHidden(t *testing.T) {
	var h text.Hidden
	h.Add("KEY", ` it's "secret" value `)
	h.Add("HOST", "https://api.example.org:8443/")
	h.Add("PIN", "123")
	h.Add("PART", "secret")
	h.Add("AGAIN", "secret")
	h.Add("CONTROL", "ab\x1bcd")
	h.AddLiteral("opaque-token", text.Redacted)
	for in, want := range map[string]string{
		"GET https://api.example.org:8443/x?pin=123": "GET https://api.example.org:8443/x?pin=123",
		`it's "secret" value`:                        "${KEY}",
		`q=+it%27s+%22secret%22+value+`:              "q=${KEY}",
		`'it'\''s "secret" value'`:                   "'${KEY}'",
		"a secret b":                                 "a ${PART} b",
		`it's "secr…`:                                "${KEY}…",
		`ab\x1bcd`:                                   "${CONTROL}",
		"sent opaque-token":                          "sent [redacted]",
		"sent opaque-…, no more":                     "sent [redacted]…, no more",
		"…":                                          "…",
	} {
		if got := h.Hide(in); got != want {
			t.Errorf("Hide(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestHiddenExpand(t *testing.T) {
	var h text.Hidden
	h.Add("KEY", "secret value")
	for in, want := range map[string]string{
		"curl -H 'X: secret value' a": `curl -H 'X: '"${KEY}"'' a`,
		"curl secret%20value":         "curl ${KEY}",
	} {
		if got := h.Expand(h.Hide(in)); got != want {
			t.Errorf("Expand(Hide(%q)) = %s, want %s", in, got, want)
		}
	}
}
