package call

import (
	"net/url"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"m2m/internal/entra"
)

// MaxShown bounds an address where it is shown, in bytes.
const MaxShown = 200

// DisplayAddress makes an address fit to be shown: user, password and query may
// be secrets (a shared access signature is all query), and the rest may be
// anything.
func DisplayAddress(s string) string {
	s, _, _ = strings.Cut(s, "#")
	s, query, _ := strings.Cut(s, "?")
	prefix, rest, found := strings.Cut(s, "://")
	if !found {
		prefix, rest = "", s
	} else {
		prefix += "://"
	}
	end := strings.IndexAny(rest, `/\`)
	if end < 0 {
		end = len(rest)
	}
	if at := strings.LastIndexByte(rest[:end], '@'); at >= 0 {
		rest = redacted + rest[at:]
	}
	shown := Bound(prefix+rest, MaxShown)
	if query != "" {
		shown += "?…"
	}
	return shown
}

func DisplayURL(u *url.URL) string { return DisplayAddress(u.String()) }

// jwtForm finds what looks like a token: two parts or more, the first of which
// is base64url of a JSON object. Compiled at first use: only explanations need it.
var jwtForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}(\.[A-Za-z0-9_-]*)+`)
})

// WithoutToken takes the token that was sent, and whatever looks like one, out
// of what an API answered: some echo it, and an explanation ends up in logs.
func WithoutToken(s string, sent entra.Secret) string {
	var hidden HiddenValues
	if token := sent.Reveal(); len(token) >= shortestHidden {
		hidden = HiddenValues{{token, redacted}}
	}
	return jwtForm().ReplaceAllString(hidden.Hide(s), redacted)
}

// Bound cuts s to at most n bytes at a rune's edge, and puts a dot for each
// character that a terminal would act on.
func Bound(s string, n int) string {
	cut := len(s) > n
	if cut {
		s = s[:n]
		for len(s) > 0 && !utf8.ValidString(s[max(0, len(s)-utf8.UTFMax):]) {
			s = s[:len(s)-1]
		}
	}
	s = strings.Map(printable, strings.ToValidUTF8(s, "."))
	if cut {
		s += "…"
	}
	return s
}

func printable(r rune) rune {
	if unicode.IsPrint(r) {
		return r
	}
	return '.'
}
