package serve

import (
	"strconv"
	"strings"
	"sync"
)

// maxEscapes is how often a path is unescaped in search of a dot segment.
const maxEscapes = 8

// hasDotSegment finds "." and ".." in a path: they would lead out of the upstream's
// prefix. It finds them as lax servers do: escaped any number of times, between
// slashes and backslashes, before path parameters (Java) or a NUL (C), among control
// characters and spaces (Windows), as overlong UTF-8 and as %uXXXX (IIS).
func hasDotSegment(path string) bool {
	for range maxEscapes {
		if isDotPath(path) {
			return true
		}
		if strings.IndexByte(path, '%') < 0 {
			return false
		}
		next := unescapeLax(path)
		if next == path {
			return false
		}
		path = next
	}
	return true // no client escapes a path so often
}

// isDotPath looks for a dot segment in a path as it is.
func isDotPath(path string) bool {
	for segment := range strings.FieldsFuncSeq(path, func(c rune) bool { return c == '/' || c == '\\' }) {
		if end := strings.IndexAny(segment, ";\x00?#"); end >= 0 {
			segment = segment[:end]
		}
		segment = strings.Map(func(c rune) rune {
			if c <= ' ' || c == 0x7f {
				return -1
			}
			return c
		}, segment)
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

// unescapeLax replaces %XX and %uXXXX, then the forms of dot and slash that some
// servers take for the plain characters. It keeps what is no escape.
func unescapeLax(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if c, ok := hexDigits(s, i+1, 2); ok {
			b.WriteByte(byte(c))
			i += 2
		} else if c, ok := hexDigits(s, i+2, 4); ok && (s[i+1] == 'u' || s[i+1] == 'U') {
			b.WriteRune(c)
			i += 5
		} else {
			b.WriteByte('%')
		}
	}
	return dotForms().Replace(b.String())
}

// hexDigits reads n hexadecimal digits of s from i on.
func hexDigits(s string, i, n int) (rune, bool) {
	if i+n > len(s) {
		return 0, false
	}
	value, err := strconv.ParseUint(s[i:i+n], 16, 16)
	return rune(value), err == nil
}

// dotForms has overlong UTF-8 (CVE-2000-0884, CVE-2008-2938), full-width forms, which
// Windows maps to ASCII, and the leaders that NFKC maps to dots.
var dotForms = sync.OnceValue(func() *strings.Replacer {
	return strings.NewReplacer(
		"\xc0\xae", ".", "\xe0\x80\xae", ".", "\xf0\x80\x80\xae", ".", "\uff0e", ".", "\u2024", ".", "\u2025", "..",
		"\xc0\xaf", "/", "\xe0\x80\xaf", "/", "\xf0\x80\x80\xaf", "/", "\uff0f", "/",
		"\xc1\x9c", `\`, "\xe0\x81\x9c", `\`, "\uff3c", `\`,
	)
})
