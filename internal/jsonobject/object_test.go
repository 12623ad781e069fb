package jsonobject_test

import (
	"encoding/json"
	"testing"

	"m2m/internal/jsonobject"
)

// FuzzObject compares the order-keeping reader with encoding/json.
func FuzzObject(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":1,"a":{"b":[]}}`, `{"a":"\ud800"}`, `[]`, `{"a":1}x`, `{"a":}`,
		` { "<" : null } `} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		o, err := jsonobject.Parse(text)
		var plain map[string]json.RawMessage
		valid := json.Unmarshal(text, &plain) == nil && plain != nil
		if valid != (err == nil) {
			t.Fatalf("encoding/json: valid is %v; Parse: %v", valid, err)
		}
		for _, m := range o {
			if _, there := plain[m.Name]; !there || !json.Valid([]byte(m.Value)) {
				t.Fatalf("the member %q has the value %q", m.Name, m.Value)
			}
		}
		if err == nil && !json.Valid([]byte(o.String())) {
			t.Fatalf("written again it is %q", o)
		}
		if unique, err := jsonobject.ParseUnique(text); err == nil && len(unique) != len(plain) {
			t.Fatalf("ParseUnique: %d members, encoding/json %d", len(unique), len(plain))
		}
	})
}

func TestEdits(t *testing.T) {
	o, err := jsonobject.Parse([]byte(`{ "a": 1, "b": "x", "a": "y" }`))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, got, want string
	}{
		{"read", o.String(), `{"a":1,"b":"x","a":"y"}`},
		{"With, present", o.With("a", "2").String(), `{"a":2,"b":"x","a":2}`},
		{"With, absent", o.With("c", "2").String(), `{"a":1,"b":"x","a":"y","c":2}`},
		{"Append", o.Append("b", "2").String(), `{"a":1,"b":"x","a":"y","b":2}`},
		{"Prepend", o.Prepend("b", "2").String(), `{"b":2,"a":1,"b":"x","a":"y"}`},
		{"Without", o.Without("a", "c").String(), `{"b":"x"}`},
		{"Text", o.Text("a") + o.Text("b") + o.Text("c"), "yx"},
		{
			"Of, Quote", jsonobject.Of("<\xff", jsonobject.Quote("\"\xff")).String(),
			`{"<` + "\ufffd" + `":"\"` + "\ufffd" + `"}`,
		},
	} {
		if c.got != c.want {
			t.Errorf("%s: %s, want %s", c.name, c.got, c.want)
		}
	}
	if o.Number("a") != 1 || o.Number("b") != 0 {
		t.Errorf("Number: a %v, b %v", o.Number("a"), o.Number("b"))
	}
	if _, err := jsonobject.ParseUnique([]byte(`{"a":1,"a":2}`)); err == nil {
		t.Error("ParseUnique takes a name twice")
	}
}
