package entra

import "strings"

// IsGUID reports whether s has the form of an Entra identifier: 32
// hexadecimal digits in groups of 8-4-4-4-12, in either case, without braces.
func IsGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch i {
		case 8, 13, 18, 23:
			if s[i] != '-' {
				return false
			}
		default:
			if !isHex(s[i]) {
				return false
			}
		}
	}
	return true
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// IsBearerToken reports whether s can be carried as a bearer token: the
// b64token of RFC 6750 section 2.1.
func IsBearerToken(s string) bool {
	body := strings.TrimRight(s, "=")
	for i := range len(body) {
		c := body[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case strings.IndexByte("-._~+/", c) >= 0:
		default:
			return false
		}
	}
	return body != ""
}

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
// labels or more whose last one is not a number, as that of an address is.
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
