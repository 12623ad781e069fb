package verify

import (
	"bytes"
	"cmp"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"m2m/internal/jwt"
	"m2m/internal/text"
)

// AppendReport appends a report as one line of JSON. It is written by hand because
// encoding/json takes as long as the signature does.
func AppendReport(dst []byte, r *Report) []byte {
	begin := len(dst)
	dst = appendText(append(dst, `{"verdict":`...), string(r.Verdict))
	dst = append(dst, `,"checks":[`...)
	for i, f := range r.Findings {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(append(dst, `{"name":"`...), f.Check...)
		dst = append(append(dst, `","status":"`...), f.Status...)
		dst = append(dst, '"')
		if f.Reason != "" {
			dst = appendText(append(dst, `,"reason":`...), string(f.Reason))
		}
		dst = appendMember(dst, `,"expected":`, f.Expected)
		dst = appendMember(dst, `,"found":`, f.FoundValue())
		dst = appendMember(dst, `,"cause":`, f.Cause)
		dst = appendMember(dst, `,"fix":`, f.Fix)
		dst = append(dst, '}')
	}
	dst = append(appendTokenMembers(append(dst, "],"...), r.Token), '}')
	return escaped(dst, begin)
}

// appendMember appends a member with a text, unless that is empty.
func appendMember(dst []byte, name, text string) []byte {
	if text == "" {
		return dst
	}
	return appendText(append(dst, name...), text)
}

// escaped escapes what is not printable from a place on.
func escaped(dst []byte, begin int) []byte {
	return append(dst[:begin], text.EscapeJSON(dst[begin:])...)
}

// AppendToken appends the JSON of what a token says of itself, valid or not; t may
// be nil.
func AppendToken(dst []byte, t *jwt.Token) []byte {
	begin := len(dst)
	return escaped(append(appendTokenMembers(append(dst, '{'), t), '}'), begin)
}

func appendTokenMembers(dst []byte, t *jwt.Token) []byte {
	dst = appendSummary(append(dst, `"token":`...), t)
	var header, claims jwt.Object
	if t != nil {
		header, claims = t.Header, t.Claims
	}
	dst = appendMembers(append(dst, `,"header":`...), header)
	return appendMembers(append(dst, `,"claims":`...), claims)
}

func appendSummary(dst []byte, t *jwt.Token) []byte {
	if t == nil {
		return append(dst, "null"...)
	}
	dst = append(dst, `{"version":`...)
	if t.Version == "" {
		dst = append(dst, "null"...)
	} else {
		dst = appendText(dst, string(t.Version))
	}
	dst = appendText(append(dst, `,"kind":`...), string(cmp.Or(t.Kind, jwt.Other)))
	dst = appendTime(append(dst, `,"issued_at":`...), t.IssuedAt)
	dst = appendTime(append(dst, `,"expires_at":`...), t.ExpiresAt)
	return append(dst, '}')
}

func appendTime(dst []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(dst, "null"...)
	}
	return append(t.UTC().AppendFormat(append(dst, '"'), time.RFC3339Nano), '"')
}

// appendMembers appends an object, its members in their order; null where there is
// none. The values are JSON already, but arrays and objects may
// hold line breaks.
func appendMembers(dst []byte, o jwt.Object) []byte {
	if o.IsZero() {
		return append(dst, "null"...)
	}
	dst = append(dst, '{')
	start := len(dst)
	for m := range o.All() {
		if len(dst) > start {
			dst = append(dst, ',')
		}
		dst = append(appendText(dst, m.Name), ':')
		if nested := m.Raw[0] == '{' || m.Raw[0] == '['; nested && strings.ContainsAny(m.Raw, "\r\n") {
			dst = appendCompact(dst, m.Raw)
			continue
		}
		dst = append(dst, m.Raw...)
	}
	return append(dst, '}')
}

func appendCompact(dst []byte, raw string) []byte {
	var b bytes.Buffer
	if json.Compact(&b, []byte(raw)) != nil {
		return append(dst, "null"...) // never: what was read is JSON
	}
	return append(dst, b.Bytes()...)
}

// appendText appends a JSON string. The error is about bytes that are not
// UTF-8, which are replaced.
func appendText(dst []byte, text string) []byte {
	if plain(text) {
		return append(append(append(dst, '"'), text...), '"')
	}
	dst, _ = jsontext.AppendQuote(dst, text)
	return dst
}

// plain reports whether a text is ASCII in which JSON escapes nothing, as
// nearly all text of a report is. It looks at eight bytes at a time: a byte of
// the sum has its top bit set if that byte is below space, is a quote, is a
// backslash, or is not ASCII.
func plain(text string) bool {
	const each, top = 0x0101010101010101, 0x8080808080808080
	for ; len(text) >= 8; text = text[8:] {
		x := uint64(text[0]) | uint64(text[1])<<8 | uint64(text[2])<<16 | uint64(text[3])<<24 |
			uint64(text[4])<<32 | uint64(text[5])<<40 | uint64(text[6])<<48 | uint64(text[7])<<56
		if (x|(x-each*' ')|(x^each*'"'-each)|(x^each*'\\'-each))&top != 0 {
			return false
		}
	}
	for i := range len(text) {
		if c := text[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
