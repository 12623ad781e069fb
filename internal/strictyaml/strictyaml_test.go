package strictyaml_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/strictyaml"
)

var limits = strictyaml.Limits{Bytes: 64 << 10, Depth: 16}

// outline writes a tree in one line: each value with its kind and place.
func outline(n *strictyaml.Node) string {
	at := fmt.Sprintf("@%d:%d", n.Line, n.Column)
	var parts []string
	switch n.Kind {
	case strictyaml.List:
		for _, item := range n.Items {
			parts = append(parts, outline(item))
		}
		return at + "[" + strings.Join(parts, " ") + "]"
	case strictyaml.Map:
		for _, m := range n.Members {
			parts = append(parts, fmt.Sprintf("%s@%d:%d=%s", m.Key, m.KeyPlace.Line, m.KeyPlace.Column, outline(m)))
		}
		return at + "{" + strings.Join(parts, " ") + "}"
	}
	return fmt.Sprintf("%s %s %q %v", at, n.Kind, n.Text, n.Number)
}

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"a: 1":                        `@1:1{a@1:1=@1:4 a number "1" 1}`,
		"\ufeffa: b # c\r\nd: e\r\n":  `@1:1{a@1:1=@1:4 text "b" <nil> d@2:1=@2:4 text "e" <nil>}`,
		"a:\nb: |\n  x\n  y\n":        `@1:1{a@1:1=@1:1 nothing "" <nil> b@2:1=@2:4 text "x\ny\n" <nil>}`,
		"- a: True\n  b: 'x'\n- []":   `@1:1[@1:3{a@1:3=@1:6 true or false "True" <nil> b@2:3=@2:6 text "x" <nil>} @3:3[]]`,
		"{a: [0x10, 1.50, -3], 7: ~}": `@1:1{a@1:2=@1:5[@1:6 a number "0x10" 16 @1:12 a number "1.50" 1.5 @1:18 a number "-3" -3] 7@1:23=@1:23 nothing "" <nil>}`,
		"a: b\n---\n":                 `@1:1{a@1:1=@1:4 text "b" <nil>}`,
		"plain":                       `@1:1 text "plain" <nil>`,
	} {
		root, faults := strictyaml.Parse("f", []byte(text), limits)
		if err := faults.Err(); err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, outline(root)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestParseFaults(t *testing.T) {
	const empty, notUTF8 = "f: the file is empty",
		"f: the file is not UTF-8; Windows PowerShell writes UTF-16 unless told otherwise"
	for text, want := range map[string]string{
		"":                          empty,
		"\ufeff":                    empty,
		"# nothing yet\n":           empty,
		"\xff\xfeh\x00i\x00":        notUTF8,
		"h\x00i\x00":                notUTF8,
		strings.Repeat("#", 65<<10): "f: the file is larger than 64 KiB",
		strings.Repeat("[",
			60_000): "f:1:17: nested too deep: at most 16 brackets within brackets, and no block beyond column 200",
		"a: [x":                   "f:1:4: not YAML: sequence end token ']' not found",
		"a: \"x":                  "f:1:4: not YAML: could not find end character of double-quoted text",
		"a:\n  - b: 1\n     c: 2": "f:2:8: not YAML: a key that is indented more than those above it, or a value with a colon that needs quotes",
		"a:\n  - b: 1\n c: 2":     "f:3:2: not YAML: the indent is not that of the lines above it",
		"a:\n\t- b":               "f:2:1: not YAML: a tab; YAML is indented with spaces",
		"a: 1\n---\nb: 2":         "f:3:1: a second YAML document begins here; a file has one",
		"a: &x 1\nb: *x":          "f:1:4: an anchor (&) is not supported here; write the value itself\nf:2:4: an alias (*) is not supported here; write the value itself",
		"a: {<<: {}}":             "f:1:5: a merge key (<<) is not supported here; a key is a plain word",
		"a: !!binary aGk=":        "f:1:4: a tag (!) is not supported here; write the value itself",
		"a: .inf":                 "f:1:4: infinity or not-a-number is not supported here; write the value itself",
		"a: 1\nb: 2\na: hunter2":  `f:3:1: the key "a" is on line 1 already`,
	} {
		_, faults := strictyaml.Parse("f", []byte(text), limits)
		err := faults.Err()
		if got := fmt.Sprint(err); got != want {
			t.Errorf("%.40q:\n got %s\nwant %s", text, got, want)
		}
	}
}

// TestParseBombs are files that cost their reader more than they are long.
func TestParseBombs(t *testing.T) {
	laughs := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'k'; c++ {
		laughs += fmt.Sprintf("%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", c, c, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1,
			c-1)
	}
	for name, text := range map[string]string{
		"a billion laughs": laughs,
		"deep lists":       strings.Repeat("[", 60_000),
		"deep mappings":    strings.Repeat("{a: ", 15_000),
		"deep blocks":      strings.Repeat("- ", 30_000),
		"deep keys":        strings.Repeat("? ", 30_000),
		"many commas":      "[" + strings.Repeat(",", 60_000),
		"many faults":      strings.Repeat("a: *x\n", 10_000),
	} {
		began := time.Now()
		_, faults := strictyaml.Parse("f", []byte(text), limits)
		if err := faults.Err(); err == nil || len(err.Error()) > 4000 {
			t.Errorf("%s: %.200v", name, err)
		}
		if d := time.Since(began); d > 10*time.Second {
			t.Errorf("%s: took %v", name, d)
		}
	}
}

func TestRead(t *testing.T) {
	for text, want := range map[string]string{
		"text: hunter2x\nflag: true\ncount: 7\nlist: [a]": `"hunter2x" true 7 1`,
		"text: 1\nflag: yes\ncount: 1.5\nlist: x": "f:1:7: expected text, found a number; put it in quotes if text is meant\nf:2:7: expected true or false, found text\n" +
			"f:3:8: expected a number from 0 to 9, found \"1.5\"\nf:4:7: expected a list, found text",
		"text: ' '\ncount: 10":        "f:1:7: expected text, found an empty one\nf:2:8: expected a number from 0 to 9, found \"10\"",
		"text: [a]\ncount: '1'":       "f:1:7: expected text, found a list\nf:2:8: expected a number from 0 to 9, found text",
		"text: *x":                    "f:1:7: an alias (*) is not supported here; write the value itself",
		"flag: false":                 "f:1:1: text is missing here",
		"text: a\nlisst: 1":           `f:2:1: unknown key "lisst"; did you mean "list"?`,
		"text: a\nCo-Unt: 1":          `f:2:1: unknown key "Co-Unt"; did you mean "count"?`,
		"text: a\nhome: 1":            `f:2:1: unknown key "home"; it lives elsewhere`,
		"text: a\nzzzzzz: 1":          `f:2:1: unknown key "zzzzzz"; the keys here are text, flag, count, list`,
		"text: a\n'hunter2 or so': 1": "f:2:1: unknown key (13 bytes, not shown: it may be a secret); the keys here are text, flag, count, list",
		"[a]":                         "f:1:1: expected the keys text, flag, count, list, found a list",
		"nested: {text: a}":           "f:1:1: unknown key \"nested\"; the keys here are text, flag, count, list\nf:1:1: text is missing here",
	} {
		root, faults := strictyaml.Parse("f", []byte(text), limits)
		var s string
		var flag bool
		var count int
		var list []*strictyaml.Node
		faults.Mapping(root, func(key string) string { return map[string]string{"home": "it lives elsewhere"}[key] },
			[]strictyaml.Field{
				{Key: "text", Required: true, Read: func(n *strictyaml.Node) { s, _ = faults.Text(n) }},
				{Key: "flag", Read: func(n *strictyaml.Node) { flag, _ = faults.Bool(n) }},
				{Key: "count", Read: func(n *strictyaml.Node) { count, _ = faults.Count(n, 9) }},
				{Key: "list", Read: func(n *strictyaml.Node) { list, _ = faults.List(n) }},
			})
		got := fmt.Sprintf("%q %v %d %d", s, flag, count, len(list))
		if err := faults.Err(); err != nil {
			got = err.Error()
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

// TestErrorIsBounded: the text lists 20 faults, one place's fault once, and says
// how many more there are.
func TestErrorIsBounded(t *testing.T) {
	faults := &strictyaml.Faults{File: "f"}
	for range 2 {
		for line := 30; line > 0; line-- {
			faults.Add(strictyaml.Place{Line: line, Column: 1}, "wrong")
		}
	}
	lines := strings.Split(faults.Err().Error(), "\n")
	if len(lines) != 21 || lines[0] != "f:1:1: wrong" || lines[20] != "and 10 more" {
		t.Errorf("got %d lines, from %q to %q", len(lines), lines[0], lines[len(lines)-1])
	}
}

// FuzzParse: any file is read or rejected, with faults inside the file and of
// bounded length.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"a: [1, {b: 'c'}]\nd: |\n  e\n", "a: &x 1\nb: *x", "[[", "{a: 1, a: 2}", "--- a\n---\nb",
		"? a\n: b\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		root, faults := strictyaml.Parse("f", data, limits)
		if root == nil && faults.Len() == 0 {
			t.Fatal("neither a document nor a fault")
		}
		var e *strictyaml.Error
		if err := faults.Err(); err != nil && !errors.As(err, &e) {
			t.Fatalf("not an *Error: %v", err)
		}
		if e == nil {
			return
		}
		lines := strings.Count(strings.ReplaceAll(string(data), "\r", "\n"), "\n") + 2
		for _, fault := range e.Faults {
			if fault.Line < 0 || fault.Line > lines || len(fault.Text) > 400 || strings.ContainsAny(fault.Text, "\n\x1b") {
				t.Errorf("line %d of %d: %q", fault.Line, lines, fault.Text)
			}
		}
	})
}
