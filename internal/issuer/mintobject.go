package issuer

import (
	"bytes"
	"errors"
	"io"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"m2m/internal/tenant/refusal"
	"m2m/internal/text"
)

// member is one member of a JSON object.
type member struct {
	name  string
	value jsontext.Value
}

// editObject returns a JSON object with the members of changes in place of its
// own or behind them, and without those that are to be left out. The order of
// the rest stays: some readers of tokens are broken by nothing else. what names
// a member in errors.
func editObject(object, changes []byte, without []string, what string) ([]byte, error) {
	members, err := readObject(object)
	if err != nil {
		return nil, err
	}
	if changes != nil {
		changed, err := readObject(changes)
		if err != nil {
			return nil, mintRefused("", "the changed %ss are no JSON object: %s", what, refusal.Bound(text.OneLine(err.Error(), 200)))
		}
		for _, m := range changed {
			members = setMember(members, m)
		}
	}
	for _, name := range without {
		n := indexMember(members, name)
		if n < 0 {
			return nil, mintRefused("names of "+what+"s are compared exactly", "the token has no %s %s that could be left out", what, refusal.Quote(name))
		}
		members = slices.Delete(members, n, n+1)
	}
	return writeObject(members), nil
}

func indexMember(members []member, name string) int {
	return slices.IndexFunc(members, func(m member) bool { return m.name == name })
}

func setMember(members []member, m member) []member {
	if n := indexMember(members, m.name); n >= 0 {
		members[n] = m
		return members
	}
	return append(members, m)
}

// errNotObject says that a JSON text is no object, or more than one.
var errNotObject = errors.New("it is not one JSON object")

// readObject reads one JSON object with no name twice and nothing behind it.
func readObject(text []byte) ([]member, error) {
	dec := jsontext.NewDecoder(bytes.NewReader(text))
	if dec.PeekKind() != '{' {
		return nil, errNotObject
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	var members []member
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		m := member{name: name.String()} // before the decoder's buffer moves on
		value, err := dec.ReadValue()
		if err != nil {
			return nil, err
		}
		m.value = value.Clone()
		members = append(members, m)
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errNotObject
	}
	return members, nil
}

func writeObject(members []member) []byte {
	text := []byte("{")
	for n, m := range members {
		if n > 0 {
			text = append(text, ',')
		}
		text, _ = jsontext.AppendQuote(text, m.name) // valid UTF-8, because the decoder read it
		text = append(append(text, ':'), m.value...)
	}
	return append(text, '}')
}
