package suite

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"m2m/internal/call"
)

// Bounds of a suite's file. The parser's time and memory grow with the square
// of the depth, hence the bound before it is asked.
const (
	// MaxFile is the longest file that ParseSuite reads, in bytes.
	MaxFile    = 256 << 10
	maxDepth   = 40
	maxColumns = 200 // of a key or a dash that begins a block
)

// yamlKind is what a value is.
type yamlKind int

const (
	yamlNull yamlKind = iota
	yamlBool
	yamlNumber
	yamlText
	yamlList
	yamlMap
)

func (k yamlKind) String() string {
	return [...]string{"nothing", "true or false", "a number", "a text", "a list", "a mapping"}[k]
}

// yamlNode is a value of the file, with the line it is written on. Unlike the
// library's it holds no anchors, aliases, merges and tags: those are refused.
type yamlNode struct {
	kind    yamlKind
	text    string // of a scalar, as it is written
	number  any    // of a number: int64, uint64 or float64
	line    int
	items   []*yamlNode
	members []yamlMember
}

// isTrue tells what a yamlBool says.
func (n *yamlNode) isTrue() bool { return strings.EqualFold(n.text, "true") }

type yamlMember struct {
	key   string
	line  int
	value *yamlNode
}

// parseYAML reads one document. What is wrong goes to r; the result is then nil
// or has gaps.
func parseYAML(r *reader, data []byte) *yamlNode {
	switch {
	case len(data) > MaxFile:
		r.fault(1, "the file holds more than %d KiB", MaxFile>>10)
		return nil
	case !utf8.Valid(data):
		r.fault(1, "the file is not UTF-8")
		return nil
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if line := tooDeep(lexer.Tokenize(string(data))); line > 0 {
		r.fault(line, "this is nested too deep")
		return nil
	}
	// Duplicate keys are refused here and not there, where the message is longer
	// than the file.
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.syntax(err)
		return nil
	}
	if len(file.Docs) > 1 {
		r.fault(lineOf(file.Docs[1].Body), "a second document begins here; a suite is one")
		return nil
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		r.fault(1, "the file is empty")
		return nil
	}
	return r.node(file.Docs[0].Body)
}

// syntax notes what the parser says. Its Error method draws the file around the
// fault, which may be a secret's place, so that only the message is used.
func (r *reader) syntax(err error) {
	var described interface {
		error
		GetMessage() string
		GetToken() *token.Token
	}
	line, message := 1, "it does not parse"
	if errors.As(err, &described) {
		message = described.GetMessage()
		if at := described.GetToken(); at != nil && at.Position != nil {
			line = at.Position.Line
		}
	}
	r.fault(line, "this is not YAML: %s", call.Bound(message, call.MaxShown))
}

// tooDeep returns the line on which the nesting passes the bounds; 0 for none.
func tooDeep(tokens token.Tokens) int {
	depth := 0
	for i, t := range tokens {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth = max(0, depth-1)
		case token.SequenceEntryType, token.MappingKeyType:
			if t.Position.Column > maxColumns {
				return t.Position.Line
			}
		case token.MappingValueType:
			if depth == 0 && i > 0 && tokens[i-1].Position.Column > maxColumns {
				return t.Position.Line
			}
		}
		if depth > maxDepth {
			return t.Position.Line
		}
	}
	return 0
}

// node turns the library's tree into ours.
func (r *reader) node(n ast.Node) *yamlNode {
	out := &yamlNode{line: lineOf(n)}
	switch n := n.(type) {
	case *ast.NullNode:
	case *ast.BoolNode:
		out.kind, out.text = yamlBool, n.Token.Value
	case *ast.IntegerNode:
		out.kind, out.text, out.number = yamlNumber, n.Token.Value, n.Value
	case *ast.FloatNode:
		out.kind, out.text, out.number = yamlNumber, n.Token.Value, n.Value
	case *ast.StringNode:
		out.kind, out.text = yamlText, n.Value
	case *ast.LiteralNode:
		out.kind, out.text = yamlText, n.Value.Value
	case *ast.SequenceNode:
		out.kind = yamlList
		for _, item := range n.Values {
			out.items = append(out.items, r.node(item))
		}
	case *ast.MappingNode:
		out.kind = yamlMap
		r.members(out, n)
	default:
		r.fault(out.line, "%s is not read here; write the value itself", strangeYAML(n))
	}
	return out
}

func (r *reader) members(out *yamlNode, n *ast.MappingNode) {
	first := map[string]int{}
	for _, member := range n.Values {
		line := lineOf(member.Key)
		key, ok := keyOf(member.Key)
		if !ok {
			r.fault(line, "%s is not read here; a key is a plain word", strangeYAML(member.Key))
			continue
		}
		if before, twice := first[key]; twice {
			r.fault(line, "the key %s is on line %d already", quoteYAML(key), before)
			continue
		}
		first[key] = line
		value := r.node(member.Value)
		if value.kind == yamlNull {
			value.line = line // the library has it on the line of whatever follows
		}
		out.members = append(out.members, yamlMember{key, line, value})
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

// strangeYAML names what YAML has and a suite has no use for: an alias repeats
// a whole tree in two characters, so that ten lines can mean a billion values.
func strangeYAML(n ast.Node) string {
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
		return "a number that is none"
	}
	return "this"
}

func lineOf(n ast.Node) int {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return 1
	}
	return n.GetToken().Position.Line
}

func quoteYAML(s string) string { return fmt.Sprintf("%q", call.Bound(s, 60)) }
