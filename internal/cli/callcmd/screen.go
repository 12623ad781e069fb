package callcmd

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"strings"

	"m2m/internal/cli"
	"m2m/internal/text"
)

// screen prints a body on a terminal: JSON indented and coloured, other text as it
// comes, and nothing that the terminal would obey.
type screen struct {
	to      *endedLine
	palette cli.Palette
	json    *bytes.Buffer // the body so far; nil if it is not collected
	printer *text.Printer
}

func newScreen(w io.Writer, palette cli.Palette, contentType string) *screen {
	to := &endedLine{w: w, ended: true}
	s := &screen{to: to, palette: palette, printer: text.NewPrinter(to)}
	media, _, err := mime.ParseMediaType(contentType)
	if err == nil && (media == "application/json" || strings.HasSuffix(media, "+json")) {
		s.json = &bytes.Buffer{}
	}
	return s
}

// Write implements io.Writer.
func (s *screen) Write(p []byte) (int, error) {
	if s.json == nil {
		return s.printer.Write(p)
	}
	s.json.Write(p)
	if s.json.Len() > maxIndentedBody {
		return len(p), s.giveUp()
	}
	return len(p), nil
}

// giveUp prints what was collected as it came.
func (s *screen) giveUp() error {
	_, err := s.printer.Write(s.json.Bytes())
	s.json = nil
	return err
}

// Close prints what was collected, and ends the last line.
func (s *screen) Close() error {
	if s.json != nil {
		var indented bytes.Buffer
		if err := json.Indent(&indented, bytes.TrimSpace(s.json.Bytes()), "", "  "); err == nil {
			_, err := s.to.Write(colouredJSON(text.EscapeJSON(indented.Bytes()), s.palette))
			return s.to.end(err)
		}
		if err := s.giveUp(); err != nil {
			return err
		}
	}
	return s.to.end(s.printer.Close())
}

// endedLine is a writer that knows whether the last line has its end.
type endedLine struct {
	w     io.Writer
	ended bool
}

func (l *endedLine) Write(p []byte) (int, error) {
	if len(p) > 0 {
		l.ended = p[len(p)-1] == '\n'
	}
	return l.w.Write(p)
}

// end ends the last line unless it has an end, or err is not nil.
func (l *endedLine) end(err error) error {
	if err == nil && !l.ended {
		_, err = io.WriteString(l, "\n")
	}
	return err
}

// colouredJSON colours the names and the strings of an indented document.
func colouredJSON(document []byte, p cli.Palette) []byte {
	if !p.Enabled {
		return document
	}
	var out bytes.Buffer
	for len(document) > 0 {
		start := bytes.IndexByte(document, '"')
		if start < 0 {
			break
		}
		end := start + 1
		for document[end] != '"' {
			if document[end] == '\\' {
				end++
			}
			end++
		}
		end++
		out.Write(document[:start])
		if word := string(document[start:end]); end < len(document) && document[end] == ':' {
			out.WriteString(p.Cyan(word))
		} else {
			out.WriteString(p.Green(word))
		}
		document = document[end:]
	}
	out.Write(document)
	return out.Bytes()
}
