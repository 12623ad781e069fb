package text

import (
	"strings"
	"unicode"
)

// LooksSecret reports whether a value that was given for a path, an address, an
// ID or a number is probably a key, a certificate, a token or a password in the
// wrong place: it has a line break or another control character, a PEM header,
// the form of a token or of Entra's client secrets, or a part that looks random.
// Such a value is never repeated in a message.
func LooksSecret(value string) bool {
	if HasSecretForm(value) {
		return true
	}
	if strings.Contains(value, "~") && len(value) >= 24 && !strings.Contains(value, "/") {
		return true // a shape of older client secrets of Entra
	}
	for part := range strings.FieldsFuncSeq(value, isDelimiter) {
		if looksRandom(part) {
			return true
		}
	}
	return false
}

// HasSecretForm is LooksSecret without the rule about parts that look random:
// addresses and paths have such parts, and messages about them would say nothing.
func HasSecretForm(value string) bool {
	return strings.ContainsFunc(value, unicode.IsControl) || strings.Contains(value, pemBegin) || Redact(value) != value
}

// pemBegin starts a PEM block (RFC 7468).
const pemBegin = "-----BEGIN"

// isDelimiter reports whether a character ends a part of a path, an address or a
// name. Base64 has + and = inside and at the end of a value, and / too: what is
// between two of them is looked at alone.
func isDelimiter(r rune) bool { return strings.ContainsRune(`/\:.,;@?&#-_ '"()[]{}<>$%|`, r) }

// shortestRandom is the length from which a part can look random, in bytes.
const shortestRandom = 16

// looksRandom reports whether a word changes between capital letters, small
// letters and digits as often as base64 of random bytes does, where names in
// mixed case change at every third character or less.
func looksRandom(word string) bool {
	if len(word) < shortestRandom {
		return false
	}
	const (
		capital = iota + 1
		small
		digit
		other
	)
	var seen [other + 1]bool
	changes, last := 0, 0
	for i := range len(word) {
		kind := other
		switch c := word[i]; {
		case 'A' <= c && c <= 'Z':
			kind = capital
		case 'a' <= c && c <= 'z':
			kind = small
		case '0' <= c && c <= '9':
			kind = digit
		}
		if i > 0 && kind != last {
			changes++
		}
		seen[kind], last = true, kind
	}
	return seen[capital] && seen[small] && seen[digit] && changes*5 >= len(word)*2
}

// NotShown stands for a value that LooksSecret.
const NotShown = "[not shown: it may be a secret]"

// QuoteGiven returns what Quote does, or NotShown for a value that LooksSecret:
// for a value that a person gave where something else belongs.
func QuoteGiven(value string) string {
	if LooksSecret(value) {
		return NotShown
	}
	return Quote(value)
}
