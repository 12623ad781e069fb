package entra

import "strings"

// isHostName reports whether s has the form of a DNS host name (RFC 1123
// section 2.1) or an IPv4 address: labels of ASCII letters, digits and inner
// hyphens, without a dot at the end.
func isHostName(s string) bool {
	if len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if !isLabel(label) {
			return false
		}
	}
	return true
}

// isDomain reports whether s can be a tenant's domain: a host name of two
// labels or more whose last one is no number, which an address would have.
func isDomain(s string) bool {
	dot := strings.LastIndexByte(s, '.')
	return dot >= 0 && isHostName(s) && len(s)-dot > 2 && !isDigit(s[dot+1])
}

func isLabel(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !isDigit(c) && !isLetter(c) && c != '-' {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
