package entra

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// OneLine makes one printable line of a text of unknown origin, of at most
// limit bytes and an ellipsis, so that it can neither flood a terminal nor send
// it control sequences. Runs of white space become one space.
func OneLine(s string, limit int) string {
	s = strings.Join(strings.Fields(strings.Map(blankControl, strings.ToValidUTF8(s, "�"))), " ")
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit] + "…"
}

// blankControl replaces what would move a cursor or change a colour by a space.
func blankControl(r rune) rune {
	if !strconv.IsPrint(r) {
		return ' '
	}
	return r
}
