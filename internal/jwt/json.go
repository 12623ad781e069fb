package jwt

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"m2m/internal/text"
)

const (
	maxDepth = 8
	// maxMembers is many times what Entra writes, and keeps a token of nothing
	// but names from costing more than its signature would.
	maxMembers = 256
)

// Reader reads the parts of tokens. It may be used again, one at a time, which
// spares the decoder's tables.
type Reader struct {
	dec jsontext.Decoder
	buf bytes.Buffer

	encoding         *base64.Encoding
	encoded, decoded []byte

	lastHeader cachedHeader

	detail string // where the last fault of an object was: words that end in a space, or none
}

func (r *Reader) reset(data []byte) *jsontext.Decoder {
	r.buf = *bytes.NewBuffer(data) // which the decoder reads in place
	r.dec.Reset(&r.buf)
	return &r.dec
}

// object reads one JSON object as strictly as RFC 8725 section 2.6 and
// 3.1 suggest: no duplicate names at any level, no invalid UTF-8, nothing
// behind it. jsontext reads it in one go, and what it has found valid is cut
// into its members. With an error it returns the members before the fault, for
// a reader who wants to see them.
func (r *Reader) object(data []byte, known func() []string) (Object, error) {
	r.detail = ""
	colons := bytes.Count(data, []byte{':'}) // one for each name, and some in texts
	if colons > maxMembers && names(data) > maxMembers {
		return Object{}, ErrMembers
	}
	dec := r.reset(data)
	value, err := dec.ReadValue()
	if err != nil {
		return r.untilFault(data)
	}
	if value.Kind() != '{' {
		return Object{}, ErrNotObject
	}
	o, err := cutObject(string(value), min(colons, maxMembers))
	switch {
	case err != nil:
		return o, err
	case dec.InputOffset() != int64(len(data)):
		return o, ErrTrailingData
	}
	name, err := checkNames(o, known)
	if err != nil {
		r.detail = text.Quote(text.Cut(name, maxShown)) + " "
	}
	return o, err
}

// names counts the names of all objects, or a few more where the text is not
// valid JSON.
func names(data []byte) (n int) {
	quoted := false
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '\\':
			i++
		case '"':
			quoted = !quoted
		case ':':
			if !quoted {
				n++
			}
		}
	}
	return n
}

// untilFault returns what is wrong with JSON that does not parse, and the members
// before that.
func (r *Reader) untilFault(data []byte) (Object, error) {
	if !utf8.Valid(data) {
		return Object{}, ErrUTF8
	}
	dec := r.reset(data)
	if dec.PeekKind() != '{' {
		_, err := dec.ReadValue()
		return Object{}, r.jsonFault(err)
	}
	o := Object{text: string(data)}
	_, err := dec.ReadToken()
	for err == nil {
		var p place
		if p.name, p.nameEnd, err = readPlace(dec); err != nil {
			break
		}
		if p.value, p.valueEnd, err = readPlace(dec); err == nil {
			o.places = append(o.places, p)
		}
	}
	return o, r.jsonFault(err)
}

// jsonFault is JSONFault, and says where the fault is.
func (r *Reader) jsonFault(err error) error {
	fault := JSONFault(err)
	var syntax *jsontext.SyntacticError
	switch {
	case !errors.As(err, &syntax):
	case fault == ErrNameDuplicate: //nolint:errorlint // JSONFault wraps nothing
		r.detail = text.Quote(text.Cut(syntax.JSONPointer.LastToken(), maxShown)) + " "
	case errors.Is(err, io.ErrUnexpectedEOF):
		r.detail = fmt.Sprintf("an end after %d bytes ", syntax.ByteOffset)
	default:
		r.detail = fmt.Sprintf("a fault at byte %d ", syntax.ByteOffset+1)
	}
	return fault
}

// readPlace reads a value, and says where it was.
func readPlace(dec *jsontext.Decoder) (start, end uint16, err error) {
	value, err := dec.ReadValue()
	end = uint16(dec.InputOffset())
	return end - uint16(len(value)), end, err
}

func JSONFault(err error) error {
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return ErrNameDuplicate
	}
	return ErrJSON
}

// Unquote returns the value of a valid JSON string; ok is false for any other
// JSON value.
func Unquote(raw string) (value string, ok bool) {
	if raw == "" || raw[0] != '"' {
		return "", false
	}
	if strings.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1], true
	}
	b, err := jsontext.AppendUnquote(nil, raw)
	return string(b), err == nil
}

// cutObject finds the members of an object whose text is known to be valid JSON. size
// is a guess at how many there are.
func cutObject(object string, size int) (Object, error) {
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

// ReadStrings reads a valid JSON value that must be an array of strings.
func ReadStrings(raw string, to *[]string) error {
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
		value, ok := Unquote(element)
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
	for c.at < len(c.text) && isSeparator(c.text[c.at]) {
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
		for c.at < len(c.text) && !isSeparator(c.text[c.at]) && c.text[c.at] != ']' && c.text[c.at] != '}' {
			c.at++
		}
	}
	return c.text[start:c.at], true
}

// isSeparator says whether a byte stands between two elements.
func isSeparator(b byte) bool {
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

// checkNames rejects names that a less strict reader could take for one another:
// encoding/json lets "Iss" and "iſs" (U+017F) overwrite iss. The decoder has
// already rejected names that are equal byte for byte, so that only names with an
// upper-case or non-ASCII letter need a closer look.
func checkNames(o Object, known func() []string) (name string, err error) {
	if !anyNeedsFolding(o) {
		return "", nil
	}
	names := known()
	seen := make(map[string]bool, o.Len())
	for m := range o.All() {
		name, other := m.Name, needsFolding(m.Name)
		if other {
			name = fold(name)
		}
		if seen[name] {
			return m.Name, ErrNameDuplicate
		}
		seen[name] = true
		if other && slices.Contains(names, name) {
			return m.Name, ErrNameCase
		}
	}
	return "", nil
}

func anyNeedsFolding(o Object) bool {
	for m := range o.All() {
		if needsFolding(m.Name) {
			return true
		}
	}
	return false
}

func needsFolding(name string) bool {
	for i := range len(name) {
		if c := name[i]; 'A' <= c && c <= 'Z' || c >= utf8.RuneSelf {
			return true
		}
	}
	return false
}

// fold maps every rune to the one form that strings.EqualFold treats as equal:
// lower case for ASCII, else the smallest of its orbit.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		if 'A' <= least && least <= 'Z' {
			return least + 'a' - 'A'
		}
		return least
	}, name)
}
