package cli

import (
	"io"

	"github.com/fatih/color"
)

// Palette colours words for one stream. Colour repeats what a word says and never
// replaces it. The zero value adds none.
type Palette struct{ Enabled bool }

// PaletteFor decides on colour for one stream: on for a terminal or with
// FORCE_COLOR, off with NO_COLOR (no-color.org), TERM=dumb or noColor.
func (env *Env) PaletteFor(stream io.Writer, noColor bool) Palette {
	set := func(name string) bool { v, _ := env.Lookup(name); return v != "" }
	term, _ := env.Lookup("TERM")
	switch {
	case noColor, set("NO_COLOR"):
		return Palette{}
	case set("FORCE_COLOR"):
		v, _ := env.Lookup("FORCE_COLOR")
		return Palette{v != "0"}
	}
	return Palette{IsTerminal(stream) && term != "dumb"}
}

// Green is for what is good.
func (p Palette) Green(s string) string { return p.paint(s, color.FgGreen) }

// Red is for what is wrong.
func (p Palette) Red(s string) string { return p.paint(s, color.FgRed, color.Bold) }

// Yellow is for what could not be decided.
func (p Palette) Yellow(s string) string { return p.paint(s, color.FgYellow) }

// Faint is for details.
func (p Palette) Faint(s string) string { return p.paint(s, color.Faint) }

// Bold is for headings.
func (p Palette) Bold(s string) string { return p.paint(s, color.Bold) }

func (p Palette) paint(s string, attributes ...color.Attribute) string {
	if !p.Enabled {
		return s
	}
	c := color.New(attributes...)
	c.EnableColor() // the library itself looks at the stdout of the process
	return c.Sprint(s)
}
