package jsonobject

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// ErrNotObject says that a JSON text is not an object, or more than one value.
var ErrNotObject = errors.New("it is not one JSON object")

// Member is one member of an object. Value is JSON text.
type Member struct{ Name, Value string }

// Object is a JSON object; nil is the empty one. Its methods return a changed copy.
type Object []Member

// Of makes an object of names and values in turn.
func Of(pairs ...string) Object {
	var o Object
	for i := 0; i < len(pairs); i += 2 {
		o = append(o, Member{pairs[i], pairs[i+1]})
	}
	return o
}

// Parse reads an object. Names may repeat, and what is not UTF-8 is replaced.
// The errors are ErrNotObject or a syntax error.
func Parse(text []byte) (Object, error) {
	return parse(jsontext.NewDecoder(bytes.NewReader(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)))
}

// ParseUnique reads an object that is UTF-8 and in which no name repeats, at any depth.
func ParseUnique(text []byte) (Object, error) {
	return parse(jsontext.NewDecoder(bytes.NewReader(text)))
}

func parse(dec *jsontext.Decoder) (Object, error) {
	if dec.PeekKind() != '{' {
		return nil, ErrNotObject
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	var o Object
	for dec.PeekKind() == '"' {
		token, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		name := token.String() // before the decoder's buffer moves on
		value, err := dec.ReadValue()
		if err != nil {
			return nil, err
		}
		o = append(o, Member{name, string(value)})
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, ErrNotObject
	}
	return o, nil
}

// With sets the members of a name where they are, or adds one at the end.
func (o Object) With(name, value string) Object {
	changed := o.Without()
	for i := range changed {
		if changed[i].Name == name {
			changed[i].Value = value
		}
	}
	if !o.Has(name) {
		changed = append(changed, Member{name, value})
	}
	return changed
}

// Append adds a member at the end, also if there is one of that name.
func (o Object) Append(name, value string) Object {
	return append(o.Without(), Member{name, value})
}

// Prepend adds a member in front, also if there is one of that name.
func (o Object) Prepend(name, value string) Object {
	return append(Object{{name, value}}, o...)
}

// Without leaves out every member of these names.
func (o Object) Without(names ...string) Object {
	var changed Object
	for _, m := range o {
		if !slices.Contains(names, m.Name) {
			changed = append(changed, m)
		}
	}
	return changed
}

// Has reports whether there is a member of that name.
func (o Object) Has(name string) bool {
	return slices.ContainsFunc(o, func(m Member) bool { return m.Name == name })
}

// Text returns the string that a member holds; "" if it is absent or not a
// string. Of several members the last counts.
func (o Object) Text(name string) string {
	var s string
	for _, m := range o {
		if m.Name == name && json.Unmarshal([]byte(m.Value), &s) != nil {
			s = ""
		}
	}
	return s
}

// Number returns the number that a member holds; 0 if it is absent or not a
// number. Of several members the first counts.
func (o Object) Number(name string) float64 {
	for _, m := range o {
		if m.Name == name {
			n, _ := strconv.ParseFloat(m.Value, 64)
			return n
		}
	}
	return 0
}

// String returns the object as JSON text without white space between members.
func (o Object) String() string {
	var b strings.Builder
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(Quote(m.Name) + ":" + m.Value)
	}
	b.WriteByte('}')
	return b.String()
}

// Quote returns s as JSON text. What is not UTF-8 is replaced.
func Quote(s string) string {
	text, _ := jsontext.AppendQuote(nil, s) // its error says that something was replaced
	return string(text)
}
