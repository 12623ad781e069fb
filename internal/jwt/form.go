package jwt

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"m2m/internal/text"
)

// MaxSize is well above any token of Entra's (they stay near 2 KiB, and group
// claims overflow before 16) and below what makes strict parsing expensive.
const MaxSize = 16 << 10

// Parsed is a token taken apart. Its signature is not checked, and is valid
// until the reader is used again.
type Parsed struct {
	Token        *Token
	SigningInput string
	Signature    []byte
}

// Parse takes a token apart. With an error it still returns what could be
// read; token is nil if neither header nor claims could.
func (r *Reader) Parse(token string) (Parsed, *Fault) {
	if len(token) > MaxSize {
		return Parsed{}, &Fault{Reason: ErrTokenSize, Found: fmt.Sprintf("%d KiB or more", len(token)>>10)}
	}
	segments, n, fault := split(token)
	if n < 2 {
		return r.parseBeginning(token, segments[0], fault)
	}
	t := &Token{}
	p := Parsed{Token: t}
	note := func(err *Fault) bool {
		if fault == nil || fault.IsType() && err != nil && !err.IsType() {
			fault = err
		}
		return err == nil
	}
	if n == 2 {
		return r.parseCut(token, t, segments)
	}
	note(r.header(t, segments[0]))
	if data, err := r.decode("claims", segments[1]); note(err) {
		note(t.readClaims(r, data))
	} else {
		t.Unread = true
	}
	if fault.IsType() {
		fault = faultOf(t.Mistyped) // of header and claims together
	}
	signature, err := r.decode("signature", segments[2])
	if missing := t.missing(segments[2]); missing > 0 && (fault == nil || fault.IsType()) {
		fault = &Fault{Reason: ErrTruncated, Found: fmt.Sprintf(
			"a signature of %d characters: it is cut after %d bytes, and at least %d are missing", len(segments[2]), len(token), missing)}
	}
	note(err)
	p.Signature = signature
	p.SigningInput = token[:len(segments[0])+1+len(segments[1])]
	if t.Header.IsZero() && t.Claims.IsZero() {
		p.Token = nil
	}
	return p, fault
}

// leastSignature is the length of an RS256 signature by the smallest key that is
// allowed, 2048 bits, in base64url.
const leastSignature = 342

// missing is how many characters of an RS256 signature are not there at least. A
// signature that is empty was removed, not cut, and one as long as those of HS256,
// HS384, HS512, ES256 and ES384 was made by another algorithm.
func (t *Token) missing(signature string) int {
	missing := leastSignature - len(signature)
	switch len(signature) {
	case 43, 64, 86, 128:
		return 0
	}
	if missing <= 0 || t.Algorithm != "RS256" || signature == "" || strings.IndexFunc(signature, notBase64URL) >= 0 {
		return 0
	}
	return missing
}

// parseBeginning reads the header of a token of which nothing else is there.
func (r *Reader) parseBeginning(token, segment string, fault *Fault) (Parsed, *Fault) {
	t := &Token{} // header keeps what it reads for the next token: no more may be in it
	if fault.Reason == ErrCharset || r.header(t, segment) != nil || !t.Has.Alg {
		return Parsed{}, fault
	}
	if strings.IndexByte(token, '.') < 0 {
		fault = &Fault{Reason: ErrTruncated, Found: fmt.Sprintf("a header alone: it is cut after %d bytes", len(token))}
	}
	t.Unread = true
	return Parsed{Token: t}, fault
}

// parseCut reads a token that ends in its claims, or after them.
func (r *Reader) parseCut(token string, t *Token, segments [3]string) (Parsed, *Fault) {
	fault := &Fault{Reason: ErrSegments, Found: "2 parts: the signature is missing"}
	if r.header(t, segments[0]) != nil {
		return Parsed{}, fault
	}
	where := "in its claims"
	data, err := r.decode("claims", segments[1])
	if err != nil {
		data, err = r.decode("claims", segments[1][:len(segments[1])/4*4])
	}
	if err != nil {
		t.Unread = true
	} else if err = t.readClaims(r, data); err == nil || err.IsType() {
		where = "behind its claims, and the signature is missing"
	}
	fault.Reason, fault.Found = ErrTruncated, fmt.Sprintf("2 parts: it is cut after %d bytes, %s", len(token), where)
	return Parsed{Token: t}, fault
}

// cachedHeader is one that was read before: its segment, and a token with nothing else.
// An issuer writes the same into every token that it signs with one key, so that
// tokens share what it says.
type cachedHeader struct {
	segment string
	token   Token
}

// maxHeader bounds what is kept of a header, in bytes. Entra's have 150.
const maxHeader = 1 << 10

func (r *Reader) header(t *Token, segment string) *Fault {
	if segment != "" && segment == r.lastHeader.segment {
		*t = r.lastHeader.token
		return nil
	}
	data, err := r.decode("header", segment)
	if err == nil {
		err = t.readHeader(r, data)
	}
	if err == nil && len(segment) <= maxHeader {
		r.lastHeader = cachedHeader{strings.Clone(segment), *t}
	}
	return err
}

// split returns n segments. Where it does not know what they would be there are
// none: a text of nothing but dots must not cost memory (CVE-2025-30204).
func split(token string) (segments [3]string, n int, fault *Fault) {
	header, rest, _ := strings.Cut(token, ".")
	claims, signature, _ := strings.Cut(rest, ".")
	segments = [3]string{header, claims, signature}
	dots := strings.Count(token, ".")
	if i := text.IndexSpace(token); dots > 2 && i >= 0 { // as two tokens in one file have
		return segments, 0, &Fault{Reason: ErrCharset, Found: text.SpaceAt(token, i)}
	}
	if i := strings.Index(token, "..."); i > 0 {
		return segments, 0, &Fault{Reason: ErrTruncated, Found: fmt.Sprintf("three dots instead of the rest after %d bytes", i)}
	}
	switch dots {
	case 2:
		return segments, 3, nil
	case 4:
		return segments, 0, &Fault{Reason: ErrEncrypted, Found: ""}
	case 0:
		if token == "" {
			return segments, 0, &Fault{Reason: ErrSegments, Found: "nothing"}
		}
		return segments, 0, &Fault{Reason: ErrSegments, Found: "no dot at all"}
	case 1:
		return segments, 2, nil
	default:
		return segments, 0, &Fault{Reason: ErrSegments, Found: fmt.Sprintf("%d parts", dots+1)}
	}
}

// decode accepts one spelling only: no padding, no standard alphabet, no line breaks
// (which encoding/base64 skips even in strict mode) and no stray trailing bits.
// Otherwise anyone could write the same token in many ways, and a list of revoked
// tokens would miss all but one. The result is valid until the next call.
func (r *Reader) decode(name, segment string) ([]byte, *Fault) {
	if segment == "" {
		return nil, &Fault{Reason: ErrSegmentEmpty, Found: "an empty " + name}
	}
	if r.encoding == nil {
		r.encoding = base64.RawURLEncoding.Strict()
	}
	r.encoded = append(r.encoded[:0], segment...)
	r.decoded = slices.Grow(r.decoded[:0], len(segment))
	n, err := r.encoding.Decode(r.decoded[:len(segment)], r.encoded)
	if err == nil && len(segment)%4 != 1 && n == r.encoding.DecodedLen(len(segment)) { // so that nothing was skipped
		return r.decoded[:n], nil
	}
	switch i := strings.IndexFunc(segment, notBase64URL); {
	case strings.HasPrefix(segment, "\xff\xfe"):
		return nil, &Fault{Reason: ErrCharset, Found: "UTF-16, which > writes in Windows PowerShell"}
	case i >= 0:
		odd, _ := utf8.DecodeRuneInString(segment[i:])
		return nil, &Fault{Reason: ErrCharset, Found: fmt.Sprintf("%q at byte %d of the %s", odd, i+1, name)}
	}
	return nil, &Fault{Reason: ErrBase64, Found: "stray bits at the end of the " + name}
}

// Wipe leaves no part of a token but its header in a reader that waits for its
// next one.
func (r *Reader) Wipe() {
	clear(r.encoded[:cap(r.encoded)])
	clear(r.decoded[:cap(r.decoded)])
}

func notBase64URL(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
}

// Fault says why a text is not a token. It matches its Reason.
type Fault struct {
	Reason Reason
	// Found says what was found, and where; it is short, bounded, and empty if
	// Reason says it all.
	Found string
	// Expected says what was expected there; empty if that is the form of a token.
	Expected string
}

// IsType reports whether the token can be read, and a value in it has the wrong type
// or is not a date.
func (f *Fault) IsType() bool { return f != nil && (f.Reason == ErrMemberType || f.Reason == ErrDate) }

// Error implements error.
func (f *Fault) Error() string {
	if f.Found == "" {
		return "form: " + f.Reason.Error()
	}
	return "form: " + f.Reason.Error() + ", found " + f.Found
}

// Unwrap returns the Reason.
func (f *Fault) Unwrap() error { return f.Reason }

// malformed makes a Fault of an error of the JSON readers, which return no other
// than Reasons.
func malformed(err error, found string) *Fault {
	reason, _ := err.(Reason) //nolint:errorlint // nothing in this file wraps a Reason
	return &Fault{Reason: reason, Found: found}
}
