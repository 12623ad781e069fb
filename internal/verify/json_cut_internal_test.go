package verify

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What jsontext found valid is cut at the right places, however it is laid out.
func TestCut(t *testing.T) {
	want := []Member{{"a", `"x\\\"}"`}, {"b", "-1.5e3"}, {"", "true"}, {"c", `[1,{"d":"]"}]`}, {"e", "{}"}, {"f", `""`}, {"g", "null"}}
	tight := `{"a":"x\\\"}","b":-1.5e3,"":true,"c":[1,{"d":"]"}],"e":{},"f":"","g":null}`
	loose := "\n{ \t\"a\" :\r\n\"x\\\\\\\"}\" ,\"\\u0062\"\n: -1.5e3\n, \"\" :true ,\"c\":[1,{\"d\":\"]\"}] , \"e\": {} ,\"f\" : \"\" ,\"g\":null\n}"
	for _, text := range []string{tight, loose} {
		got, err := new(reader).object([]byte(text), claimNames)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, slices.Collect(got.All())); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
	if got, err := new(reader).object([]byte(" { }"), claimNames); err != nil || got.IsZero() || got.Len() > 0 {
		t.Errorf("an empty object: want no members, got %v, %v", got, err)
	}
}

func TestReadStrings(t *testing.T) {
	for raw, want := range map[string][]string{
		`[]`: {}, `[ ]`: {}, `["a"]`: {"a"}, "[\n\"a,\" , \"]\\\"\",\"\\u0062\" ]": {"a,", `]"`, "b"},
	} {
		var got []string
		if err := readStrings(raw, &got); err != nil || cmp.Diff(want, got) != "" {
			t.Errorf("%s: want %q, got %q, %v", raw, want, got, err)
		}
	}
}
