package verify

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Whoever writes a token writes some of the words of its report. They must not
// move a terminal's cursor, turn the direction of its text, or fill its screen.

// quote bounds and quotes text that a stranger wrote.
func quote(s string) string { return string(appendQuoted(make([]byte, 0, 128), s)) }

func appendQuoted(dst []byte, s string) []byte {
	s = shorten(s, 100)
	if harmless(s) {
		return append(append(append(dst, '"'), s...), '"')
	}
	return strconv.AppendQuote(dst, s)
}

// harmless says that quoting would change nothing of s: it is the case of nearly
// every value, and a batch quotes many.
func harmless(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// bound does the same without the quotes, for text that needs none.
func bound(s string) string {
	s = shorten(s, 100)
	if harmless(s) {
		return s
	}
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		quoted := strconv.Quote(s)
		return quoted[1 : len(quoted)-1]
	}
	return s
}

func shorten(s string, most int) string {
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// setting is a line for somebody's settings that holds text of the token.
func setting(name string, values ...string) string {
	for _, value := range values {
		if !pastable(value) {
			return "set " + name
		}
	}
	return name + "=" + strings.Join(values, ",")
}

// pastable reports whether text of the token may stand in a line that a reader
// will paste into settings or a shell. A comma would be two values, and a quote,
// an ampersand or a line break worse; nothing of Entra's holds any.
func pastable(s string) bool {
	const others = ":/.~@?=%+"
	odd := func(r rune) bool { return notBase64URL(r) && !strings.ContainsRune(others, r) }
	return s != "" && len(s) <= 300 && !strings.ContainsFunc(s, odd)
}
