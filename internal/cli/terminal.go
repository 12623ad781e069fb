package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/fatih/color"
	"github.com/mattn/go-isatty"
	"golang.org/x/term"

	"m2m/internal/text"
)

// IsTerminal reports whether a stream is a terminal.
func IsTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && (isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd()))
}

// Widths of terminals, in columns: what is used where the size is not known, and
// the narrowest that text is laid out for.
const (
	defaultWidth  = 80
	smallestWidth = 30
)

// Width returns how many columns text for a stream may take: the width of the
// terminal, or 0, which means lines of any length, where it is not a terminal.
func Width(stream any) int {
	if !IsTerminal(stream) {
		return 0
	}
	columns, _, err := term.GetSize(int(stream.(*os.File).Fd())) // a terminal is a file
	if err != nil || columns <= 0 {
		return defaultWidth
	}
	return max(columns, smallestWidth)
}

// IsLive reports whether a line on stderr can be rewritten: on a terminal that is
// not dumb, with no trace between.
func (env *Env) IsLive() bool {
	name, _ := env.Lookup("TERM")
	return IsTerminal(env.Stderr) && name != "dumb" && !env.Debug
}

// Say prints a line on stderr, with secrets redacted and control characters
// escaped. On a terminal it is wrapped and its first word may be coloured.
func (env *Env) Say(format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	if env.holdNotes && (strings.HasPrefix(message, "warning: ") || strings.HasPrefix(message, "hint: ")) {
		env.notes = append(env.notes, message)
		return
	}
	env.say(Palette.line, message)
}

// programPrefix begins each line on stderr, for logs that several programs share.
const programPrefix = "m2m: "

// Shown returns a message without tokens, secrets and values that were given in the
// wrong place: for what is not printed with Say.
func (env *Env) Shown(message string) string {
	return text.Redact(env.hideMisplaced(message))
}

// hideMisplaced hides values that were given in the wrong place.
func (env *Env) hideMisplaced(s string) string {
	if env.misplaced == nil {
		return s
	}
	return env.misplaced().Hide(s)
}

func (env *Env) say(paint func(Palette, string) string, message string) {
	palette, width := env.Palette(env.Stderr), Width(env.Stderr)
	for line := range strings.SplitSeq(strings.TrimRight(text.Printable(env.Shown(message)), "\n"), "\n") {
		body := strings.TrimLeft(line, " ")
		indent := len(programPrefix) + len(line) - len(body)
		if width > 0 && len(programPrefix)+text.Columns(line) > width {
			line = text.Hang(programPrefix[:len(programPrefix)-1], body, indent, width)[len(programPrefix)-1:]
			line = strings.TrimPrefix(line, " ")
		}
		fmt.Fprintf(env.Stderr, "%s%s\n", programPrefix, paint(palette, line))
	}
}

// line colours a message by the word that it begins with.
func (p Palette) line(s string) string {
	switch {
	case strings.HasPrefix(s, "hint: "):
		return p.Cyan("hint:") + s[len("hint:"):]
	case strings.HasPrefix(s, "warning: "):
		return p.Yellow("warning:") + s[len("warning:"):]
	case strings.HasPrefix(s, "debug: "), strings.HasPrefix(s, "> "):
		return p.Faint(s)
	case strings.HasPrefix(s, "< "):
		return p.Cyan("<") + s[1:]
	}
	return s
}

// ColorMode is the value of --color.
type ColorMode string

// The modes. The zero value means auto.
const (
	ColorAuto   ColorMode = "auto"
	ColorAlways ColorMode = "always"
	ColorNever  ColorMode = "never"
)

var errColorMode = errors.New("use auto, always or never")

// Set implements pflag.Value.
func (m *ColorMode) Set(s string) error {
	switch mode := ColorMode(s); mode {
	case ColorAuto, ColorAlways, ColorNever:
		*m = mode
		return nil
	}
	return errColorMode
}

// String implements pflag.Value.
func (m *ColorMode) String() string { return string(*m) }

// Type implements pflag.Value.
func (m *ColorMode) Type() string { return "WHEN" }

// Palette colours words for one stream. Colour repeats what a word says and never
// replaces it. The zero value adds none.
type Palette struct{ Enabled bool }

// Palette decides on colour for one stream: what --color says; else off with
// NO_COLOR (no-color.org), on with FORCE_COLOR; else on for a terminal that is not
// TERM=dumb.
func (env *Env) Palette(stream io.Writer) Palette {
	set := func(name string) bool { v, _ := env.Lookup(name); return v != "" }
	name, _ := env.Lookup("TERM")
	switch {
	case env.Color == ColorNever, env.Color == ColorAlways:
		return Palette{env.Color == ColorAlways}
	case set("NO_COLOR"):
		return Palette{}
	case set("FORCE_COLOR"):
		v, _ := env.Lookup("FORCE_COLOR")
		return Palette{v != "0"}
	}
	return Palette{name != "dumb" && IsTerminal(stream)}
}

// Green is for what is good.
func (p Palette) Green(s string) string { return p.paint(s, color.FgGreen) }

// Red is for what is wrong.
func (p Palette) Red(s string) string { return p.paint(s, color.FgRed, color.Bold) }

// Yellow is for what could not be decided.
func (p Palette) Yellow(s string) string { return p.paint(s, color.FgYellow) }

// Cyan is for what leads on: hints, and the names in JSON.
func (p Palette) Cyan(s string) string { return p.paint(s, color.FgCyan) }

// Faint is for details.
func (p Palette) Faint(s string) string { return p.paint(s, color.Faint) }

// Bold is for headings.
func (p Palette) Bold(s string) string { return p.paint(s, color.Bold) }

// paint colours each line of s by itself, so that a program that shows some of
// the lines shows them as they are.
func (p Palette) paint(s string, attributes ...color.Attribute) string {
	if !p.Enabled || s == "" {
		return s
	}
	c := color.New(attributes...)
	c.EnableColor() // the library itself looks at the stdout of the process
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		if body := strings.TrimLeft(line, " "); body != "" {
			lines[i] = line[:len(line)-len(body)] + c.Sprint(body)
		}
	}
	return strings.Join(lines, "\n")
}
