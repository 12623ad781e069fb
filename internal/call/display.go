package call

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/text"
	"m2m/internal/transport"
)

// maxShown bounds an address where it is shown, in bytes.
const maxShown = 200

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
		rest = text.Redacted + rest[at:]
	}
	shown := text.Bound(prefix+rest, maxShown)
	if query != "" {
		shown += "?…"
	}
	return shown
}

// Redact takes the token that was sent, and whatever looks like one, out of what
// an API answered: some echo it, and an explanation ends up in logs.
func Redact(s string, sent entra.Secret) string {
	return text.Redact(withoutSent(s, sent))
}

func withoutSent(s string, sent entra.Secret) string {
	var hidden text.Hidden
	hidden.AddLiteral(sent.Reveal(), text.Redacted)
	return hidden.Hide(s)
}

// ShownHeader returns the fields of a header as lines, sorted, with credentials
// redacted: for a person to read. Values are as long as they came.
func ShownHeader(h http.Header) []string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			lines = append(lines, name+": "+shownValue(name, value))
		}
	}
	return lines
}

// ShownURL returns an address with its query, in which credentials are redacted.
func ShownURL(u *url.URL) string {
	shown := *u
	if shown.User != nil {
		shown.User = url.User(text.Redacted)
	}
	pairs := strings.Split(u.RawQuery, "&")
	for i, pair := range pairs {
		if name, value, _ := strings.Cut(pair, "="); value != "" && IsSecretParameter(name) {
			pairs[i] = name + "=" + text.Redacted
		}
	}
	shown.RawQuery = strings.Join(pairs, "&")
	if strings.Contains(u.Fragment, "=") { // a token, of the implicit flow
		shown.Fragment, shown.RawFragment = text.Redacted, text.Redacted
	}
	return shown.String()
}

func shownValue(name, value string) string {
	if !transport.IsCredential(name) {
		if u, err := url.Parse(value); err == nil && u.RawQuery+u.Fragment != "" {
			return ShownURL(u) // Location and its like
		}
		return value
	}
	if scheme, _, found := strings.Cut(value, " "); found && strings.EqualFold(name, "Authorization") {
		return scheme + " " + text.Redacted
	}
	return text.Redacted
}

// IsSecretParameter reports whether a parameter of a query is a credential: signatures
// of Azure's and others' storage, keys of Functions and API Management, tokens.
// Those that only turn pages, such as $skiptoken, are left to be repeated.
func IsSecretParameter(name string) bool {
	if decoded, err := url.QueryUnescape(name); err == nil {
		name = decoded
	}
	name = strings.ReplaceAll(strings.ToLower(name), "_", "-")
	switch name {
	case "sig", "code", "key", "apikey", "subscription-key", "token", "assertion", "client-assertion", "password":
		return true
	}
	return slices.ContainsFunc([]string{"api-key", "secret", "signature", "access-token", "id-token", "refresh-token", "security-token"},
		func(end string) bool { return strings.HasSuffix(name, end) })
}
