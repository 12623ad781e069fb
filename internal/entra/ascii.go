package entra

import "strings"

// IsASCII reports whether s holds nothing but ASCII. Whoever is about to compare
// host names asks first: a connection goes to a host's IDNA form (RFC 5890), where
// other alphabets are other names, while Unicode's case rules call some of their
// letters the same as ASCII ones.
func IsASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// LowerASCII returns s with A to Z in lower case and nothing else changed, which
// is all the case that DNS names know (RFC 4343). strings.ToLower would make an i
// of U+0130 and a k of the Kelvin sign, and so one host of two.
func LowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
