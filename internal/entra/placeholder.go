package entra

import (
	"slices"
	"strings"
)

// longestPlaceholder bounds the search: nobody writes a longer one, and a
// secret file may hold anything.
const longestPlaceholder = 200

// IsPlaceholder reports whether a value was never filled in: your-tenant-id,
// <client-id>, {{secret}}, $CLIENT_ID, the all-zero GUID, changeme, null, and
// the same as the resource of a scope. The empty string is not a placeholder.
//
// It is not a regular expression because compiling one takes longer than reading a
// token from the cache.
func IsPlaceholder(s string) bool {
	s = strings.ToLower(strings.TrimSpace(s))
	if len(s) > longestPlaceholder {
		return false
	}
	if rest, ok := strings.CutPrefix(s, "api://"); ok {
		s = rest
	} else {
		s = strings.TrimPrefix(s, "https://")
	}
	s = strings.TrimSuffix(s, "/.default")
	return isMarked(s) || isUnexpanded(s) || isInstruction(s) || isOwnName(s) || isBlank(s)
}

// isMarked finds <client-id>, also inside a value such as
// <tenant>.onmicrosoft.com, and a whole value in braces or brackets.
func isMarked(s string) bool {
	for rest := s; ; {
		_, after, found := strings.Cut(rest, "<")
		if !found {
			break
		}
		if end := strings.IndexAny(after, "<>"); end > 0 && after[end] == '>' {
			return true
		}
		rest = after
	}
	inside := strings.TrimRight(strings.TrimLeft(s, "{"), "}")
	return strings.HasPrefix(s, "{") && strings.HasSuffix(s, "}") && !strings.ContainsAny(inside, "{}") ||
		enclosed(s, "[", "]")
}

// isUnexpanded finds $X, ${X}, $(X) and %X%, which nobody expanded.
func isUnexpanded(s string) bool {
	if name, ok := strings.CutPrefix(s, "$"); ok {
		return isWord(strings.TrimSuffix(strings.TrimPrefix(name, "{"), "}")) || enclosed(name, "(", ")")
	}
	return enclosed(s, "%", "%") && isWord(s[1:len(s)-1])
}

// isInstruction finds text that tells the reader to do something: insert-here,
// change_me, your.domain.com.
func isInstruction(s string) bool {
	words := strings.FieldsFunc(s, isSeparator)
	if first, _, more := cutWord(s); more && slices.Contains([]string{"your", "insert", "enter", "put", "replace"}, first) {
		return true
	}
	if whose, ok := strings.CutPrefix(s, "your"); ok {
		noun := strings.TrimPrefix(whose, ".")
		noun, _, _ = strings.Cut(strings.Map(dotAsSeparator, noun), "-")
		return slices.Contains([]string{
			"tenant", "domain", "company", "org", "organisation", "organization", "app", "api", "client", "secret",
		}, noun)
	}
	return len(words) <= 3 && slices.Contains([]string{
		"changeme", "changethis", "changein", "replaceme", "replacethis", "replacein", "fillme", "fillthis", "fillin",
		"changemein", "changethisin", "replacemein", "replacethisin", "fillmein", "fillthisin",
	}, strings.Join(words, ""))
}

// isOwnName finds a setting's own name instead of its value: tenant-id,
// my_client_secret, api-key-goes-here less the key.
func isOwnName(s string) bool {
	words := strings.Split(strings.Map(asSeparator, s), "-")
	if slices.Contains([]string{"my", "the", "some"}, words[0]) {
		words = words[1:]
	}
	if len(words) < 2 || !slices.Contains([]string{"tenant", "client", "app", "application", "directory", "api", "secret"}, words[0]) {
		return false
	}
	return !slices.ContainsFunc(words[1:], func(w string) bool {
		return !slices.Contains([]string{"id", "secret", "value", "name", "here", "goes"}, w)
	})
}

// isBlank finds values that mean nothing: a GUID of zeros or x, dots, words such
// as todo, and what jq, JavaScript and Python print for nothing.
func isBlank(s string) bool {
	if strings.Trim(s, "0x-") == "" && IsGUID(strings.ReplaceAll(s, "x", "0")) {
		return true
	}
	for _, c := range []string{"x", ".", "*"} {
		if len(s) >= 3 && strings.Trim(s, c) == "" {
			return true
		}
	}
	return slices.Contains([]string{
		"…", "todo", "tbd", "fixme", "placeholder", "example", "dummy", "null", "nil", "none", "undefined",
	}, s)
}

func enclosed(s, open, end string) bool {
	return len(s) >= 2 && strings.HasPrefix(s, open) && strings.HasSuffix(s, end)
}

func isWord(s string) bool {
	notWord := func(r rune) bool { return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') }
	return s != "" && !strings.ContainsFunc(s, notWord)
}

func isSeparator(r rune) bool { return r == '-' || r == '_' || r == ' ' }

// asSeparator replaces each of the three separators by "-".
func asSeparator(r rune) rune {
	if isSeparator(r) {
		return '-'
	}
	return r
}

func dotAsSeparator(r rune) rune {
	if r == '.' {
		return '-'
	}
	return asSeparator(r)
}

// cutWord takes the first word off; more says that a separator followed it.
func cutWord(s string) (word, rest string, more bool) {
	return strings.Cut(strings.Map(asSeparator, s), "-")
}
