package input

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode"
	"unicode/utf16"
)

// Text returns the text of a file as UTF-8, and what it changed: Windows tools
// write a byte order mark, PowerShell 5 writes UTF-16.
func Text(data []byte) (s string, changed []string) {
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		return string(data[3:]), []string{"a byte order mark"}
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		return utf16Text(data[2:], binary.LittleEndian), []string{"UTF-16"}
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		return utf16Text(data[2:], binary.BigEndian), []string{"UTF-16"}
	case isUTF16(data, 1):
		return utf16Text(data, binary.LittleEndian), []string{"UTF-16"}
	case isUTF16(data, 0):
		return utf16Text(data, binary.BigEndian), []string{"UTF-16"}
	}
	return string(data), nil
}

// isUTF16 reports whether data is ASCII in UTF-16 without a byte order mark: each
// second byte, from zeroAt on, is zero, and no other.
func isUTF16(data []byte, zeroAt int) bool {
	if len(data) < 4 || len(data)%2 != 0 {
		return false
	}
	for i, b := range data {
		if (b == 0) != (i%2 == zeroAt) || b >= 0x80 {
			return false
		}
	}
	return true
}

func utf16Text(data []byte, order binary.ByteOrder) string {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	return string(utf16.Decode(units))
}

// isInvisible reports whether r takes no place on a screen: zero-width characters,
// marks of direction, the byte order mark.
func isInvisible(r rune) bool { return unicode.Is(unicode.Cf, r) || r == '\u3164' || r == '\u115f' }

// trimAround removes white space and invisible characters at both ends.
func trimAround(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || isInvisible(r) })
}

// quotePairs are the quotes that shells, JSON, docker and word processors leave
// around a value.
var quotePairs = []string{`""`, `''`, "``", "“”", "‘’", "«»", "„“"}

// unquote removes one pair of quotes around s.
func unquote(s string) string {
	for _, pair := range quotePairs {
		open, end := pair[:len(pair)/2], pair[len(pair)/2:]
		if len(s) >= len(pair) && strings.HasPrefix(s, open) && strings.HasSuffix(s, end) {
			return s[len(open) : len(s)-len(end)]
		}
	}
	return s
}

// changes collects in words what a reader changed.
type changes []string

// record adds what was changed if after differs from before, and returns after.
func (c *changes) record(what, before, after string) string {
	if after != before {
		*c = append(*c, what)
	}
	return after
}

// Value takes an ID, a name or a scope out of what is around it: white space and
// invisible characters, and one pair of quotes, which docker keeps.
func Value(s string) (value string, changed []string) {
	var c changes
	s = c.record("white space or invisible characters around it", s, trimAround(s))
	if inside := unquote(s); inside != s && !strings.ContainsAny(inside, "\"'`") {
		s = c.record("quotes", s, trimAround(inside))
	}
	return s, c
}

// ID is Value for a GUID: braces, parentheses, urn:uuid: and a name with = around
// one are removed too.
func ID(s string) (id string, changed []string) {
	id, changed = Value(s)
	c := changes(changed)
	inner := id
	if name, value, found := strings.Cut(inner, "="); found && isVariableName(strings.TrimPrefix(name, "export ")) {
		inner, _ = Value(value)
	}
	for _, pair := range []string{"{}", "()", "<>", "[]"} {
		if strings.HasPrefix(inner, pair[:1]) && strings.HasSuffix(inner, pair[1:]) {
			inner = trimAround(inner[1 : len(inner)-1])
			break
		}
	}
	inner = cutPrefixFold(inner, "urn:uuid:")
	if isGUID(inner) {
		id = c.record("what was around the GUID", id, inner)
	}
	return id, c
}

// isVariableName reports whether s has the form of the name of a variable.
func isVariableName(s string) bool {
	for i, r := range s {
		if !(r == '_' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || i > 0 && r >= '0' && r <= '9') {
			return false
		}
	}
	return s != ""
}

// isGUID reports whether s is 8-4-4-4-12 hexadecimal digits.
func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		isHyphen := i == 8 || i == 13 || i == 18 || i == 23
		if isHyphen != (s[i] == '-') || !isHyphen && !isHex(s[i]) {
			return false
		}
	}
	return true
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func cutPrefixFold(s, prefix string) string {
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):]
	}
	return s
}
