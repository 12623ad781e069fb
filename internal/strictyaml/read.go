package strictyaml

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"m2m/internal/text"
)

// Field is a key that a mapping may have, and what reads its value.
type Field struct {
	Key      string
	Required bool
	Read     func(*Node)
}

// Expected notes that a value is of the wrong kind. The value is not shown: it
// may be a secret.
func (f *Faults) Expected(n *Node, what string) {
	if n.Kind != Invalid {
		f.Add(n.Place, "expected %s, found %s", what, n.Kind)
	}
}

// Mapping hands the values of a mapping to the fields that read them. Keys that
// are missing or unknown are noted. advise may say of an unknown key where it
// belongs, as a clause that follows a semicolon; nil and "" say nothing.
func (f *Faults) Mapping(n *Node, advise func(key string) string, fields []Field) (ok bool) {
	keys := make([]string, len(fields))
	for i, field := range fields {
		keys[i] = field.Key
	}
	if n.Kind != Map {
		f.Expected(n, "the keys "+strings.Join(keys, ", "))
		return false
	}
	for _, m := range n.Members {
		i := slices.Index(keys, m.Key)
		if i < 0 {
			f.unknownKey(m, advise, keys)
			continue
		}
		fields[i].Read(m)
	}
	for _, field := range fields {
		if field.Required && n.Member(field.Key) == nil {
			f.Add(n.Place, "%s is missing here", field.Key)
		}
	}
	return true
}

func (f *Faults) unknownKey(m *Node, advise func(string) string, keys []string) {
	help := ""
	if advise != nil {
		help = advise(m.Key)
	}
	if near := nearestKey(m.Key, keys); help == "" && near != "" {
		help = "did you mean " + text.Quote(near) + "?"
	}
	if help == "" {
		help = "the keys here are " + strings.Join(keys, ", ")
	}
	f.Add(m.KeyPlace, "unknown key %s; %s", shownKey(m.Key), help)
}

// Canonical returns a key in lower case without "-" and "_": what is the same in
// the notations that people mix up.
func Canonical(key string) string {
	return strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(key))
}

func nearestKey(key string, keys []string) string {
	for _, k := range keys {
		if Canonical(k) == Canonical(key) {
			return k
		}
	}
	return text.Nearest(strings.ToLower(key), keys)
}

var keyForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z][A-Za-z_-]{0,30}$`) })

// shownKey shows a key that has the form of one. Anything else may be a secret
// that was put in its place.
func shownKey(s string) string {
	if keyForm().MatchString(s) {
		return text.Quote(s)
	}
	return "(" + strconv.Itoa(len(s)) + " bytes, not shown: it may be a secret)"
}

// Text reads text that is not blank. A number or a bool is rejected, with the
// advice to quote it.
func (f *Faults) Text(n *Node) (value string, ok bool) {
	switch {
	case n.Kind == Number || n.Kind == Bool:
		f.Add(n.Place, "expected text, found %s; put it in quotes if text is meant", n.Kind)
	case n.Kind != Text:
		f.Expected(n, "text")
	case strings.TrimSpace(n.Text) == "":
		f.Add(n.Place, "expected text, found an empty one")
	default:
		return n.Text, true
	}
	return "", false
}

// IsScalar reports whether the value is text, a number or a bool: 200, 1.0 and
// true are text too for those who mean the characters.
func (n *Node) IsScalar() bool { return n.Kind == Text || n.Kind == Number || n.Kind == Bool }

// Bool reads true or false.
func (f *Faults) Bool(n *Node) (value, ok bool) {
	if n.Kind != Bool {
		f.Expected(n, "true or false")
	}
	return n.IsTrue(), n.Kind == Bool
}

// Count reads a whole number from 0 to most.
func (f *Faults) Count(n *Node, most int) (count int, ok bool) {
	count, err := strconv.Atoi(n.Text)
	ok = n.Kind == Number && err == nil && 0 <= count && count <= most
	switch {
	case ok:
		return count, true
	case n.Kind == Number:
		f.Add(n.Place, "expected a number from 0 to %d, found %s", most, text.Quote(n.Text))
	default:
		f.Expected(n, "a number from 0 to "+strconv.Itoa(most))
	}
	return 0, false
}

// List returns the items of a list.
func (f *Faults) List(n *Node) (items []*Node, ok bool) {
	if n.Kind != List {
		f.Expected(n, "a list")
	}
	return n.Items, n.Kind == List
}
