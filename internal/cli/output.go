package cli

import (
	"encoding/json"
	"errors"
	"io"
	"strings"

	"m2m/internal/exit"
	"m2m/internal/explain"
)

// Width is what reports for people are wrapped at, in columns.
const Width = 100

// WriteJSONLine prints v as one line, for programs that read line by line.
func WriteJSONLine(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// WriteJSON prints v as one indented JSON document with the characters of URLs
// left readable.
func WriteJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// Output is a writer that remembers the first failure to write, so that a full disk or a
// closed pipe is not taken for success.
type Output struct {
	w   io.Writer
	Err error // nil if everything was written
}

func (c *Output) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	if err != nil && c.Err == nil {
		c.Err = err
	}
	return n, err
}

// lost is the error of a command whose output is not all there, whatever else
// became of it. Its own error is told beside that, unless it is the same one, or
// relies on the output to have told it.
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

// CheckForm checks the value of -o against those that a command has.
func CheckForm(form string, forms []string) error {
	for _, f := range forms {
		if f == form {
			return nil
		}
	}
	return exit.Usagef("-o %q is not a form of this output", form).Hint("-o takes " + strings.Join(forms, ", "))
}
