package suite

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"m2m/internal/strictyaml"
)

// KnownSecret is a secret value that no request may carry.
type KnownSecret struct {
	// Name says whose value it is, such as the name of a variable.
	Name  string
	Value string
}

// minSecret is the length in bytes from which a secret is looked for: shorter
// values occur by chance.
const minSecret = 12

// leakChunk is how much of a file is searched at once, in bytes.
const leakChunk = 1 << 20

// CheckLeaks looks for secrets in everything that the requests send: as they are,
// in base64, hexadecimal, percent or JSON escapes, and in UTF-16. It is a net and
// not a proof: a value that a program has cut up or encrypted passes. Requests that
// wait for captured values are searched when these are known. The error is an *Error.
func (p *Plan) CheckLeaks(secrets []KnownSecret) error {
	p.net = newLeakNet(secrets)
	faults := strictyaml.Faults{File: p.file}
	for i := range p.Requests {
		p.net.check(&faults, &p.Requests[i])
	}
	return notRunnable(&faults, &p.hidden)
}

// check notes a secret in a request.
func (n *leakNet) check(faults *strictyaml.Faults, q *Request) {
	where, name, err := n.request(q)
	switch {
	case err != nil:
		faults.AddError(q.written.place, err)
	case name != "":
		faults.Add(q.written.place, "%s of the request holds the value of %s, which must not be sent to an API", where, name)
	}
}

// leakNet has the spellings of the secrets.
type leakNet struct {
	needles []needle
	longest int
}

type needle struct {
	name  string
	bytes []byte
}

func newLeakNet(secrets []KnownSecret) *leakNet {
	n := &leakNet{}
	for _, s := range secrets {
		if len(s.Value) < minSecret {
			continue
		}
		value := []byte(s.Value)
		n.add(s.Name, value)
		n.add(s.Name, []byte(hex.EncodeToString(value)))
		for offset := range 3 {
			n.add(s.Name, base64Inside(value, offset))
		}
	}
	return n
}

func (n *leakNet) add(name string, spelling []byte) {
	n.needles = append(n.needles, needle{name, spelling})
	n.longest = max(n.longest, len(spelling))
}

// base64Inside returns the characters that every base64 text has in which value
// begins at a byte whose position leaves this remainder by 3.
func base64Inside(value []byte, offset int) []byte {
	encoded := base64.RawStdEncoding.EncodeToString(append(make([]byte, offset), value...))
	first := (offset*8 + 5) / 6
	last := (offset + len(value)) * 8 / 6
	return []byte(encoded[first:last])
}

// request returns the part of a request that holds a secret, and the secret's name.
func (n *leakNet) request(q *Request) (where, name string, err error) {
	if q.Request.URL != nil {
		if name := n.find([]byte(q.Request.URL.String())); name != "" {
			return "the URL", name, nil
		}
	}
	for _, field := range slices.Sorted(maps.Keys(q.Request.Header)) {
		for _, value := range q.Request.Header[field] {
			if name := n.find([]byte(value)); name != "" {
				return "the header " + field, name, nil
			}
		}
	}
	if name := n.find([]byte(q.Request.Method)); name != "" {
		return "the method", name, nil
	}
	if q.Request.Body.IsZero() {
		return "", "", nil
	}
	content, err := q.Request.Body.Open()
	if err != nil {
		return "", "", err
	}
	defer content.Close()
	name, err = n.findIn(content)
	return "the body", name, err
}

// findIn searches content of any length, a part at a time. Parts overlap by the
// longest spelling: JSON writes a byte as six characters.
func (n *leakNet) findIn(r io.Reader) (name string, err error) {
	overlap := 6 * n.longest
	buffer := make([]byte, 0, leakChunk+overlap)
	for {
		got, err := io.ReadFull(r, buffer[len(buffer):min(len(buffer)+leakChunk, cap(buffer))])
		buffer = buffer[:len(buffer)+got]
		if name := n.find(buffer); name != "" {
			return name, nil
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return "", nil
		case err != nil:
			return "", fmt.Errorf("the file cannot be read: %w", err)
		}
		keep := min(overlap, len(buffer))
		buffer = append(buffer[:0], buffer[len(buffer)-keep:]...)
	}
}

// find returns the name of a secret in data; empty if there is none.
func (n *leakNet) find(data []byte) string {
	for round := 0; ; round++ {
		if name := n.findPlain(data); name != "" {
			return name
		}
		decoded := decodeOnce(data)
		if round == 2 || bytes.Equal(decoded, data) {
			return ""
		}
		data = decoded
	}
}

func (n *leakNet) findPlain(data []byte) string {
	plain := bytes.Map(func(r rune) rune { // the URL alphabet of base64, and its line breaks
		switch r {
		case '-':
			return '+'
		case '_':
			return '/'
		case '\r', '\n':
			return -1
		}
		return r
	}, data)
	for _, needle := range n.needles {
		if bytes.Contains(data, needle.bytes) || bytes.Contains(plain, needle.bytes) ||
			bytes.Contains(bytes.ToLower(data), needle.bytes) {
			return needle.name
		}
	}
	return ""
}

// decodeOnce undoes UTF-16, percent escapes and JSON escapes as far as they are
// there. It never fails: what is no escape stays.
func decodeOnce(data []byte) []byte {
	out := make([]byte, 0, len(data))
	for i := 0; i < len(data); i++ {
		c := data[i]
		switch {
		case c == 0:
			continue // UTF-16 writes it next to each ASCII character
		case c == '%' && i+2 < len(data):
			if b, err := strconv.ParseUint(string(data[i+1:i+3]), 16, 8); err == nil {
				out, i = append(out, byte(b)), i+2
				continue
			}
		case c == '\\' && i+5 < len(data) && data[i+1] == 'u':
			if r, err := strconv.ParseUint(string(data[i+2:i+6]), 16, 16); err == nil && r < 0x80 {
				out, i = append(out, byte(r)), i+5
				continue
			}
		case c == '\\' && i+1 < len(data) && bytes.IndexByte([]byte(`"\/`), data[i+1]) >= 0:
			out, i = append(out, data[i+1]), i+1
			continue
		}
		out = append(out, c)
	}
	return out
}
