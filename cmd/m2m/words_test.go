package main_test

import (
	"go/ast"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// idiom is a way of saying things that m2m no longer has: messages, comments and docs
// are plain technical English.
type idiom struct {
	pattern string
	instead string
	// everywhere: also in comments and docs, not in string literals alone.
	everywhere bool
}

var idioms = []idiom{
	{`\b[Bb]eliev(e|es|ed|ing|er)\b`, "valid, accepted, trusted", true},
	{`\bin place of\b`, "instead of", true},
	{`\bat the (most|least)\b`, "at most, at least", true},
	{`\bends? with (exit )?(code )?\d`, "exits with", true},
	{`\bh[eo]ld against\b|\bheld against\b`, "checked against", true},
	{`\bof (Entra|Microsoft|Graph|m2m)'s([.,:;)]|$)`, "of Entra, Entra's X", true},
	{`\b(is|are|was) told (with|in|by|who|whom|of)\b`, "reported", true},
	{`\b(token|request|caller)s? (is|are) refused\b`, "rejected, invalid", true},
	{`\bmeans? something only (with|where|in)\b`, "X needs Y", true},
	{`\bbecame of\b`, "the result of", true},
	{`\b(nil|[Zz]ero|0|[Ee]mpty|[Zz]ero value) is none\b`, "means none", true},
	{`\b[Bb]esides?\b`, "next to, in addition to, with", false},
	{`\bjudg(e|es|ed|ing)\b`, "validate, evaluate, check", false},
	{`\b[Ww]hoever\b`, "the operator of, anyone who", false},
	{`\b[Nn]obody\b`, "no one, only X", false},
	{`([^e]|[^r]e|[^e]re) (is|are) no (URL|header|token|JWT|time|number|address|https?|file|key|flag|name|page|JSON)\b`, "is not a", false},
	{`\bis none of\b`, "is not", false},
	{`\bwhose (tokens|keys) (are|to)\b`, "no tenant configured", false},
	{`\bdoor\b`, "probe: no hole found, N holes found", false},
	{`\b(the )?(identity provider|local tenant) refused\b`, "rejected the request", false},
	{`\ba retry cannot help\b`, "retrying does not help", false},
	{`\bof (theirs|ours)\b`, "their, our", false},
	{`\bis asked of whom\b|\bare asked of\b`, "requests", false},
	{`\bis not a form of\b|\bno form of this output\b`, "unknown output format", false},
	{`\b[Gg]ive as --`, "use --flag VALUE", false},
}

// plainEnough are texts that have the words of an idiom and mean something else.
var plainEnough = []string{
	"Front Door", "front-door", // Azure's product
	"inspect introspect validate check judge parse", // wrong guesses at a command
}

// TestPlainWords looks for idioms in the string literals and comments of the source,
// and in docs.
func TestPlainWords(t *testing.T) {
	root := moduleRoot(t)
	type rule struct {
		idiom
		find *regexp.Regexp
	}
	var rules []rule
	for _, i := range idioms {
		rules = append(rules, rule{i, regexp.MustCompile(i.pattern)})
	}
	check := func(where, words string, isLiteral bool) {
		if slices.ContainsFunc(plainEnough, func(s string) bool { return strings.Contains(words, s) }) {
			return
		}
		for _, r := range rules {
			if found := r.find.FindString(words); found != "" && (isLiteral || r.everywhere) {
				t.Errorf("%s: %q: write %s", where, found, r.instead)
			}
		}
	}
	for _, s := range readSources(t, root) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				if value, err := strconv.Unquote(literal.Value); err == nil && strings.Contains(value, " ") {
					check(s.name+": "+strconv.Quote(cutWords(value)), value, true)
				}
			}
			return true
		})
		for _, group := range s.file.Comments {
			check(s.name+": "+cutWords(group.Text()), strings.ReplaceAll(group.Text(), "\n", " "), false)
		}
	}
	for _, name := range documents(t, root) {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		isText := strings.HasSuffix(name, ".json")
		for n, line := range strings.Split(string(data), "\n") {
			check(name+":"+strconv.Itoa(n+1), line, isText)
		}
	}
}

// documents are the tracked files of the manual, and the JSON that the binary embeds.
func documents(t *testing.T, root string) (names []string) {
	t.Helper()
	out, err := exec.Command("git", "-C", root, "ls-files", "*.md", ".env.example", "internal/*.json").Output()
	if err != nil {
		t.Skipf("git: %v", err) // a source archive has no list of its files
	}
	for name := range strings.FieldsSeq(string(out)) {
		switch {
		case strings.HasPrefix(name, "docs/decisions/"), strings.HasPrefix(name, "bench/"), strings.Contains(name, "/testdata/"), name == "CHANGELOG.md":
		default:
			names = append(names, name)
		}
	}
	return names
}

func cutWords(s string) string { return s[:min(len(s), 60)] }
