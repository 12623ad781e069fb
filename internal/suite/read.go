package suite

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"m2m/internal/call"
)

// reader turns the tree of a suite's file into values, and notes what is
// wrong on the way.
type reader struct{ faultList }

// textValue is a text of the file, in which variables may stand. The zero value
// is one that is not there.
type textValue struct {
	raw  string
	line int
}

func (t textValue) isSet() bool { return t.line > 0 }

// field is a key that a mapping may have.
type field struct {
	key  string
	read func(*yamlNode)
}

// mapping hands the values of a mapping to those that read them. what is the
// mapping's name in a message.
func (r *reader) mapping(n *yamlNode, what string, fields []field) bool {
	if n.kind != yamlMap {
		r.wrong(n, what+" is a mapping")
		return false
	}
	for _, m := range n.members {
		i := slices.IndexFunc(fields, func(f field) bool { return f.key == m.key })
		if i < 0 {
			r.unknownKey(m, fields)
			continue
		}
		fields[i].read(m.value)
	}
	return true
}

func (r *reader) unknownKey(m yamlMember, fields []field) {
	var known []string
	for _, f := range fields {
		known = append(known, f.key)
	}
	text := fmt.Sprintf("unknown key %s", quoteYAML(m.key))
	switch near := nearest(strings.ReplaceAll(strings.ToLower(m.key), "-", "_"), known); {
	case near != "":
		text += fmt.Sprintf("; did you mean %q?", near)
	case slices.Contains(known, "expect") && slices.Contains([]string{"status", "jq", "max_time"}, m.key):
		text += `; it belongs under "expect"`
	default:
		text += "; the keys here are " + strings.Join(known, ", ")
	}
	r.fault(m.line, "%s", text)
}

// wrong notes a value of the wrong kind, without quoting it: it may be a secret.
func (r *reader) wrong(n *yamlNode, expected string) {
	r.fault(n.line, "%s, but this is %s", expected, n.kind)
}

// text reads a scalar. YAML takes 200, 1.0 and true for something else than
// text, but whoever writes them means the characters.
func (r *reader) text(n *yamlNode, what string) textValue {
	switch n.kind {
	case yamlText, yamlNumber, yamlBool:
		return textValue{n.text, n.line}
	}
	r.wrong(n, what+" is a text")
	return textValue{}
}

// textTo is a field that is a text.
func (r *reader) textTo(key string, to *textValue) field {
	return field{key, func(n *yamlNode) { *to = r.text(n, key) }}
}

// textsTo is a field that is a text or a list of them.
func (r *reader) textsTo(key string, to *[]textValue) field {
	return field{key, func(n *yamlNode) {
		if n.kind != yamlList {
			*to = []textValue{r.text(n, key)}
			return
		}
		if len(n.items) == 0 {
			r.fault(n.line, "%s is an empty list", key)
		}
		for _, item := range n.items {
			*to = append(*to, r.text(item, "each of "+key))
		}
	}}
}

func (r *reader) boolTo(key string, to **bool) field {
	return field{key, func(n *yamlNode) {
		if n.kind != yamlBool {
			r.wrong(n, key+" is true or false")
			return
		}
		value := n.isTrue()
		*to = &value
	}}
}

func (r *reader) countTo(key string, most int, to **int) field {
	return field{key, func(n *yamlNode) {
		if n.kind != yamlNumber {
			r.wrong(n, fmt.Sprintf("%s is a number from 0 to %d", key, most))
			return
		}
		count, err := strconv.Atoi(n.text)
		if err != nil || count < 0 || count > most {
			r.fault(n.line, "%s is a number from 0 to %d, not %s", key, most, quoteYAML(n.text))
			return
		}
		*to = &count
	}}
}

// headerValue is a header field. Its value may be unset where one is expected.
type headerValue struct {
	name  string
	line  int
	value textValue
}

// headersTo is a field that maps names of header fields to values. With
// anyValue, nothing stands for any value.
func (r *reader) headersTo(key string, anyValue bool, to *[]headerValue) field {
	return field{key, func(n *yamlNode) {
		if n.kind != yamlMap {
			r.wrong(n, key+" is a mapping, such as Accept: text/csv")
			return
		}
		for _, m := range n.members {
			h := headerValue{name: m.key, line: m.line}
			switch twin := slices.IndexFunc(*to, func(o headerValue) bool { return strings.EqualFold(o.name, m.key) }); {
			case !call.IsHTTPToken(m.key):
				r.fault(m.line, "%s is no name of a header", quoteYAML(m.key))
				continue
			case twin >= 0:
				r.fault(m.line, "the header %s is on line %d already", m.key, (*to)[twin].line)
				continue
			case m.value.kind != yamlNull:
				h.value = r.text(m.value, "a header")
			case !anyValue:
				r.wrong(m.value, "a header is a text")
				continue
			}
			*to = append(*to, h)
		}
	}}
}

// word reads the name of a client or a tag: they stand on command lines.
func (r *reader) word(n *yamlNode, what string) string {
	t := r.text(n, what)
	if t.isSet() && !isWord(t.raw) {
		r.fault(t.line, "%s is a word of letters, digits, dots, dashes and underscores, up to 64, not %s", what, quoteYAML(t.raw))
	}
	return t.raw
}

func isWord(s string) bool {
	return regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$`).MatchString(s)
}

// maxName bounds the name of a request, in characters.
const maxName = 120

// isName reports whether s can stand in one line of a table.
func isName(s string) bool {
	return strings.TrimSpace(s) != "" && utf8.RuneCountInString(s) <= maxName &&
		!strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsPrint(c) })
}
