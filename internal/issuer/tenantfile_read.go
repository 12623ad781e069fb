package issuer

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

type node = ast.Node

// reader reads one value of a tenant file into the place that it was made for.
// path is that place as a directory.Error spells it.
type reader func(r *fileReader, n node, path string)

// fileReader collects what is wrong with a tenant file, and where each value
// stands.
type fileReader struct {
	readFile func(path string) ([]byte, error)
	problems []TenantFileProblem
	places   map[string]place // by path
	defaults []string         // the paths at which a client is marked as default
}

// place is where a value stands: the key that leads to it, empty in a list.
type place struct {
	key          string
	line, column int
}

func (r *fileReader) problem(at place, format string, args ...any) {
	if len(r.problems) < mostProblems {
		r.problems = append(r.problems, TenantFileProblem{at.line, at.column, fmt.Sprintf(format, args...)})
	}
}

// nearestPlace finds a path, or what it is a part of.
func (r *fileReader) nearestPlace(path string) place {
	for {
		if at, ok := r.places[path]; ok {
			return at
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			return place{}
		}
		path = path[:cut]
	}
}

// placeOf returns where a value begins. The library says of a mapping where its
// first colon is.
func placeOf(n node) place {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		n = m.Values[0].Key
	}
	if n.GetToken() == nil || n.GetToken().Position == nil {
		return place{}
	}
	at := n.GetToken().Position
	return place{line: at.Line, column: at.Column}
}

// expected says that a value is of the wrong kind. It shows nothing of the
// value, which may be a secret.
func (r *fileReader) expected(n node, what string) {
	r.problem(placeOf(n), "expected %s, found %s", what, kindOf(n))
}

func kindOf(n node) string {
	switch n := n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "keys and values"
	case *ast.SequenceNode:
		return "a list"
	case *ast.StringNode, *ast.LiteralNode:
		return "text"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number; put it in quotes if text is meant"
	case *ast.BoolNode:
		return "true or false; put it in quotes if text is meant"
	case *ast.NullNode:
		return "nothing"
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		return "an anchor or alias, which a tenant file does not take"
	case *ast.TagNode:
		return "a tag, which a tenant file does not take"
	default:
		return fmt.Sprintf("YAML of the kind %s", n.Type())
	}
}

// listOf reads a list, each item with a reader of its own.
func listOf[T any](into *[]T, item func(*T) reader) reader {
	return func(r *fileReader, n node, path string) {
		list, ok := n.(*ast.SequenceNode)
		if !ok {
			r.expected(n, "a list")
			return
		}
		items := make([]T, len(list.Values))
		for i, value := range list.Values {
			at := fmt.Sprintf("%s[%d]", path, i)
			r.places[at] = placeOf(value)
			item(&items[i])(r, value, at)
		}
		*into = items
	}
}

// object reads a mapping that has the given keys and no others, each once.
func object(keys []key) reader {
	return func(r *fileReader, n node, path string) {
		mapping, ok := n.(*ast.MappingNode)
		if !ok {
			r.expected(n, "the keys "+keyNames(keys))
			return
		}
		seen := map[string]int{}
		for _, entry := range mapping.Values {
			r.entry(entry, keys, seen, path)
		}
		for _, k := range keys {
			if k.required && seen[k.name] == 0 {
				r.problem(placeOf(mapping), "%s is missing here", k.name)
			}
		}
	}
}

// entry reads one key and its value. seen has the lines of those before.
func (r *fileReader) entry(entry *ast.MappingValueNode, keys []key, seen map[string]int, path string) {
	at := placeOf(entry.Key)
	text, ok := entry.Key.(*ast.StringNode)
	if !ok {
		r.problem(at, "expected one of the keys %s, found %s", keyNames(keys), kindOf(entry.Key))
		return
	}
	for _, k := range keys {
		if k.name != text.Value {
			continue
		}
		if line := seen[k.name]; line > 0 {
			r.problem(at, "%s comes twice; it is at line %d already", k.name, line)
			return
		}
		seen[k.name] = at.line
		below := strings.TrimPrefix(path+"."+k.field, ".")
		r.places[below] = place{k.name, at.line, at.column}
		k.read(r, entry.Value, below)
		return
	}
	r.problem(at, "unknown key %s%s", shownKey(text.Value), nearKey(text.Value, keys))
}

// shownKey shows a key that has the form of one. Anything else may be a secret
// that slipped into its place.
func shownKey(s string) string {
	if regexp.MustCompile(`^[A-Za-z][A-Za-z_-]{0,30}$`).MatchString(s) {
		return fmt.Sprintf("%q", s)
	}
	return fmt.Sprintf("(%d bytes, not shown: it may be a secret)", len(s))
}

func keyNames(keys []key) string {
	var names []string
	for _, k := range keys {
		names = append(names, k.name)
	}
	return strings.Join(names, ", ")
}
