package text

import (
	"slices"
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
)

// Columns returns how many cells of a terminal s takes: two for a character of
// Chinese, Japanese or Korean and for an emoji, none for a combining mark or a
// colour (an SGR sequence).
func Columns(s string) int {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return uniseg.StringWidth(withoutColours(s))
		}
	}
	return len(s)
}

func withoutColours(s string) string {
	for {
		head, rest, found := strings.Cut(s, "\x1b[")
		_, tail, ends := strings.Cut(rest, "m")
		if !found || !ends {
			return s
		}
		s = head + tail
	}
}

// Pad returns s with spaces behind it, so that it takes at least so many columns.
func Pad(s string, columns int) string {
	return s + strings.Repeat(" ", max(columns-Columns(s), 0))
}

// Fit returns s cut to so many columns, with an ellipsis in the last one if it
// was cut. A character is never cut.
func Fit(s string, columns int) string {
	if Columns(s) <= columns {
		return s
	}
	used, end, state := 0, 0, -1
	for rest := s; rest != ""; {
		var cluster string
		var width int
		cluster, rest, width, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if used+width > columns-1 {
			break
		}
		used, end = used+width, end+len(cluster)
	}
	return s[:end] + "…"
}

// Hang returns a label and a text behind it. The text begins at column indent,
// and so does each following line. Lines are at most width columns long; a width
// of 0 makes one line of any length, for a stream that is not a terminal.
//
// Words are never cut, and what a person would paste is not broken: a value in
// quotes, an address, a command with its arguments. Such a piece stands on a line
// of its own, with a smaller indent, if it does not fit behind the indent.
func Hang(label, s string, indent, width int) string {
	column := Columns(label)
	pad := max(indent-column, 0)
	if label != "" {
		pad = max(pad, 1)
	}
	out := label + strings.Repeat(" ", pad)
	column += pad
	for i, p := range pieces(s) {
		length, gap := Columns(p.text), p.gap
		if i == 0 {
			gap = 0
		}
		if width > 0 && column+gap+length > width {
			if out = strings.TrimRight(out, " "); out != "" {
				out += "\n"
			}
			column, gap = max(min(indent, width-length), 0), 0
			out += strings.Repeat(" ", column)
		}
		out += strings.Repeat(" ", gap) + p.text
		column += gap + length
	}
	return strings.TrimRight(out, " ")
}

// Wrap returns s in lines of at most width columns, as Hang does. The white space
// that s begins with is the indent of each line. A width of 0 returns s.
func Wrap(s string, width int) string {
	body := strings.TrimLeft(s, " ")
	if width <= 0 || Columns(s) <= width {
		return s
	}
	return Hang("", body, len(s)-len(body), width)
}

// A Table has rows of cells in columns, for people. Cells are printed as they
// are: escape a stranger's text before.
type Table struct {
	// Indent is how many columns each line begins with.
	Indent int
	// Most bounds the width of a column but the last; a longer cell pushes the
	// rest of its row to the right. 0 means no bound.
	Most int
	// Right has the columns that are aligned to the right.
	Right []int
	rows  []tableRow
}

type tableRow struct {
	cells []string
	paint func(column int, s string) string
}

// Row adds a row. paint, if it is not nil, colours a cell that is padded already.
func (t *Table) Row(paint func(column int, s string) string, cells ...string) {
	t.rows = append(t.rows, tableRow{cells, paint})
}

// String returns the table, each line with its end. The last column is wrapped at
// width columns and hangs below its own beginning.
func (t *Table) String(width int) string {
	widths := t.widths(width)
	var b strings.Builder
	for _, row := range t.rows {
		b.WriteString(t.line(row, widths, width) + "\n")
	}
	return b.String()
}

func (t *Table) widths(width int) []int {
	most := t.Most
	if width > 0 && (most == 0 || most > width/2) {
		most = width / 2
	}
	var widths []int
	for _, row := range t.rows {
		for i, cell := range row.cells {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			if c := Columns(cell); most == 0 || c <= most {
				widths[i] = max(widths[i], c)
			} else {
				widths[i] = max(widths[i], min(c, most))
			}
		}
	}
	return widths
}

func (t *Table) line(row tableRow, widths []int, width int) string {
	paint := row.paint
	if paint == nil {
		paint = func(_ int, s string) string { return s }
	}
	var head strings.Builder
	head.WriteString(strings.Repeat(" ", t.Indent))
	column := t.Indent
	last := len(row.cells) - 1
	for i, cell := range row.cells[:last] {
		if slices.Contains(t.Right, i) {
			cell = strings.Repeat(" ", max(widths[i]-Columns(cell), 0)) + cell
		} else {
			cell = Pad(cell, widths[i])
		}
		head.WriteString(paint(i, cell) + "  ")
		column += Columns(cell) + 2
	}
	indent := t.Indent
	for i := range last {
		indent += widths[i] + 2
	}
	cell := row.cells[last]
	if slices.Contains(t.Right, last) {
		cell = strings.Repeat(" ", max(widths[last]-Columns(cell), 0)) + cell
	}
	if cell == "" {
		return strings.TrimRight(head.String(), " ")
	}
	if width == 0 || column+Columns(cell) <= width {
		return strings.TrimRight(head.String()+paint(last, cell), " ")
	}
	// The head is measured here and not by Hang, because it may be painted.
	wrapped := Hang(strings.Repeat("x", column-1), cell, indent, width)
	lines := strings.Split(wrapped, "\n")
	lines[0] = strings.TrimRight(head.String()+painted(paint, last, strings.TrimPrefix(lines[0][column-1:], " ")), " ")
	for i, l := range lines[1:] {
		lines[i+1] = painted(paint, last, l)
	}
	if head.Len() > 0 && lines[0] == "" {
		lines = lines[1:]
	}
	return strings.Join(lines, "\n")
}

// painted paints a line without the spaces that it begins with.
func painted(paint func(int, string) string, column int, line string) string {
	body := strings.TrimLeft(line, " ")
	if body == "" {
		return ""
	}
	return line[:len(line)-len(body)] + paint(column, body)
}

// piece is a part of a text that no line break may cut.
type piece struct {
	text string
	gap  int // how much white space is before it, in bytes
}

// pieces cuts s at white space into what a line break may separate.
func pieces(s string) []piece {
	words := wordsOf(s)
	var all []piece
	end := 0 // of the piece before
	for i := 0; i < len(words); {
		gap := words[i].start - end
		n := max(quotedWords(words[i:]), commandWords(words[i:]))
		if n == 0 {
			all = append(all, ideographs(words[i].text, gap)...)
			n = 1
		} else {
			all = append(all, piece{s[words[i].start:words[i+n-1].end()], gap})
		}
		end = words[i+n-1].end()
		i += n
	}
	return all
}

// longestUnspaced is how many columns a word of Chinese or Japanese may have before
// lines are broken inside it: these languages have no spaces.
const longestUnspaced = 20

// ideographs cuts a long word behind each character of Chinese or Japanese.
func ideographs(w string, gap int) []piece {
	if Columns(w) <= longestUnspaced || !strings.ContainsFunc(w, isIdeograph) {
		return []piece{{w, gap}}
	}
	var all []piece
	start, end, state := 0, 0, -1
	for rest := w; rest != ""; {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		end += len(cluster)
		if strings.ContainsFunc(cluster, isIdeograph) || rest == "" {
			all, start = append(all, piece{w[start:end], gap}), end
			gap = 0
		}
	}
	return all
}

func isIdeograph(r rune) bool { return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) }

// word is one word of a text, and where it begins there.
type word struct {
	text  string
	start int
}

func (w word) end() int { return w.start + len(w.text) }

func wordsOf(s string) (words []word) {
	start := -1
	for i, r := range s {
		switch {
		case unicode.IsSpace(r) && start >= 0:
			words, start = append(words, word{s[start:i], start}), -1
		case !unicode.IsSpace(r) && start < 0:
			start = i
		}
	}
	if start >= 0 {
		words = append(words, word{s[start:], start})
	}
	return words
}

// longestQuoted bounds a quoted value that is kept on one line, in bytes.
const longestQuoted = 60

// quotedWords counts the words of a value in quotes that begins with the first
// word: 'Data Read'. It returns 0 for none.
func quotedWords(words []word) int {
	first := strings.TrimLeft(words[0].text, "([")
	if first == "" || first[0] != '\'' && first[0] != '"' {
		return 0
	}
	for n, w := range words {
		if n > 0 && w.start+len(w.text)-words[0].start > longestQuoted {
			return 0
		}
		body := strings.TrimRight(w.text, ".,;:)]")
		if (n > 0 || len(first) > 1) && strings.HasSuffix(body, first[:1]) {
			return n + 1
		}
	}
	return 0
}

// The first words of commands that messages show.
var programs = []string{"m2m", "az", "curl", "kubectl", "openssl", "gh", "export", "set", "docker", "printf", "xh", "chmod"}

// groups are commands of m2m that another command's name follows.
var groups = []string{"tenant", "help", "completion", "test"}

// commandWords counts the words of a command that begins with the first word, as
// far as they look like its arguments; 0 if there is no command.
func commandWords(words []word) int {
	if !isProgram(words[0].text) {
		return 0
	}
	c := commandLine{}
	c.next(words[0].text)
	for n, w := range words[1:] {
		if !c.takes(w.text) {
			return n + 1
		}
		c.next(w.text)
	}
	return len(words)
}

func isProgram(w string) bool { return slices.Contains(programs, strings.TrimLeft(w, `(["'`)) }

// commandLine follows the words of a command.
type commandLine struct {
	last  string
	open  byte // the quote that is open
	names int  // how many names of subcommands may follow
}

// next adds a word to the command.
func (c *commandLine) next(w string) {
	for i := range len(w) {
		switch b := w[i]; {
		case c.open == 0 && (b == '\'' || b == '"'):
			c.open = b
		case c.open == b:
			c.open = 0
		}
	}
	switch name := strings.TrimLeft(w, `(["'`); {
	case name == "az", name == "kubectl", name == "openssl", name == "gh", name == "docker":
		c.names = 4
	case isProgram(name), slices.Contains(groups, name):
		c.names = 1
	default:
		c.names--
	}
	c.last = w
}

// takes reports whether a word belongs to the command.
func (c *commandLine) takes(w string) bool {
	switch {
	case c.open != 0:
		return true
	case strings.HasSuffix(c.last, ";"):
		return w == "." || w == "set"
	case strings.HasSuffix(c.last, ",") || strings.HasSuffix(c.last, ":") || strings.HasSuffix(c.last, ")"):
		return false
	case c.last == "." || c.last == "|" || c.last == "--" || c.last == "&&" || c.last == ">" || c.last == "<":
		return true
	case len(c.last) > 1 && c.last[0] == '-' && !strings.Contains(c.last, "="):
		return true // a flag's value
	case isArgument(w):
		return true
	}
	return c.names > 0 && isName(w)
}

// isArgument reports whether a word looks like an argument and not like a word of
// a sentence.
func isArgument(w string) bool {
	return strings.ContainsAny(w[:1], `-@/~$<>|'"&`) || (len(w) > 1 && w[0] == '.') ||
		strings.Contains(w, "://") || strings.Contains(w, "=") || isPlaceholder(w)
}

// isPlaceholder reports whether a word stands for a value, as FILE and CLIENT-ID do.
func isPlaceholder(w string) bool {
	w = strings.TrimRight(w, ".,;:)")
	return len(w) > 1 && w == strings.ToUpper(w) && 'A' <= w[0] && w[0] <= 'Z'
}

func isName(w string) bool {
	for i := range len(w) {
		if c := w[i]; (c < 'a' || c > 'z') && c != '-' {
			return false
		}
	}
	return true
}

// Reflow lays out a page of help for a width: paragraphs are wrapped, and in a list
// the descriptions, which stand behind two spaces or more. A width of 0 returns s.
func Reflow(s string, width int) string {
	if width <= 0 {
		return s
	}
	var out []string
	var current entry
	flush := func() {
		if current.lines > 0 {
			out = append(out, current.layOut(width))
		}
		current = entry{}
	}
	for line := range strings.SplitSeq(s, "\n") {
		switch next := readEntry(line); {
		case line == "":
			flush()
			out = append(out, "")
		case current.lines > 0 && current.continues(next):
			current.text += " " + next.text
			current.lines++
		default:
			flush()
			current = next
		}
	}
	flush()
	return strings.Join(out, "\n")
}

// entry is a paragraph or an item of a list: a head, and a text at a column behind
// it. A paragraph has no head.
type entry struct {
	head  string
	text  string
	at    int // where the text begins, in columns
	lines int
}

func readEntry(line string) entry {
	body := strings.TrimLeft(line, " ")
	indent := len(line) - len(body)
	if first := strings.Index(body, "  "); indent > 0 && first > 0 {
		rest := strings.TrimLeft(body[first:], " ")
		return entry{head: line[:indent+first], text: rest, at: Columns(line[:len(line)-len(rest)]), lines: 1}
	}
	return entry{text: body, at: indent, lines: 1}
}

// continues reports whether a line goes on with the text of an entry.
func (e entry) continues(next entry) bool {
	return next.head == "" && next.at == e.at && (e.head != "" || e.at == 0)
}

// layOut wraps an entry. A text that would be narrow begins below its head.
func (e entry) layOut(width int) string {
	if e.head == "" {
		return Hang("", e.text, e.at, width)
	}
	if one := Pad(e.head, e.at) + e.text; Columns(one) <= width {
		return one
	}
	if e.at <= width/2 {
		return Hang(e.head, e.text, e.at, width)
	}
	indent := len(e.head) - len(strings.TrimLeft(e.head, " ")) + 4
	return Hang("", strings.TrimLeft(e.head, " "), indent-4, width) + "\n" + Hang("", e.text, indent, width)
}
