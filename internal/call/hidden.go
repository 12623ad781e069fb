package call

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// HiddenValues are texts that are never shown: a token, or the values of a
// suite's variables, any of which may be a secret.
type HiddenValues []hiddenValue

type hiddenValue struct{ value, shown string }

// shortestHidden is how long a value must be to be worth hiding, in bytes: a
// shorter one is no secret, and occurs by chance.
const shortestHidden = 4

func (h *HiddenValues) Add(name, value string) {
	if len(value) < shortestHidden || isBareOrigin(value) || h.has(value) {
		return
	}
	for _, spelling := range spellings(value) {
		if len(spelling) >= shortestHidden && !h.has(spelling) {
			*h = append(*h, hiddenValue{spelling, "${" + name + "}"})
		}
	}
	// Longer ones first: one value may be a part of another.
	slices.SortStableFunc(*h, func(a, b hiddenValue) int { return len(b.value) - len(a.value) })
}

func (h *HiddenValues) has(value string) bool {
	return slices.ContainsFunc(*h, func(o hiddenValue) bool { return o.value == value })
}

// spellings are the ways in which a value turns up in what is shown: as it is,
// without the blanks around it (HTTP drops those of a header), with a dot for
// what a terminal would act on (see bound), and each of them in an address, in
// quotes and in a shell's.
func spellings(value string) []string {
	trimmed := strings.TrimSpace(value)
	var all []string
	for _, s := range []string{value, trimmed, Bound(value, len(value)), Bound(trimmed, len(trimmed))} {
		quoted := strconv.Quote(s)
		for _, form := range []string{
			s, url.PathEscape(s), url.QueryEscape(s), strings.ReplaceAll(s, `"`, `\"`), quoted[1 : len(quoted)-1],
		} {
			all = append(all, form, strings.ReplaceAll(form, "'", `'\''`)) // ShellQuote's
		}
	}
	return all
}

// isBareOrigin reports whether a value is the address of a host and nothing
// more, which opens no door and says in a message what was called.
func isBareOrigin(value string) bool {
	u, err := parseAbsolute(value)
	return err == nil && (u.Path == "" || u.Path == "/") && u.RawQuery == "" && !strings.Contains(value, "#")
}

// Hide puts the names of variables where their values are. A value that was cut
// short, which an ellipsis says, is found by its beginning.
func (h HiddenValues) Hide(s string) string {
	for _, v := range h {
		s = strings.ReplaceAll(s, v.value, v.shown)
	}
	if !strings.Contains(s, "…") {
		return s
	}
	parts := strings.Split(s, "…")
	for i, part := range parts[:len(parts)-1] {
		parts[i] = h.hideBeginning(part)
	}
	return strings.Join(parts, "…")
}

func (h HiddenValues) hideBeginning(s string) string {
	for _, v := range h {
		for n := min(len(v.value)-1, len(s)); n >= shortestHidden; n-- {
			if rest, ok := strings.CutSuffix(s, v.value[:n]); ok {
				return rest + v.shown
			}
		}
	}
	return s
}

// Quoted has a shell put the values back into a command that hide went over: in
// the single quotes of ShellQuote a variable is none.
func (h HiddenValues) Quoted(command string) string {
	isOpen := func(s string) bool { return strings.Count(strings.ReplaceAll(s, `'\''`, ""), "'")%2 == 1 }
	for _, v := range h {
		var out strings.Builder
		for i, part := range strings.Split(command, v.shown) {
			switch {
			case i == 0:
			case isOpen(out.String()):
				out.WriteString(`'"` + v.shown + `"'`)
			default:
				out.WriteString(v.shown)
			}
			out.WriteString(part)
		}
		command = out.String()
	}
	return command
}
