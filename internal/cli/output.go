package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"m2m/internal/exit"
	"m2m/internal/explain"
	"m2m/internal/text"
)

// WriteJSONLine prints v as JSON in one line.
func WriteJSONLine(w io.Writer, v any) error {
	return writeJSON(w, v, "")
}

// WriteJSON prints v as one indented JSON document. It leaves & < > unescaped, for
// URLs.
func WriteJSON(w io.Writer, v any) error {
	return writeJSON(w, v, "  ")
}

func writeJSON(w io.Writer, v any, indent string) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(text.EscapeJSON(b.Bytes()))
	return err
}

// Output is a writer that keeps its first error: a command whose output is not all
// written has failed, whatever it returns.
type Output struct {
	w   io.Writer
	Err error // nil if everything was written
}

// Write implements io.Writer.
func (c *Output) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	if err != nil && c.Err == nil {
		c.Err = err
	}
	return n, err
}

// lost is the error of a command whose output is not all written. It includes the
// command's own error, unless that is the same or was to be read in the output.
func (c *Output) lost(own error) error {
	lost := exit.Errorf(exit.Unexpected, "the output could not be written: %v", exit.RootCause(c.Err)).
		Hint("do not use what was written: it is not all").
		Wrap(c.Err)
	if own != nil && !errors.Is(own, c.Err) && !errors.As(own, new(exit.Reported)) {
		lost.Addf("%v", own).Hint(explain.CommandLine.Hints(own)...)
	}
	return lost
}

// WriteLine prints one line.
func WriteLine(w io.Writer, line string) error {
	_, err := io.WriteString(w, line+"\n")
	return err
}

// Page is where a report for people is printed. The zero value of Palette and
// Width prints plain lines of any length.
type Page struct {
	io.Writer
	Palette
	Width int // in columns; 0: lines of any length
}

// Page is stdout.
func (env *Env) Page() Page {
	return Page{env.Out, env.Palette(env.Stdout), Width(env.Stdout)}
}

// Line prints a line, wrapped behind the white space that it begins with.
func (p Page) Line(s string) { fmt.Fprintln(p, text.Wrap(s, p.Width)) }

// Hang prints a label and a text behind it at column indent.
func (p Page) Hang(label, s string, indent int) {
	fmt.Fprintln(p, text.Hang(label, s, indent, p.Width))
}

// Table prints a table.
func (p Page) Table(t *text.Table) { io.WriteString(p, t.String(p.Width)) }
