package call

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Curl is a request as a command line for a POSIX shell, with which it can be
// shown to others and repeated without m2m. No credential stands in it.
type Curl struct {
	// Token is the command that prints the token in the form of curl's -K; it
	// goes through a pipe, so that no list of processes shows the token. Empty
	// sends none.
	Token string
	// Body is what --data-binary takes, such as "@order.json". Empty sends none.
	Body string
	// CAFile is trusted in place of the system's roots; empty means those.
	CAFile string
}

// Line returns the line for a request, whose own token and content are left out.
// Credentials in header and query are redacted, so that whoever runs the line
// puts them in.
func (c Curl) Line(r Request) string {
	words := []string{"curl", "-sS"}
	if c.Token != "" {
		words = []string{c.Token, "|", "curl", "-sSK", "-"}
	}
	if r.Follow {
		words = append(words, "-L")
	}
	if c.CAFile != "" {
		words = append(words, "--cacert", ShellQuote(c.CAFile))
	}
	if method := cmp.Or(r.Method, c.method()); method != c.method() {
		words = append(words, "-X", ShellQuote(method))
	}
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		for _, value := range r.Header[name] {
			words = append(words, "-H", ShellQuote(strings.TrimRight(name+": "+shownValue(name, value), " ")))
		}
	}
	if c.Body != "" {
		words = append(words, "--data-binary", ShellQuote(c.Body))
	}
	return strings.Join(append(words, ShellQuote(ShownURL(r.URL))), " ")
}

// method is the one that curl takes by itself.
func (c Curl) method() string {
	if c.Body != "" {
		return http.MethodPost
	}
	return http.MethodGet
}

// ShellQuote makes s one word for a POSIX shell, with quotes only where needed.
func ShellQuote(s string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("@%_+=:,./-", r)
	}
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
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
		shown.User = url.User(redacted)
	}
	pairs := strings.Split(u.RawQuery, "&")
	for i, pair := range pairs {
		if name, value, _ := strings.Cut(pair, "="); value != "" && isSecretParameter(name) {
			pairs[i] = name + "=" + redacted
		}
	}
	shown.RawQuery = strings.Join(pairs, "&")
	if strings.Contains(u.Fragment, "=") { // a token, of the implicit flow
		shown.Fragment, shown.RawFragment = redacted, redacted
	}
	return shown.String()
}

// redacted stands where a credential was.
const redacted = "[redacted]"

func shownValue(name, value string) string {
	if !soundsSecret(name) {
		if u, err := url.Parse(value); err == nil && u.RawQuery+u.Fragment != "" {
			return ShownURL(u) // Location and its like
		}
		return value
	}
	if scheme, _, found := strings.Cut(value, " "); found && strings.EqualFold(name, "Authorization") {
		return scheme + " " + redacted
	}
	return redacted
}

// soundsSecret is isCredential for what is only shown, where a field too many
// does no harm.
func soundsSecret(field string) bool {
	field = strings.ToLower(field)
	sounds := func(part string) bool { return strings.Contains(field, part) }
	return isCredential(field) || field != "idempotency-key" &&
		slices.ContainsFunc([]string{"token", "secret", "password", "-key", "credential", "signature"}, sounds)
}

// isSecretParameter reports whether a parameter of a query opens doors: signatures
// of Azure's and others' storage, keys of Functions and API Management, tokens.
// Those that only turn pages, such as $skiptoken, are left to be repeated.
func isSecretParameter(name string) bool {
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
