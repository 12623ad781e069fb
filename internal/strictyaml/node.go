package strictyaml

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"m2m/internal/text"
)

// Limits bound a file.
type Limits struct {
	// Bytes is the size of the longest file that is read.
	Bytes int
	// Depth is how many brackets may be open at once. The parser's time grows with
	// its third power.
	Depth int
}

// maxColumn is the last column in which a key or a dash may begin a block: the
// parser's time and memory grow with the square of the depth of blocks.
const maxColumn = 200

// Kind is what a value is.
type Kind int

// The kinds of values.
const (
	Null Kind = iota
	Bool
	Number
	Text
	List
	Map
	// Invalid is a value that was reported as a fault when it was parsed, such as an
	// alias. Readers pass over it in silence.
	Invalid
)

// String returns the kind as messages name it, such as "a list".
func (k Kind) String() string {
	return [...]string{"nothing", "true or false", "a number", "text", "a list", "a mapping", "an invalid value"}[k]
}

// Node is a value of the file.
type Node struct {
	// Place is where the value begins; for Null, that of its key.
	Place
	Kind Kind
	// Text is a scalar as it is written, text without its quotes.
	Text string
	// Number is the value of a number: int64, uint64 or float64.
	Number any
	// Items are the values of a list.
	Items []*Node
	// Members are the values of a mapping, in the order of the file. No two have
	// one key.
	Members []*Node
	// Key is the key of a mapping that leads to the value, and KeyPlace where that
	// stands; empty in a list, where KeyPlace is Place.
	Key      string
	KeyPlace Place
}

// IsTrue reports whether the value is the Bool true.
func (n *Node) IsTrue() bool { return n.Kind == Bool && strings.EqualFold(n.Text, "true") }

// Member returns the value of a key; nil if the mapping lacks it.
func (n *Node) Member(key string) *Node {
	for _, m := range n.Members {
		if m.Key == key {
			return m
		}
	}
	return nil
}

// Parse reads a file that messages call name. What is wrong is noted in faults,
// which is never nil; root is nil where there is no document to read.
func Parse(name string, data []byte, limits Limits) (root *Node, faults *Faults) {
	f := &Faults{File: name}
	if len(data) > limits.Bytes {
		f.Add(Place{}, "the file is larger than %d KiB", limits.Bytes>>10)
		return nil, f
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // Windows editors put a byte order mark first
	if !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 {
		f.Add(Place{}, "the file is not UTF-8; Windows PowerShell writes UTF-16 unless told otherwise")
		return nil, f
	}
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")) // the lexer counts some of them as two lines
	tokens := lexer.Tokenize(string(data))
	if at := tooDeep(tokens, limits.Depth); at != nil {
		f.Add(placeOfToken(at), "nested too deep: at most %d brackets within brackets, and no block beyond column %d", limits.Depth, maxColumn)
		return nil, f
	}
	// Duplicate keys are found by members, which says where the first one is.
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		f.syntax(err)
		return nil, f
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		f.Add(Place{}, "the file is empty")
		return nil, f
	}
	for _, next := range file.Docs[1:] {
		if next.Body != nil {
			f.Add(placeOf(next.Body), "a second YAML document begins here; a file has one")
			return nil, f
		}
	}
	root = f.node(file.Docs[0].Body)
	root.KeyPlace = root.Place
	return root, f
}

// syntax notes what the parser reports. Its Error method draws the lines around
// the fault, which may hold a secret, so that only the message is used.
func (f *Faults) syntax(err error) {
	var described interface {
		error
		GetMessage() string
		GetToken() *token.Token
	}
	if !errors.As(err, &described) {
		f.Add(Place{}, "not YAML")
		return
	}
	f.Add(placeOfToken(described.GetToken()), "not YAML: %s", plainSyntax(text.Bound(described.GetMessage(), 200)))
}

// plainSyntax returns what the parser says, the most common mistakes in words that
// say what to change.
func plainSyntax(message string) string {
	switch {
	case strings.Contains(message, `'\t'`):
		return "a tab; YAML is indented with spaces"
	case strings.HasPrefix(message, "mapping value is not allowed"):
		return "a key that is indented more than those above it, or a value with a colon that needs quotes"
	case strings.HasPrefix(message, "value is not allowed"):
		return "the indent is not that of the lines above it"
	}
	return message
}

// tooDeep returns the token at which the nesting passes the limits; nil for none.
func tooDeep(tokens token.Tokens, maxDepth int) *token.Token {
	depth := 0
	for i, t := range tokens {
		begins := t // of a block
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth = max(0, depth-1)
		case token.MappingValueType:
			if depth > 0 || i == 0 {
				continue
			}
			begins = tokens[i-1]
			fallthrough
		case token.SequenceEntryType, token.MappingKeyType:
			if begins.Position.Column > maxColumn {
				return t
			}
		}
		if depth > maxDepth {
			return t
		}
	}
	return nil
}

// node turns the library's tree into ours.
func (f *Faults) node(n ast.Node) *Node {
	out := &Node{Place: placeOf(n)}
	out.KeyPlace = out.Place
	switch n := n.(type) {
	case *ast.NullNode:
	case *ast.BoolNode:
		out.Kind, out.Text = Bool, n.Token.Value
	case *ast.IntegerNode:
		out.Kind, out.Text, out.Number = Number, n.Token.Value, n.Value
	case *ast.FloatNode:
		out.Kind, out.Text, out.Number = Number, n.Token.Value, n.Value
	case *ast.StringNode:
		out.Kind, out.Text = Text, n.Value
	case *ast.LiteralNode:
		out.Kind, out.Text = Text, n.Value.Value
	case *ast.SequenceNode:
		out.Kind = List
		for _, item := range n.Values {
			out.Items = append(out.Items, f.node(item))
		}
	case *ast.MappingNode:
		out.Kind = Map
		f.members(out, n)
	default:
		out.Kind = Invalid
		f.Add(out.Place, "%s is not supported here; write the value itself", unsupported(n))
	}
	return out
}

func (f *Faults) members(out *Node, n *ast.MappingNode) {
	first := map[string]int{}
	for _, member := range n.Values {
		at := placeOf(member.Key)
		key, ok := keyOf(member.Key)
		if !ok {
			f.Add(at, "%s is not supported here; a key is a plain word", unsupported(member.Key))
			continue
		}
		if line, twice := first[key]; twice {
			f.Add(at, "the key %s is on line %d already", text.Quote(key), line)
			continue
		}
		first[key] = at.Line
		value := f.node(member.Value)
		value.Key, value.KeyPlace = key, at
		if value.Kind == Null {
			value.Place = at // the library has it on the line of whatever follows
		}
		out.Members = append(out.Members, value)
	}
}

func keyOf(n ast.MapKeyNode) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	}
	return "", false
}

func unsupported(n ast.Node) string {
	switch n.(type) {
	case *ast.AnchorNode:
		return "an anchor (&)"
	case *ast.AliasNode:
		return "an alias (*)"
	case *ast.MergeKeyNode:
		return "a merge key (<<)"
	case *ast.TagNode:
		return "a tag (!)"
	case *ast.InfinityNode, *ast.NanNode:
		return "infinity or not-a-number"
	}
	return "this"
}

// placeOf returns where a value begins. The library has a block mapping begin at
// its first colon.
func placeOf(n ast.Node) Place {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		n = m.Values[0].Key
	}
	if n == nil {
		return Place{1, 1}
	}
	return placeOfToken(n.GetToken())
}

func placeOfToken(t *token.Token) Place {
	if t == nil || t.Position == nil {
		return Place{1, 1}
	}
	return Place{t.Position.Line, t.Position.Column}
}
