package mint

import (
	"encoding/json"
	"errors"
	"testing"
)

func FuzzEditObject(f *testing.F) {
	f.Add(`{"a":1,"b":{"c":[]}}`, `{"b":null,"d":"x"}`)
	f.Add(`{}`, ` {"\u0061":1} `)
	f.Add(`{"a":1,"a":2}`, `{} `)
	f.Fuzz(func(t *testing.T, object, changes string) {
		edited, err := edit([]byte(object), []byte(changes), nil, "claim")
		if err != nil {
			return
		}
		var got, want map[string]any
		if err := json.Unmarshal(edited, &got); err != nil {
			t.Fatalf("%q and %q make %q: %v", object, changes, edited, err)
		}
		if err := errors.Join(json.Unmarshal([]byte(object), &want), json.Unmarshal([]byte(changes), &want)); err != nil {
			t.Fatalf("%q or %q was read and is no object: %v", object, changes, err)
		}
		if len(got) != len(want) {
			t.Errorf("%q and %q make %q", object, changes, edited)
		}
	})
}
