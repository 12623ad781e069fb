package text

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Redacted is written instead of a secret.
const Redacted = "[redacted]"

// longestName is the length of the longest word that is not taken for a secret,
// in bytes: longer than a GUID or a thumbprint, shorter than any token.
const longestName = 100

// entraSecretForm matches the client secrets that Entra makes, which have Q~
// after four characters and 40 in all.
var entraSecretForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`[A-Za-z0-9_.~-]{3}[0-9]Q~[A-Za-z0-9_.~-]{20,}`)
})

// redactBase64 replaces runs of more than longestName characters of base64 that have
// + or / as base64 does: in paths the parts between slashes are words.
func redactBase64(s string) string {
	isBase64 := func(c byte) bool {
		return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '+' || c == '/' || c == '='
	}
	var b strings.Builder
	copied, start := 0, 0
	for i := 0; i <= len(s); i++ {
		if i < len(s) && isBase64(s[i]) {
			continue
		}
		if run := s[start:i]; len(run) > longestName && strings.Count(run, "/") < len(run)/20 {
			b.WriteString(s[copied:start] + Redacted)
			copied = i
		}
		start = i + 1
	}
	if copied == 0 {
		return s
	}
	return b.String() + s[copied:]
}

// Redact replaces everything in s that has the form of a private key in PEM, of a
// JWT or of a client secret of Entra, and every word of more than 100 of the
// characters of a token. People paste them where a path, an address or an id belongs, and
// messages repeat what they were given.
func Redact(s string) string { return redactBase64(redact(s, longestName)) }

// RedactForms is Redact without the rule about long words: for a command that must
// run as it is printed, whose content may be such a word.
func RedactForms(s string) string { return redact(s, len(s)) }

// redact takes words of more than longest bytes for secrets.
func redact(s string, longest int) string {
	if strings.Contains(s, pemBegin) {
		s = withoutPrivateKeys(s)
	}
	if strings.Contains(s, "Q~") {
		s = entraSecretForm().ReplaceAllLiteralString(s, Redacted)
	}
	var b strings.Builder
	copied, start := 0, 0 // up to where s is in b; where the current word begins
	for i := 0; i <= len(s); i++ {
		if i < len(s) && isTokenByte(s[i]) {
			continue
		}
		if secret := secretInWord(s[start:i], longest); secret >= 0 {
			b.WriteString(s[copied:start+secret] + Redacted)
			copied = i
		}
		start = i + 1
	}
	if copied == 0 {
		return s
	}
	return b.String() + s[copied:]
}

// withoutPrivateKeys replaces private keys in PEM: from the name of the block to
// the end of its last line, or to the end of s if that line is missing.
func withoutPrivateKeys(s string) string {
	var b strings.Builder
	for {
		start := strings.Index(s, pemBegin)
		if start < 0 {
			return b.String() + s
		}
		start += len(pemBegin)
		label, content, _ := strings.Cut(s[start:], "-----")
		if !strings.HasSuffix(label, "PRIVATE KEY") {
			b.WriteString(s[:start])
			s = s[start:]
			continue
		}
		b.WriteString(s[:start] + label + "-----" + Redacted)
		_, s, _ = strings.Cut(content, "-----END"+label+"-----")
	}
}

// secretInWord returns where in a word of token characters a secret begins; -1
// if there is none. A JWT begins with eyJ, which is base64url of `{"` and a
// letter; inside a word (surveyJobs) more must follow.
func secretInWord(word string, longest int) int {
	if len(word) > longest {
		return 0
	}
	i := strings.Index(word, "eyJ")
	switch rest := len(word) - i; {
	case i < 0, rest < 12:
		return -1
	case rest < 20 && i > 0 && word[i-1] != '.' && word[i-1] != '-':
		return -1
	}
	return i
}

// isTokenByte reports whether c is one of the characters of a compact JWT.
func isTokenByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.'
}

// Hidden replaces values that may be secret wherever a text repeats them. The
// zero value replaces nothing.
type Hidden struct{ values []hiddenValue }

type hiddenValue struct{ value, shown string }

// shortestHidden is the length from which a value is hidden, in bytes: a shorter
// one is no secret, and occurs by chance.
const shortestHidden = 4

// Add hides the value of a variable, which is shown as ${name}: as it is, and
// as it looks in an address, in quotes and in a shell's quotes. Values of less
// than four bytes and bare origins (https://host) are not secret and stay.
func (h *Hidden) Add(name, value string) {
	if len(value) < shortestHidden || isBareOrigin(value) || h.has(value) {
		return
	}
	for _, spelling := range spellings(value) {
		h.AddLiteral(spelling, "${"+name+"}")
	}
}

// AddLiteral hides one spelling of a value, which is shown as the text given.
// The first one given for a spelling counts.
func (h *Hidden) AddLiteral(value, shown string) {
	if len(value) < shortestHidden || h.has(value) {
		return
	}
	h.values = append(h.values, hiddenValue{value, shown})
	// Longer ones first: one value may be part of another.
	slices.SortStableFunc(h.values, func(a, b hiddenValue) int { return len(b.value) - len(a.value) })
}

func (h *Hidden) has(value string) bool {
	return slices.ContainsFunc(h.values, func(o hiddenValue) bool { return o.value == value })
}

// spellings returns the forms in which a value is found in what is shown: as it
// is, without white space around it (HTTP removes that of a header), as Bound
// escapes it, and each of these in an address, in quotes and in a shell's quotes.
func spellings(value string) []string {
	trimmed := strings.TrimSpace(value)
	var all []string
	for _, s := range []string{value, trimmed, Bound(value, len(value)), Bound(trimmed, len(trimmed))} {
		quoted := strconv.Quote(s)
		for _, form := range []string{
			s, url.PathEscape(s), url.QueryEscape(s), strings.ReplaceAll(s, `"`, `\"`), quoted[1 : len(quoted)-1],
		} {
			all = append(all, form, strings.ReplaceAll(form, "'", `'\''`)) // ShellQuote's
		}
	}
	return all
}

// isBareOrigin reports whether a value is the address of a host and nothing
// more, which says only what was called.
func isBareOrigin(value string) bool {
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.Hostname() == "" || !IsASCII(u.Host) {
		return false
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return false
		}
	}
	return (u.Path == "" || u.Path == "/") && !strings.ContainsAny(value, "?#") && IndexSpace(value) < 0
}

// Hide returns s with the hidden values replaced. A value that was cut short,
// which an ellipsis behind it says, is found by its beginning.
func (h *Hidden) Hide(s string) string {
	for _, v := range h.values {
		s = strings.ReplaceAll(s, v.value, v.shown)
	}
	if len(h.values) == 0 || !strings.Contains(s, "…") {
		return s
	}
	parts := strings.Split(s, "…")
	for i, part := range parts[:len(parts)-1] {
		parts[i] = h.hideBeginning(part)
	}
	return strings.Join(parts, "…")
}

func (h *Hidden) hideBeginning(s string) string {
	for _, v := range h.values {
		for n := min(len(v.value)-1, len(s)); n >= shortestHidden; n-- {
			if rest, ok := strings.CutSuffix(s, v.value[:n]); ok {
				return rest + v.shown
			}
		}
	}
	return s
}

// Expand makes a shell put the values back into a command that Hide returned:
// inside the single quotes of ShellQuote a variable is not expanded.
func (h *Hidden) Expand(command string) string {
	isOpen := func(s string) bool { return strings.Count(strings.ReplaceAll(s, `'\''`, ""), "'")%2 == 1 }
	for _, v := range h.values {
		var out strings.Builder
		for i, part := range strings.Split(command, v.shown) {
			switch {
			case i == 0:
			case isOpen(out.String()):
				out.WriteString(`'"` + v.shown + `"'`)
			default:
				out.WriteString(v.shown)
			}
			out.WriteString(part)
		}
		command = out.String()
	}
	return command
}
