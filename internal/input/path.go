package input

import (
	"path/filepath"
	"strings"
)

// CheckPath returns what a value is that was given instead of the path of a file, as
// a *NotError; nil if it may be a path.
func CheckPath(value string) error {
	const where = ", not the path of a file"
	s := trimAround(value)
	switch {
	case strings.Contains(s, "-----BEGIN"):
		if strings.Contains(s, "PRIVATE KEY") {
			return not("a private key itself"+where, "write it to a file that only you can read, and give the path of that file")
		}
		return not("a certificate itself"+where, "write it to a file, and give the path of that file")
	case strings.HasPrefix(s, "{") && strings.Contains(s, `"`), strings.HasPrefix(s, "[{"):
		return not("JSON"+where, "write it to a file, and give the path of that file")
	case strings.ContainsAny(s, "\n\r\x00"):
		return not("text of several lines"+where, "write it to a file, and give the path of that file")
	case isJWTText(s):
		return not("a token itself"+where, "write it to a file that only you can read, and give the path of that file")
	case isEntraSecret(s):
		return not("a client secret itself"+where, "write it to a file that only you can read, and give the path of that file")
	case len(s) > 60 && hasPrefixOf(s, "MII", "LS0tLS1", "ZXlK") && !strings.Contains(s, "."):
		return not("base64 text itself"+where, "write it to a file that only you can read, and give the path of that file")
	case len(s) > 200 && isBase64Run(s):
		return not("base64 text itself"+where, "write it to a file that only you can read, and give the path of that file")
	case hasPrefixOf(strings.ToLower(s), "https://", "http://"):
		return not("an address"+where, "fetch it into a file first: curl -o FILE ADDRESS")
	}
	return nil
}

func hasPrefixOf(s string, prefixes ...string) bool {
	for _, prefix := range prefixes {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	return false
}

// isBase64Run reports whether s has only characters of base64 and no part as short as
// the names in paths.
func isBase64Run(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isTokenByte(c) && c != '+' && c != '/' && c != '=' || c == '.' {
			return false
		}
	}
	return strings.Count(s, "/") < len(s)/20
}

// IsPathLike reports whether a message may repeat a path that names no file: one that
// begins as paths do, or whose last part has an extension. Anything else may be a
// secret that was given instead of its file.
func IsPathLike(path string) bool {
	if CheckPath(path) != nil || len(path) > 1024 || strings.ContainsAny(path, "+=@!?*#$%&'\"`<>|;,") {
		return false
	}
	if hasPrefixOf(path, "/", "./", "../", "~/", `.\`, `..\`) || len(path) > 2 && path[1] == ':' && (path[2] == '\\' || path[2] == '/') {
		return true
	}
	extension := filepath.Ext(path)
	return len(extension) > 1 && len(extension) <= 6 && len(extension) < len(path) && len(path) < 200 && !strings.Contains(path, "~")
}
