package verify

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
)

// maxToken is well above any token of Entra's (they stay near 2 KiB, and group
// claims overflow before 16) and below what makes strict parsing expensive.
const maxToken = 16 << 10

// parsed is a token taken apart. Its signature is not checked.
type parsed struct {
	token        *Token
	signingInput string
	signature    []byte
}

// parse takes a token apart. With an error it still returns what could be
// read; token is nil if neither header nor claims could.
func (r *reader) parse(text string) (parsed, *Error) {
	if len(text) > maxToken {
		return parsed{}, malformed(ErrTokenSize, fmt.Sprintf("%d KiB or more", len(text)>>10))
	}
	segments, fault := split(text)
	if len(segments) < 2 {
		return parsed{}, fault
	}
	t := &Token{}
	p := parsed{token: t}
	note := func(err *Error) bool {
		if fault == nil {
			fault = err
		}
		return err == nil
	}
	if data, err := r.decode("header", segments[0]); note(err) {
		note(t.readHeader(r, data))
	}
	if data, err := r.decode("claims", segments[1]); note(err) {
		note(t.readClaims(r, data))
	}
	if len(segments) == 3 {
		signature, err := r.decode("signature", segments[2])
		note(err)
		p.signature = bytes.Clone(signature)
		p.signingInput = text[:len(segments[0])+1+len(segments[1])]
	}
	if t.Header == nil && t.Claims == nil {
		p.token = nil
	}
	return p, fault
}

func split(text string) ([]string, *Error) {
	// Counting first keeps a text of nothing but dots from costing memory
	// (CVE-2025-30204).
	switch dots := strings.Count(text, "."); dots {
	case 2:
		return strings.Split(text, "."), nil
	case 4:
		return nil, malformed(ErrEncrypted, "")
	case 0:
		if text == "" {
			return nil, malformed(ErrSegments, "nothing")
		}
		return nil, malformed(ErrSegments, "no dot at all")
	case 1:
		return strings.Split(text, "."), malformed(ErrSegments, "2 parts: the signature is missing")
	default:
		return nil, malformed(ErrSegments, fmt.Sprintf("%d parts", dots+1))
	}
}

// decode refuses every spelling but one: padding, the standard alphabet, line
// breaks (which encoding/base64 skips even in strict mode) and stray trailing
// bits. Otherwise anyone could write the same token in many ways, and a list of
// revoked tokens would miss all but one. The result is valid until the next call.
func (r *reader) decode(name, segment string) ([]byte, *Error) {
	if segment == "" {
		return nil, malformed(ErrSegmentEmpty, "an empty "+name)
	}
	if r.encoding == nil {
		r.encoding = base64.RawURLEncoding.Strict()
	}
	r.encoded = append(r.encoded[:0], segment...)
	r.decoded = slices.Grow(r.decoded[:0], len(segment))
	n, err := r.encoding.Decode(r.decoded[:len(segment)], r.encoded)
	if err == nil && strings.IndexByte(segment, '\n') < 0 && strings.IndexByte(segment, '\r') < 0 {
		return r.decoded[:n], nil
	}
	if i := strings.IndexFunc(segment, notBase64URL); i >= 0 {
		return nil, malformed(ErrCharset, fmt.Sprintf("%q at byte %d of the %s", segment[i], i+1, name))
	}
	return nil, malformed(ErrBase64, "stray bits at the end of the "+name)
}

// forget leaves no part of a token in a reader that waits for its next one.
func (r *reader) forget() {
	clear(r.encoded[:cap(r.encoded)])
	clear(r.decoded[:cap(r.decoded)])
}

func notBase64URL(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
}

func malformed(reason error, found string) *Error {
	return &Error{Check: CheckForm, Outcome: ErrRefused, Reason: reason, Found: found}
}
