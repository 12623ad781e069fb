package serve

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// maxLogged is how much of one hostile text a log line takes, in bytes.
	maxLogged = 128
	// maxWord is the length of the longest word that is no secret: longer than
	// a GUID or a thumbprint, shorter than what is worth stealing.
	maxWord = 100
)

// quoted makes text of a caller's choice safe for any log format: parts that look
// like tokens are redacted, the rest is bounded, and what is not printable is
// escaped, so that it can neither start a new line nor move a terminal's cursor.
func quoted(s string) string {
	short := redactTokens(clip(s, 16*maxLogged))
	q := strconv.Quote(clip(short, maxLogged))
	q = q[1 : len(q)-1]
	if strings.Contains(q, `\`) {
		// Quotes and backslashes harm no log; escaped twice they harm a reader.
		q = strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(q)
	}
	if len(short) > maxLogged || len(s) > 16*maxLogged {
		q += "…"
	}
	return q
}

// clip cuts s to at most n bytes, between characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// redactTokens replaces every word that may be a token: one in the letters of a
// JWT that begins as a JWT does ("eyJ" is the base64 of `{"`), or one that is
// longer than any name. People do paste tokens into paths.
func redactTokens(s string) string {
	var b strings.Builder
	for s != "" {
		n := strings.IndexFunc(s, func(c rune) bool { return !isTokenLetter(c) })
		switch {
		case n < 0:
			n = len(s)
		case n == 0:
			n = strings.IndexFunc(s, isTokenLetter)
			if n < 0 {
				n = len(s)
			}
		}
		word := s[:n]
		if len(word) > maxWord && isTokenLetter(rune(word[0])) || strings.HasPrefix(word, "eyJ") && n >= 20 {
			word = "[redacted]"
		}
		b.WriteString(word)
		s = s[n:]
	}
	return b.String()
}

func isTokenLetter(c rune) bool {
	return isAlphanumeric(c) || c == '-' || c == '_' || c == '.'
}
