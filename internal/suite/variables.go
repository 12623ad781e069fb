package suite

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync"

	"m2m/internal/explain"
	"m2m/internal/strictyaml"
)

// piece is a part of a text: words as they are, or a variable.
type piece struct {
	words      string
	name       string // of the variable; empty for words
	hasDefault bool
	fallback   string
}

var errVariableSyntax = errors.New(`a variable is ${NAME} or ${NAME:-default}; for "${" itself write "$${"`)

// splitVariables finds ${NAME} and ${NAME:-default} in a text. A "$${" stands
// for "${", and a dollar sign alone for itself: jq and passwords have them.
func splitVariables(s string) ([]piece, error) {
	var pieces []piece
	var words strings.Builder
	flush := func() {
		if words.Len() > 0 {
			pieces = append(pieces, piece{words: words.String()})
			words.Reset()
		}
	}
	for s != "" {
		start := strings.Index(s, "${")
		switch {
		case start < 0:
			words.WriteString(s)
			s = ""
			continue
		case start > 0 && s[start-1] == '$':
			words.WriteString(s[:start-1] + "${")
			s = s[start+2:]
			continue
		}
		words.WriteString(s[:start])
		inside, rest, closed := strings.Cut(s[start+2:], "}")
		name, fallback, hasDefault := strings.Cut(inside, ":-")
		if !closed || !variableForm().MatchString(name) {
			return nil, errVariableSyntax
		}
		flush()
		pieces = append(pieces, piece{name: name, fallback: fallback, hasDefault: hasDefault})
		s = rest
	}
	flush()
	return pieces, nil
}

var variableForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`) })

// template is a text of the file with the variables in it.
type template struct {
	strictyaml.Place
	pieces []piece
}

// template reads text. YAML takes 200, 1.0 and true for other kinds of values, but
// who writes them means the characters. nil is a value that is not text.
func (r *reader) template(n *strictyaml.Node) *template {
	if !n.IsScalar() {
		r.Expected(n, "text")
		return nil
	}
	pieces, err := splitVariables(n.Text)
	if err != nil {
		r.AddError(n.Place, err)
		return nil
	}
	for _, p := range pieces {
		if p.name != "" {
			r.uses = append(r.uses, p.name)
		}
	}
	return &template{n.Place, pieces}
}

// constant returns the text if no variable is in it.
func (t *template) constant() (string, bool) {
	switch {
	case len(t.pieces) == 0:
		return "", true
	case len(t.pieces) == 1 && t.pieces[0].name == "":
		return t.pieces[0].words, true
	}
	return "", false
}

// deferred is a value of the file: known since it was read, or once a plan has put
// in the variables. ok is false for one that cannot be used, which is noted. nil is
// a value that the file lacks.
type deferred[T any] func(*planner) (value T, ok bool)

// in returns the value in a plan; the zero value of one that the file lacks.
func (d deferred[T]) in(p *planner) (value T, ok bool) {
	if d == nil {
		return value, false
	}
	return d(p)
}

// read reads text that is converted: at once if it holds no variables.
func read[T any](r *reader, n *strictyaml.Node, convert func(string) (T, error)) deferred[T] {
	t := r.template(n)
	if t == nil {
		return nil
	}
	note := func(faults *strictyaml.Faults, s string) (T, bool) {
		value, err := convert(s)
		if err != nil {
			faults.AddError(t.Place, err)
		}
		return value, err == nil
	}
	if s, ok := t.constant(); ok {
		value, ok := note(r.Faults, s)
		return func(*planner) (T, bool) { return value, ok }
	}
	return func(p *planner) (value T, ok bool) {
		if s, ok := p.expand(t); ok {
			return note(&p.Faults, s)
		}
		return value, false
	}
}

// problem is a fault with advice.
type problem struct {
	text   string
	advice []explain.Advice
}

func (p *problem) Error() string { return p.text }

// Advice returns what to do about it.
func (p *problem) Advice() []explain.Advice { return p.advice }

// expand puts in the variables of a text that an API gets. ok is false where one
// is missing, which is noted; nil is a text that the file lacks.
func (p *planner) expand(t *template) (value string, ok bool) {
	return p.expandWith(t, p.context.Credentials, explain.Advice{Code: explain.SetVariableOrDefault})
}

// expandForProvider expands what only the identity provider gets to see. Most of
// that has no default: see reader.variable.
func (p *planner) expandForProvider(t *template) (value string, ok bool) {
	return p.expandWith(t, nil, explain.Advice{Code: explain.SetVariable})
}

func (p *planner) expandWith(t *template, kept map[string]bool, ifMissing explain.Advice) (value string, ok bool) {
	if t == nil {
		return "", false
	}
	var out strings.Builder
	ok = true
	for _, piece := range t.pieces {
		switch {
		case piece.name == "":
			out.WriteString(piece.words)
		case kept[piece.name]:
			p.AddError(t.Place, &problem{
				piece.name + " is a credential of m2m, which must not be sent to an API",
				[]explain.Advice{{Code: explain.PutUnderClients}},
			})
			ok = false
		case p.isCaptured(piece.name):
			value, known := p.captured(t, piece.name)
			out.WriteString(value)
			ok = ok && known
		default:
			v, found := p.variable(piece)
			if !found {
				p.AddError(t.Place, &problem{"the variable " + piece.name + " is not set, or empty", []explain.Advice{ifMissing}})
			}
			out.WriteString(v)
			ok = ok && found
		}
	}
	return out.String(), ok
}

// variable looks a variable up. An empty one counts as missing, as everywhere
// in m2m: CI systems define one for each secret that they have not got.
func (p *planner) variable(v piece) (value string, found bool) {
	if p.context.Lookup != nil {
		value, _ = p.context.Lookup(v.name)
	}
	if value == "" {
		return v.fallback, v.hasDefault
	}
	p.hasVariables = true
	if !p.context.Public[v.name] {
		p.hidden.Add(v.name, value)
	}
	return value, true
}

func (p *planner) isCaptured(name string) bool {
	_, ok := p.captures[name]
	return ok
}

// captured returns a captured value. Before the run there is none yet, and the
// request needs it.
func (p *planner) captured(t *template, name string) (value string, known bool) {
	if value, known = p.values[name]; known {
		return value, true
	}
	switch from := p.captures[name]; {
	case p.index < 0:
		p.Add(t.Place, "%s is captured from an answer, and a client is chosen before the first request", name)
	case from >= p.index:
		p.Add(t.Place, "%s is captured later, by the request on line %d", name, p.lines[from])
	case !slices.ContainsFunc(p.needs, func(n need) bool { return n.name == name }):
		p.needs = append(p.needs, need{name, from})
	}
	return "", false
}
