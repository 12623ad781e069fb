package cli

import (
	"io"

	"github.com/fatih/color"
)

// Palette paints words for one stream. Colour only ever repeats what a word
// already says.
type Palette struct{ Enabled bool }

// PaletteFor decides on colour for one stream: never without a terminal, unless
// FORCE_COLOR asks for it; NO_COLOR (no-color.org), TERM=dumb and --no-color
// switch it off.
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

func (p Palette) Green(s string) string  { return p.paint(s, color.FgGreen) }
func (p Palette) Red(s string) string    { return p.paint(s, color.FgRed, color.Bold) }
func (p Palette) Yellow(s string) string { return p.paint(s, color.FgYellow) }
func (p Palette) Faint(s string) string  { return p.paint(s, color.Faint) }
func (p Palette) Bold(s string) string   { return p.paint(s, color.Bold) }

func (p Palette) paint(s string, attributes ...color.Attribute) string {
	if !p.Enabled {
		return s
	}
	c := color.New(attributes...)
	c.EnableColor() // the library's own guess looks at the process's stdout, not at our stream
	return c.Sprint(s)
}
