package main

import (
	"io"

	"github.com/fatih/color"
)

// palette paints words for one stream. Colour only ever repeats what a word
// already says.
type palette struct{ enabled bool }

// paletteFor decides on colour for one stream: never without a terminal, unless
// FORCE_COLOR asks for it; NO_COLOR (no-color.org), TERM=dumb and --no-color
// switch it off.
func (env *Env) paletteFor(stream io.Writer, noColor bool) palette {
	set := func(name string) bool { v, _ := env.lookup(name); return v != "" }
	term, _ := env.lookup("TERM")
	switch {
	case noColor, set("NO_COLOR"):
		return palette{}
	case set("FORCE_COLOR"):
		v, _ := env.lookup("FORCE_COLOR")
		return palette{v != "0"}
	}
	return palette{isTerminal(stream) && term != "dumb"}
}

func (p palette) green(s string) string  { return p.paint(s, color.FgGreen) }
func (p palette) red(s string) string    { return p.paint(s, color.FgRed, color.Bold) }
func (p palette) yellow(s string) string { return p.paint(s, color.FgYellow) }
func (p palette) faint(s string) string  { return p.paint(s, color.Faint) }
func (p palette) bold(s string) string   { return p.paint(s, color.Bold) }

func (p palette) paint(s string, attributes ...color.Attribute) string {
	if !p.enabled {
		return s
	}
	c := color.New(attributes...)
	c.EnableColor() // the library's own guess looks at the process's stdout, not at our stream
	return c.Sprint(s)
}
