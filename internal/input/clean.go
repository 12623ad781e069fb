package input

import (
	"strings"
	"unicode"

	"m2m/internal/text"
)

// Clean takes a token out of what people paste: a byte order mark, white space
// around it, one pair of quotes, "Authorization:", "Bearer ". It says what it stripped, in
// words. The error is a *SpaceError, if white space is left inside the token.
func Clean(input string) (token string, stripped []string, err error) {
	s := strip(&stripped, "white space", input, strings.TrimSpace(input))
	s = strip(&stripped, "a byte order mark", s, strings.TrimPrefix(s, "\ufeff"))
	s = strip(&stripped, "quotes", s, unwrap(s))
	s = strip(&stripped, "the header's name", s, cutPrefixFold(s, "Authorization:"))
	s = strip(&stripped, "the scheme Bearer", s, cutScheme(s))
	s = strip(&stripped, "quotes", s, unwrap(s))
	if i := text.IndexSpace(s); i >= 0 {
		return "", stripped, &SpaceError{text.SpaceAt(s, i)}
	}
	return s, stripped, nil
}

// SpaceError says that a token holds white space.
type SpaceError struct{ Where string }

// Error implements error.
func (e *SpaceError) Error() string {
	return "form: the token holds a character that is not base64url, found " + e.Where
}

func strip(stripped *[]string, what, before, after string) string {
	if after != before {
		*stripped = append(*stripped, what)
	}
	return strings.TrimSpace(after)
}

// unwrap removes one pair of quotes, as a shell or a JSON file leaves them.
func unwrap(s string) string {
	if len(s) >= 2 && (s[0] == '"' || s[0] == '\'' || s[0] == '`') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}

func cutPrefixFold(s, prefix string) string {
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):]
	}
	return s
}

func cutScheme(s string) string {
	if rest := cutPrefixFold(s, "Bearer"); rest != s && strings.TrimLeftFunc(rest, unicode.IsSpace) != rest {
		return rest
	}
	return s
}
