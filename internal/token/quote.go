package token

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxQuoted bounds what an error repeats of a value that may be anything.
const maxQuoted = 200

// quote quotes a value of unknown origin for an error, bounded, so that it can
// neither flood a terminal nor send it control sequences.
func quote(s string) string {
	if len(s) <= maxQuoted {
		return strconv.Quote(s)
	}
	return strconv.Quote(s[:maxQuoted]) + "…"
}

// sentence makes one printable, bounded line of text that a server sent.
func sentence(s string, limit int) string {
	s = strings.Join(strings.Fields(strings.Map(printable, strings.ToValidUTF8(s, "�"))), " ")
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit] + "…"
}

// printable replaces what would move a cursor or change a colour by a space.
func printable(r rune) rune {
	if !strconv.IsPrint(r) {
		return ' '
	}
	return r
}
