package text

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxQuoted bounds what Quote repeats, in bytes: longer than nearly every path,
// claim and address, and longer than the words that Redact takes for tokens.
const maxQuoted = 200

// Quote returns s in double quotes, escaped as in Go and cut to 200 bytes; an
// ellipsis before the closing quote says that it was cut.
func Quote(s string) string {
	return string(AppendQuoted(make([]byte, 0, maxQuoted+8), s)) // on the stack, nearly always
}

// AppendQuoted appends what Quote returns to dst. It allocates nothing if dst
// has room.
func AppendQuoted(dst []byte, s string) []byte {
	head := cut(s, maxQuoted)
	if isPlain(head) {
		dst = append(append(dst, '"'), head...)
	} else {
		dst = strconv.AppendQuote(dst, head)
		dst = dst[:len(dst)-1]
	}
	if len(head) < len(s) {
		dst = append(dst, "…"...)
	}
	return append(dst, '"')
}

// isPlain reports whether quoting changes nothing of s, as is the case for
// nearly every value.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// Cut returns s, or its first limit bytes, never less than a whole character,
// and an ellipsis.
func Cut(s string, limit int) string {
	if head := cut(s, limit); len(head) < len(s) {
		return head + "…"
	}
	return s
}

func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	end := limit
	for end > 0 && end > limit-utf8.UTFMax && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}

// Bound returns what Cut does, with everything that is not printable escaped as
// in Go. Quotes and backslashes stay as they are. What is returned can be longer
// than limit, by its escapes.
func Bound(s string, limit int) string { return escape(Cut(s, limit), unicode.IsPrint) }

// Printable returns s with everything escaped that is neither printable, nor a
// space of any kind, nor a line end, nor a tab.
func Printable(s string) string { return escape(s, isShown) }

// isShown reports whether a terminal shows a character and obeys nothing in it.
func isShown(r rune) bool { return unicode.IsGraphic(r) || r == '\n' || r == '\t' }

// isJoiner reports whether r, at place i of s, is the zero-width joiner between two
// emoji, as in that of a family, which is one character to its reader.
func isJoiner[T string | []byte](s T, i int, r rune) bool {
	const joiner, variation = '\u200d', '\ufe0f'
	if r != joiner {
		return false
	}
	before, _ := utf8.DecodeLastRuneInString(string(s[max(0, i-utf8.UTFMax):i]))
	after, _ := utf8.DecodeRuneInString(string(s[i+len("\u200d") : min(len(s), i+len("\u200d")+utf8.UTFMax)]))
	isEmoji := func(r rune) bool { return unicode.In(r, unicode.So, unicode.Sk) || r == variation }
	return isEmoji(before) && isEmoji(after)
}

// escape writes invalid bytes as \xff and runes that are not shown as Go does.
func escape(s string, isShown func(rune) bool) string {
	first := indexHidden(s, isShown)
	if first < 0 {
		return s
	}
	out := append(make([]byte, 0, len(s)+16), s[:first]...)
	for i := first; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			out = fmt.Appendf(out, `\x%02x`, s[i])
		case isShown(r), isJoiner(s, i, r):
			out = append(out, s[i:i+size]...)
		default:
			quoted := strconv.QuoteRune(r)
			out = append(out, quoted[1:len(quoted)-1]...)
		}
		i += size
	}
	return string(out)
}

// indexHidden returns the place of the first character to escape; -1 for none.
func indexHidden(s string, isShown func(rune) bool) int {
	for i, r := range s {
		if !isShown(r) && !isJoiner(s, i, r) {
			return i
		}
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], "\ufffd") {
			return i // an invalid byte, and not U+FFFD itself
		}
	}
	return -1
}

// OneLine returns s as one line of at most limit bytes and an ellipsis: what is
// not printable becomes a space, and white space one space.
func OneLine(s string, limit int) string {
	s = strings.Join(strings.Fields(strings.Map(blankControl, strings.ToValidUTF8(s, "\ufffd"))), " ")
	return Cut(s, limit)
}

func blankControl(r rune) rune {
	if !unicode.IsPrint(r) {
		return ' '
	}
	return r
}

// IsASCII reports whether s is ASCII. Ask it before two host names are compared:
// a connection goes to a host's IDNA form (RFC 5890), and Unicode's case rules
// make some letters of other alphabets equal to ASCII ones.
func IsASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// LowerASCII returns s with A to Z in lower case and nothing else changed, as
// DNS compares names (RFC 4343). strings.ToLower makes an i of U+0130 and a k of
// the Kelvin sign, and so one host of two.
func LowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// IndexSpace returns the place of the first white space in s; -1 for none. It
// looks at bytes first, because a batch passes every token through it.
func IndexSpace(s string) int {
	for i := range len(s) {
		switch c := s[i]; {
		case c == ' ', '\t' <= c && c <= '\r':
			return i
		case c >= utf8.RuneSelf:
			if j := strings.IndexFunc(s[i:], unicode.IsSpace); j >= 0 {
				return i + j
			}
			return -1
		}
	}
	return -1
}

// SpaceAt describes the white space at place i of s, for a message: "a line
// break after 12 of 80 characters".
func SpaceAt(s string, i int) string {
	r, _ := utf8.DecodeRuneInString(s[i:])
	switch r {
	case '\n', '\r':
		return fmt.Sprintf("a line break after %d of %d characters", i, len(s))
	case ' ', '\t':
		return fmt.Sprintf("white space after %d of %d characters", i, len(s))
	}
	return fmt.Sprintf("the white space %U after %d of %d characters", r, i, len(s))
}

// WithoutPath returns the cause of a file error without the path, for a message
// that names the file already.
func WithoutPath(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}
