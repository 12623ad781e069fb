package text

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// EscapeJSON returns a JSON document in which characters that are not printable
// are written as \uXXXX: JSON allows control characters from U+007F on and
// bidirectional ones, and a terminal obeys them. The document means the same. It
// returns data itself if there is nothing to escape.
func EscapeJSON(data []byte) []byte {
	first := -1
	for i := 0; i < len(data) && first < 0; i++ {
		if data[i] > '~' {
			first = i
		}
	}
	if first < 0 {
		return data
	}
	out := append(make([]byte, 0, len(data)+16), data[:first]...)
	isPlain := true
	for i := first; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 || !isShown(r) && !isJoiner(data, i, r) {
			out, isPlain = appendJSONEscape(out, r), false
		} else {
			out = append(out, data[i:i+size]...)
		}
		i += size
	}
	if isPlain {
		return data
	}
	return out
}

// appendJSONEscape appends a character as JSON escapes it.
func appendJSONEscape(dst []byte, r rune) []byte {
	if r1, r2 := utf16.EncodeRune(r); r1 != utf8.RuneError {
		return fmt.Appendf(dst, `\u%04x\u%04x`, r1, r2)
	}
	return fmt.Appendf(dst, `\u%04x`, r)
}

// JSONWriter escapes each document or line that is written to it, as EscapeJSON
// does. A document is one write.
type JSONWriter struct{ Writer io.Writer }

// Write implements io.Writer.
func (w JSONWriter) Write(document []byte) (int, error) {
	if _, err := w.Writer.Write(EscapeJSON(document)); err != nil {
		return 0, err
	}
	return len(document), nil
}

// A Printer writes text to a terminal as Printable returns it. A character may
// come in several writes.
type Printer struct {
	w    io.Writer
	rest []byte // the beginning of a character
}

// NewPrinter returns a Printer that writes to w.
func NewPrinter(w io.Writer) *Printer { return &Printer{w: w} }

// Write implements io.Writer.
func (p *Printer) Write(data []byte) (int, error) {
	whole := append(p.rest, data...)
	end := len(whole)
	for n := 1; n < utf8.UTFMax && n <= len(whole); n++ {
		if tail := whole[len(whole)-n:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				end = len(whole) - n
			}
			break
		}
	}
	p.rest = bytes.Clone(whole[end:])
	if _, err := io.WriteString(p.w, Printable(string(whole[:end]))); err != nil {
		return 0, err
	}
	return len(data), nil
}

// Close writes what is left of a character that never ended.
func (p *Printer) Close() error {
	_, err := io.WriteString(p.w, Printable(string(p.rest)))
	p.rest = nil
	return err
}
