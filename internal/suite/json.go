package suite

import (
	"bytes"
	"encoding/json"
	"errors"

	"m2m/internal/strictyaml"
)

var errNotJSON = errors.New("this is not JSON; write a mapping or a list, or JSON in quotes")

// json reads a value that is sent as a JSON document, its members in the order
// they are written in. A text is JSON already.
func (r *reader) json(n *strictyaml.Node) deferred[[]byte] {
	if n.Kind == strictyaml.Text {
		return read(r, n, func(s string) ([]byte, error) {
			if !json.Valid([]byte(s)) {
				return nil, errNotJSON
			}
			return []byte(s), nil
		})
	}
	texts := map[*strictyaml.Node]*template{}
	r.templates(n, texts)
	return func(p *planner) ([]byte, bool) {
		w := jsonWriter{planner: p, texts: texts}
		ok := w.value(n)
		return w.out.Bytes(), ok
	}
}

// templates reads every text in a value.
func (r *reader) templates(n *strictyaml.Node, texts map[*strictyaml.Node]*template) {
	if n.Kind == strictyaml.Text {
		texts[n] = r.template(n)
	}
	for _, item := range n.Items {
		r.templates(item, texts)
	}
	for _, m := range n.Members {
		r.templates(m, texts)
	}
}

type jsonWriter struct {
	planner *planner
	texts   map[*strictyaml.Node]*template
	out     bytes.Buffer
}

func (w *jsonWriter) value(n *strictyaml.Node) (ok bool) {
	ok = true
	switch n.Kind {
	case strictyaml.Null:
		w.out.WriteString("null")
	case strictyaml.Bool:
		return w.scalar(n, n.IsTrue())
	case strictyaml.Number:
		if json.Valid([]byte(n.Text)) {
			w.out.WriteString(n.Text) // as it is written: 1.50 stays so
			return true
		}
		return w.scalar(n, n.Number)
	case strictyaml.Text:
		s, ok := w.planner.expand(w.texts[n])
		return ok && w.scalar(n, s)
	case strictyaml.List:
		w.out.WriteByte('[')
		for i, item := range n.Items {
			w.comma(i)
			ok = w.value(item) && ok
		}
		w.out.WriteByte(']')
	case strictyaml.Map:
		w.out.WriteByte('{')
		for i, m := range n.Members {
			w.comma(i)
			ok = w.scalar(n, m.Key) && ok
			w.out.WriteByte(':')
			ok = w.value(m) && ok
		}
		w.out.WriteByte('}')
	case strictyaml.Invalid: // noted when it was parsed
		return false
	}
	return ok
}

func (w *jsonWriter) scalar(n *strictyaml.Node, value any) bool {
	encoder := json.NewEncoder(&w.out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		w.planner.Add(n.Place, "this cannot be written as JSON")
		return false
	}
	w.out.Truncate(w.out.Len() - 1) // the encoder ends with a line break
	return true
}

func (w *jsonWriter) comma(i int) {
	if i > 0 {
		w.out.WriteByte(',')
	}
}
