package verify

import (
	"bytes"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	maxDepth = 8
	// maxMembers is many times what Entra writes, and keeps a token of nothing
	// but names from costing more than its signature would.
	maxMembers = 256
)

// reader reads the parts of tokens. It may be used again, one at a time, which
// spares the decoder's tables; what it returns does not alias it.
type reader struct {
	dec jsontext.Decoder
	buf bytes.Buffer

	encoding         *base64.Encoding
	encoded, decoded []byte
}

func (r *reader) reset(data []byte, o ...jsontext.Options) *jsontext.Decoder {
	r.buf = *bytes.NewBuffer(data) // which the decoder reads in place
	r.dec.Reset(&r.buf, o...)
	return &r.dec
}

// object reads one JSON object as strictly as RFC 8725 section 2.6 and
// 3.1 suggest: no duplicate names at any level, no invalid UTF-8, nothing
// behind it. With an error it returns the members before the fault, for a
// reader who wants to see them.
func (r *reader) object(data []byte, size int, known func() []string) ([]Member, error) {
	if !utf8.Valid(data) {
		return nil, ErrUTF8
	}
	text := string(data)
	dec := r.reset(data)
	if dec.PeekKind() != '{' {
		return nil, notObject(dec)
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, jsonFault(err)
	}
	members := make([]Member, 0, size)
	for dec.PeekKind() != '}' {
		if len(members) == maxMembers {
			return members, ErrMembers
		}
		m, err := readMember(dec, text)
		if err != nil {
			return members, err
		}
		members = append(members, m)
	}
	if _, err := dec.ReadToken(); err != nil {
		return members, jsonFault(err)
	}
	if dec.InputOffset() != int64(len(data)) {
		return members, ErrTrailingData
	}
	return members, checkNames(members, known)
}

func notObject(dec *jsontext.Decoder) error {
	if _, err := dec.ReadValue(); err != nil {
		return jsonFault(err)
	}
	return ErrNotObject
}

// readMember returns slices of text, so that a token costs one copy and not
// one for every claim.
func readMember(dec *jsontext.Decoder, text string) (Member, error) {
	name, err := readRaw(dec, text)
	if err != nil {
		return Member{}, err
	}
	raw, err := readRaw(dec, text)
	if err != nil {
		return Member{}, err
	}
	if depth(raw) >= maxDepth { // the object itself is one level
		return Member{}, ErrDepth
	}
	unquoted, _ := unquote(name)
	return Member{Name: unquoted, Raw: raw}, nil
}

func readRaw(dec *jsontext.Decoder, text string) (string, error) {
	value, err := dec.ReadValue()
	if err != nil {
		return "", jsonFault(err)
	}
	end := int(dec.InputOffset())
	return text[end-len(value) : end], nil
}

func jsonFault(err error) error {
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return ErrNameDuplicate
	}
	return ErrJSON
}

// depth counts the levels of nesting of valid JSON.
func depth(raw string) (deepest int) {
	if raw[0] != '{' && raw[0] != '[' {
		return 0
	}
	level, quoted := 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			level++
			deepest = max(deepest, level)
		case c == '}' || c == ']':
			level--
		}
	}
	return deepest
}

// checkNames refuses names that a laxer reader could take for one another:
// encoding/json lets "Iss" and "iſs" (U+017F) overwrite iss. The decoder has
// already refused names that are equal byte for byte, so that only names with
// an upper-case or non-ASCII letter need a closer look.
func checkNames(members []Member, known func() []string) error {
	if !slices.ContainsFunc(members, func(m Member) bool { return folds(m.Name) }) {
		return nil
	}
	names := known()
	seen := make(map[string]bool, len(members))
	for _, m := range members {
		name, other := m.Name, folds(m.Name)
		if other {
			name = fold(name)
		}
		if seen[name] {
			return ErrNameDuplicate
		}
		seen[name] = true
		if other && slices.Contains(names, name) {
			return ErrNameCase
		}
	}
	return nil
}

func folds(name string) bool {
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

// unquote returns the value of a valid JSON string; ok is false for any other
// JSON value.
func unquote(raw string) (value string, ok bool) {
	if raw == "" || raw[0] != '"' {
		return "", false
	}
	if strings.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1], true
	}
	b, err := jsontext.AppendUnquote(nil, raw)
	return string(b), err == nil
}

// strings reads a valid JSON value that must be an array of strings: after a
// first token and any number of strings comes "]", as after no other value.
func (r *reader) strings(raw string, to *[]string) error {
	dec := r.reset([]byte(raw))
	_, err := dec.ReadToken()
	values := []string{}
	for err == nil && dec.PeekKind() == '"' {
		var tok jsontext.Token
		if tok, err = dec.ReadToken(); err == nil {
			values = append(values, tok.String())
		}
	}
	if err != nil || dec.PeekKind() != ']' {
		return ErrMemberType
	}
	*to = values
	return nil
}
