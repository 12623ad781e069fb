package call

import (
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// piece is a part of a text: words as they are, or a variable.
type piece struct {
	words      string
	name       string // of the variable; empty for words
	hasDefault bool
	fallback   string
}

// errVariableSyntax says that what begins like a variable is none.
var errVariableSyntax = errors.New(`a variable is ${NAME} or ${NAME:-default}; for "${" itself write "$${"`)

// splitVariables finds ${NAME} and ${NAME:-default} in a text. A "$${" stands
// for "${", and a dollar sign alone for itself: jq and passwords have them.
func splitVariables(s string) ([]piece, error) {
	var pieces []piece
	var words strings.Builder
	flush := func() {
		if words.Len() > 0 {
			pieces = append(pieces, piece{words: words.String()})
			words.Reset()
		}
	}
	for s != "" {
		start := strings.Index(s, "${")
		switch {
		case start < 0:
			words.WriteString(s)
			s = ""
			continue
		case start > 0 && s[start-1] == '$':
			words.WriteString(s[:start-1] + "${")
			s = s[start+2:]
			continue
		}
		words.WriteString(s[:start])
		inside, rest, closed := strings.Cut(s[start+2:], "}")
		name, fallback, hasDefault := strings.Cut(inside, ":-")
		if !closed || !isVariableName(name) {
			return nil, errVariableSyntax
		}
		flush()
		pieces = append(pieces, piece{name: name, fallback: fallback, hasDefault: hasDefault})
		s = rest
	}
	flush()
	return pieces, nil
}

func isVariableName(s string) bool {
	return regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`).MatchString(s)
}

// expand puts the variables of a text in. ok is false where one is missing,
// which is noted, or where a dry run does not know them.
func (b *suiteBuilder) expand(t suiteText) (value string, ok bool) {
	return b.expandWith(t, func(name string) bool { return b.context.IsCredential != nil && b.context.IsCredential(name) })
}

// expandForProvider expands what only the identity provider gets to see.
func (b *suiteBuilder) expandForProvider(t suiteText) (value string, ok bool) {
	return b.expandWith(t, func(string) bool { return false })
}

func (b *suiteBuilder) expandWith(t suiteText, isKept func(name string) bool) (value string, ok bool) {
	pieces, err := splitVariables(t.raw)
	if err != nil {
		b.because(t.line, err)
		return "", false
	}
	var out strings.Builder
	ok = true
	for _, p := range pieces {
		switch {
		case p.name == "":
			out.WriteString(p.words)
		case b.dry:
			ok = false
		case isKept(p.name):
			b.faultWith(t.line, p.name+" is a credential of m2m's own, which no API gets to see",
				"under clients it can stand as client_secret or certificate_password")
			ok = false
		default:
			v, found := b.variable(p)
			if !found {
				b.faultWith(t.line, "the variable "+p.name+" is not set, or empty", "set it in the environment, or give it a default: ${"+p.name+":-value}")
			}
			out.WriteString(v)
			ok = ok && found
		}
	}
	return out.String(), ok
}

// variable looks a variable up. An empty one counts as missing, as everywhere
// in m2m: CI systems define one for each secret that they have not got.
func (b *suiteBuilder) variable(p piece) (value string, found bool) {
	if b.context.Lookup != nil {
		value, _ = b.context.Lookup(p.name)
	}
	if value != "" {
		b.variables = true
		if b.context.IsPublic == nil || !b.context.IsPublic(p.name) {
			b.hidden.add(p.name, value)
		}
		return value, true
	}
	return p.fallback, p.hasDefault
}

// hiddenValues are values of variables, which are never shown: any of them may
// be a secret.
type hiddenValues []hiddenValue

type hiddenValue struct{ value, shown string }

// shortestHidden is how long a value must be to be worth hiding, in bytes: a
// shorter one is no secret, and occurs by chance.
const shortestHidden = 4

func (h *hiddenValues) add(name, value string) {
	if len(value) < shortestHidden || isBareOrigin(value) || h.has(value) {
		return
	}
	for _, spelling := range spellings(value) {
		if len(spelling) >= shortestHidden && !h.has(spelling) {
			*h = append(*h, hiddenValue{spelling, "${" + name + "}"})
		}
	}
	// Longer ones first: one value may be a part of another.
	slices.SortStableFunc(*h, func(a, b hiddenValue) int { return len(b.value) - len(a.value) })
}

func (h *hiddenValues) has(value string) bool {
	return slices.ContainsFunc(*h, func(o hiddenValue) bool { return o.value == value })
}

// spellings are the ways in which a value turns up in what is shown: as it is,
// without the blanks around it (HTTP drops those of a header), with a dot for
// what a terminal would act on (see bound), and each of them in an address, in
// quotes and in a shell's.
func spellings(value string) []string {
	trimmed := strings.TrimSpace(value)
	var all []string
	for _, s := range []string{value, trimmed, bound(value, len(value)), bound(trimmed, len(trimmed))} {
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
// more, which opens no door and says in a message what was called.
func isBareOrigin(value string) bool {
	u, err := parseAbsolute(value)
	return err == nil && (u.Path == "" || u.Path == "/") && u.RawQuery == "" && !strings.Contains(value, "#")
}

// hide puts the names of variables where their values are. A value that was cut
// short, which an ellipsis says, is found by its beginning.
func (h hiddenValues) hide(s string) string {
	for _, v := range h {
		s = strings.ReplaceAll(s, v.value, v.shown)
	}
	if !strings.Contains(s, "…") {
		return s
	}
	parts := strings.Split(s, "…")
	for i, part := range parts[:len(parts)-1] {
		parts[i] = h.hideBeginning(part)
	}
	return strings.Join(parts, "…")
}

func (h hiddenValues) hideBeginning(s string) string {
	for _, v := range h {
		for n := len(v.value) - 1; n >= shortestHidden; n-- {
			if rest, ok := strings.CutSuffix(s, v.value[:n]); ok {
				return rest + v.shown
			}
		}
	}
	return s
}

// quoted has a shell put the values back into a command that hide went over: in
// the single quotes of ShellQuote a variable is none.
func (h hiddenValues) quoted(command string) string {
	isOpen := func(s string) bool { return strings.Count(strings.ReplaceAll(s, `'\''`, ""), "'")%2 == 1 }
	for _, v := range h {
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
