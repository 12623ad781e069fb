package suite

import (
	"bytes"
	"encoding/json"
)

// json turns a value of the file into a JSON document, its members in the order
// they are written in. A text is JSON already, as after --json.
func (b *builder) json(n *yamlNode) (content []byte, ok bool) {
	if n.kind == yamlText {
		text, ok := b.expand(textValue{n.text, n.line})
		if ok && !json.Valid([]byte(text)) {
			b.fault(n.line, "this is not JSON; write a mapping or a list, or JSON in quotes")
			return nil, false
		}
		return []byte(text), ok
	}
	var out bytes.Buffer
	ok = b.writeJSON(&out, n)
	return out.Bytes(), ok
}

func (b *builder) writeJSON(out *bytes.Buffer, n *yamlNode) (ok bool) {
	ok = true
	switch n.kind {
	case yamlNull:
		out.WriteString("null")
	case yamlBool:
		return b.scalarJSON(out, n, n.isTrue())
	case yamlNumber:
		if json.Valid([]byte(n.text)) {
			out.WriteString(n.text) // as it is written: 1.50 stays so
			return true
		}
		return b.scalarJSON(out, n, n.number)
	case yamlText:
		text, ok := b.expand(textValue{n.text, n.line})
		return ok && b.scalarJSON(out, n, text)
	case yamlList:
		out.WriteByte('[')
		for i, item := range n.items {
			comma(out, i)
			ok = b.writeJSON(out, item) && ok
		}
		out.WriteByte(']')
	case yamlMap:
		out.WriteByte('{')
		for i, m := range n.members {
			comma(out, i)
			ok = b.scalarJSON(out, n, m.key) && ok
			out.WriteByte(':')
			ok = b.writeJSON(out, m.value) && ok
		}
		out.WriteByte('}')
	}
	return ok
}

func (b *builder) scalarJSON(out *bytes.Buffer, n *yamlNode, value any) bool {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		b.fault(n.line, "this cannot be written as JSON")
		return false
	}
	out.Truncate(out.Len() - 1) // the encoder ends with a line break
	return true
}

func comma(out *bytes.Buffer, i int) {
	if i > 0 {
		out.WriteByte(',')
	}
}
