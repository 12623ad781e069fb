package suite

import (
	"errors"
	"regexp"
	"strings"

	"m2m/internal/call"
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
func (b *builder) expand(t textValue) (value string, ok bool) {
	isKept := func(name string) bool { return b.context.IsCredential != nil && b.context.IsCredential(name) }
	return b.expandWith(t, isKept, "set it in the environment, or give it a default: ${NAME:-value}")
}

// expandForProvider expands what only the identity provider gets to see. Most of
// that has no default: see variableTo.
func (b *builder) expandForProvider(t textValue) (value string, ok bool) {
	return b.expandWith(t, func(string) bool { return false }, "set it in the environment")
}

func (b *builder) expandWith(t textValue, isKept func(name string) bool, ifMissing string) (value string, ok bool) {
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
				b.faultWith(t.line, "the variable "+p.name+" is not set, or empty", ifMissing)
			}
			out.WriteString(v)
			ok = ok && found
		}
	}
	return out.String(), ok
}

// variable looks a variable up. An empty one counts as missing, as everywhere
// in m2m: CI systems define one for each secret that they have not got.
func (b *builder) variable(p piece) (value string, found bool) {
	if b.context.Lookup != nil {
		value, _ = b.context.Lookup(p.name)
	}
	if value != "" {
		b.variables = true
		if b.context.IsPublic == nil || !b.context.IsPublic(p.name) {
			b.hidden.Add(p.name, value)
		}
		return value, true
	}
	return p.fallback, p.hasDefault
}

// jqFault says why an expression cannot be read, without a value: the word at
// which it goes wrong may be a part of one.
func (b *builder) jqFault(t textValue) {
	var plain strings.Builder
	pieces, _ := splitVariables(t.raw) // that went well before
	for _, p := range pieces {
		if p.name != "" {
			p.words = "1"
		}
		plain.WriteString(p.words)
	}
	if _, err := call.ParseJQExpectation(plain.String()); err != nil {
		b.because(t.line, err)
		return
	}
	b.fault(t.line, "the jq expression cannot be read with the values of its variables in it: they may hold quotes")
}
