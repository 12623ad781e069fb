package verifycmd

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// Bounds of one block of lines. They bound the memory of a batch, whatever its
// length.
const (
	blockLines = 64
	blockBytes = 128 << 10
)

// line is one line of a batch, without its end. A line beyond maxTokenInput
// holds its beginning only, and long is set.
type line struct {
	text string
	long bool
}

// lineReader cuts a stream into blocks of lines.
type lineReader struct{ in *bufio.Reader }

func newLineReader(in io.Reader) *lineReader {
	return &lineReader{bufio.NewReaderSize(in, maxTokenInput)}
}

// block returns the next lines: as many as the bounds allow, but only those that
// are buffered, so that a slow producer gets its first reports before it has
// written its last line. The error is io.EOF after the last line, or the stream's.
func (r *lineReader) block() ([]line, error) {
	var lines []line
	for size := 0; len(lines) < blockLines && size < blockBytes; {
		l, err := r.line()
		if err != nil {
			if len(lines) > 0 && errors.Is(err, io.EOF) {
				return lines, nil // the next call returns it again
			}
			return lines, err
		}
		lines, size = append(lines, l), size+len(l.text)
		if r.in.Buffered() == 0 {
			break
		}
	}
	return lines, nil
}

// line reads one line. What follows the last line break is a line unless it is
// empty.
func (r *lineReader) line() (line, error) {
	data, err := r.in.ReadSlice('\n')
	l := line{text: string(bytes.TrimRight(data, "\r\n"))}
	for errors.Is(err, bufio.ErrBufferFull) {
		l.long = true
		_, err = r.in.ReadSlice('\n') // the rest is dropped, a buffer at a time
	}
	if errors.Is(err, io.EOF) && len(data) > 0 {
		err = nil
	}
	return l, err
}
