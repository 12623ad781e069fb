package probe

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// member is one member of a JSON object; value is JSON text.
type member struct{ name, value string }

// object is a JSON object with the order and the duplicates that encoding/json
// loses. Its methods return a changed copy.
type object []member

var errNotObject = errors.New("not a JSON object")

// parseObject reads the members of a JSON object.
func parseObject(data []byte) (object, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return nil, errNotObject
	}
	var o object
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errNotObject, err)
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, fmt.Errorf("%w: %w", errNotObject, err)
		}
		text, _ := name.(string) // the decoder lets nothing else be a name
		o = append(o, member{text, string(value)})
	}
	if _, err := dec.Token(); err != nil {
		return nil, fmt.Errorf("%w: %w", errNotObject, err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errNotObject
	}
	return o, nil
}

// with sets a member where it is, or at the end.
func (o object) with(name, value string) object {
	var changed object
	found := false
	for _, m := range o {
		if m.name == name {
			m.value, found = value, true
		}
		changed = append(changed, m)
	}
	if !found {
		changed = append(changed, member{name, value})
	}
	return changed
}

// plus adds a member even if there is one of that name.
func (o object) plus(name, value string) object {
	return append(o.without(), member{name, value})
}

// before puts a member in front, even if there is one of that name.
func (o object) before(name, value string) object {
	return append(object{{name, value}}, o...)
}

func (o object) without(names ...string) object {
	var changed object
	for _, m := range o {
		keep := true
		for _, name := range names {
			keep = keep && m.name != name
		}
		if keep {
			changed = append(changed, m)
		}
	}
	return changed
}

// has reports whether there is a member of that name.
func (o object) has(name string) bool { return len(o.without(name)) < len(o) }

// text returns the string that a member holds, or nothing.
func (o object) text(name string) string {
	var s string
	for _, m := range o {
		if m.name == name && json.Unmarshal([]byte(m.value), &s) != nil {
			s = ""
		}
	}
	return s
}

// number returns the number that a member holds, or 0.
func (o object) number(name string) float64 {
	for _, m := range o {
		if m.name == name {
			n, _ := strconv.ParseFloat(m.value, 64) // 0 for what is no number
			return n
		}
	}
	return 0
}

// String is the object as JSON text without white space between members.
func (o object) String() string {
	var b strings.Builder
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(quote(m.name) + ":" + m.value)
	}
	b.WriteByte('}')
	return b.String()
}

// quote returns s as JSON text.
func quote(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always encodes
	return strings.TrimSuffix(b.String(), "\n")
}
