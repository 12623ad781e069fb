package verify

import "strings"

// cut finds the members of an object whose text is known to be valid JSON. size
// is a guess at how many there are.
func cut(object string, size int) (Object, error) {
	o := Object{text: object, places: make([]place, 0, size)}
	for c := (cursor{text: object, at: 1}); ; {
		name, more := c.next()
		if !more {
			return o, nil
		}
		nameEnd := c.at
		value, _ := c.next()
		if c.depth >= maxDepth { // the object itself is one level
			return o, ErrDepth
		}
		o.places = append(o.places, place{
			uint16(nameEnd - len(name)), uint16(nameEnd), uint16(c.at - len(value)), uint16(c.at),
		})
	}
}

// readStrings reads a valid JSON value that must be an array of strings.
func readStrings(raw string, to *[]string) error {
	if raw[0] != '[' {
		return ErrMemberType
	}
	values := make([]string, 0, strings.Count(raw, ",")+1)
	for c := (cursor{text: raw, at: 1}); ; {
		element, more := c.next()
		if !more {
			*to = values
			return nil
		}
		value, ok := unquote(element)
		if !ok {
			return ErrMemberType
		}
		values = append(values, value)
	}
}

// cursor goes from element to element of an array or object, in which names and
// values take turns. It begins behind the opening bracket, and trusts that the
// text is valid JSON.
type cursor struct {
	text  string
	at    int
	depth int // levels of nesting of the element that next returned
}

func (c *cursor) next() (raw string, more bool) {
	for c.at < len(c.text) && parts(c.text[c.at]) {
		c.at++
	}
	start := c.at
	if start == len(c.text) || c.text[start] == ']' || c.text[start] == '}' {
		return "", false
	}
	c.depth = 0
	switch c.text[start] {
	case '"':
		c.skipString()
	case '[', '{':
		c.skipNested()
	default:
		for c.at < len(c.text) && !parts(c.text[c.at]) && c.text[c.at] != ']' && c.text[c.at] != '}' {
			c.at++
		}
	}
	return c.text[start:c.at], true
}

// parts says whether a byte stands between two elements.
func parts(b byte) bool {
	return b == ',' || b == ':' || b == ' ' || b == '\t' || b == '\n' || b == '\r'
}

func (c *cursor) skipString() {
	text, i := c.text, c.at+1
	for i < len(text) && text[i] != '"' {
		if text[i] == '\\' {
			i++
		}
		i++
	}
	c.at = min(i+1, len(text))
}

func (c *cursor) skipNested() {
	for level := 0; c.at < len(c.text); {
		switch c.text[c.at] {
		case '"':
			c.skipString()
			continue
		case '[', '{':
			level++
			c.depth = max(c.depth, level)
		case ']', '}':
			level--
		}
		if c.at++; level == 0 {
			return
		}
	}
}
