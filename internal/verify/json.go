package verify

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
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
// spares the decoder's tables.
type reader struct {
	dec jsontext.Decoder
	buf bytes.Buffer

	PlainIssuer string // of the policy; empty: none

	encoding         *base64.Encoding
	encoded, decoded []byte

	before header
}

func (r *reader) reset(data []byte) *jsontext.Decoder {
	r.buf = *bytes.NewBuffer(data) // which the decoder reads in place
	r.dec.Reset(&r.buf)
	return &r.dec
}

// object reads one JSON object as strictly as RFC 8725 section 2.6 and
// 3.1 suggest: no duplicate names at any level, no invalid UTF-8, nothing
// behind it. jsontext reads it in one go, and what it has found valid is cut
// into its members. With an error it returns the members before the fault, for
// a reader who wants to see them.
func (r *reader) object(data []byte, known func() []string) (Object, error) {
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
	o, err := cut(string(value), min(colons, maxMembers))
	switch {
	case err != nil:
		return o, err
	case dec.InputOffset() != int64(len(data)):
		return o, ErrTrailingData
	}
	return o, checkNames(o, known)
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

// untilFault says what is wrong with JSON that does not parse, and returns the
// members before that.
func (r *reader) untilFault(data []byte) (Object, error) {
	if !utf8.Valid(data) {
		return Object{}, ErrUTF8
	}
	dec := r.reset(data)
	if dec.PeekKind() != '{' {
		_, err := dec.ReadValue()
		return Object{}, jsonFault(err)
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
	return o, jsonFault(err)
}

// readPlace reads a value, and says where it was.
func readPlace(dec *jsontext.Decoder) (start, end uint16, err error) {
	value, err := dec.ReadValue()
	end = uint16(dec.InputOffset())
	return end - uint16(len(value)), end, err
}

func jsonFault(err error) error {
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return ErrNameDuplicate
	}
	return ErrJSON
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
