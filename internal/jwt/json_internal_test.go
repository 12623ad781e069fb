package jwt

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
)

// What jsontext found valid is cut at the right places, however it is laid out.
func TestCut(t *testing.T) {
	want := []Member{{"a", `"x\\\"}"`}, {"b", "-1.5e3"}, {"", "true"}, {"c", `[1,{"d":"]"}]`}, {"e", "{}"}, {"f", `""`},
		{"g", "null"}}
	tight := `{"a":"x\\\"}","b":-1.5e3,"":true,"c":[1,{"d":"]"}],"e":{},"f":"","g":null}`
	loose := "\n{ \t\"a\" :\r\n\"x\\\\\\\"}\" ,\"\\u0062\"\n: -1.5e3\n, \"\" :true ,\"c\":[1,{\"d\":\"]\"}] , \"e\": {} ,\"f\" : \"\" ,\"g\":null\n}"
	for _, text := range []string{tight, loose} {
		got, err := new(Reader).object([]byte(text), claimNames)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, slices.Collect(got.All())); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
	if got, err := new(Reader).object([]byte(" { }"), claimNames); err != nil || got.IsZero() || got.Len() > 0 {
		t.Errorf("an empty object: want no members, got %v, %v", got, err)
	}
}

func TestReadStrings(t *testing.T) {
	for raw, want := range map[string][]string{
		`[]`: {}, `[ ]`: {}, `["a"]`: {"a"}, "[\n\"a,\" , \"]\\\"\",\"\\u0062\" ]": {"a,", `]"`, "b"},
	} {
		var got []string
		if err := ReadStrings(raw, &got); err != nil || cmp.Diff(want, got) != "" {
			t.Errorf("%s: want %q, got %q, %v", raw, want, got, err)
		}
	}
}

// The names that decide something are listed once for an object, however many
// of its names need a closer look, and not at all where none does.
func TestKnownNamesAreListedOnce(t *testing.T) {
	for _, tt := range []struct {
		name, format string
		want         int
	}{
		{"upper case", `%s,"A%d":1`, 1},
		{"another alphabet", `%s,"\u4e00%d":1`, 1},
		{"lower case", `%s,"a%d":1`, 0},
	} {
		text, listed := `{"x":1`, 0
		for i := range maxMembers - 1 {
			text = fmt.Sprintf(tt.format, text, i)
		}
		known := func() []string { listed++; return claimNames() }
		got, err := new(Reader).object([]byte(text+"}"), known)
		if err != nil || got.Len() != maxMembers || listed != tt.want {
			t.Errorf("%s: %d members, %v, listed %d times; want %d", tt.name, got.Len(), err, listed, tt.want)
		}
		if _, err := new(Reader).object([]byte(text+`,"y":1}`), known); !errors.Is(err, ErrMembers) {
			t.Errorf("%s: one more: %v, want ErrMembers", tt.name, err)
		}
	}
}

// TestForget: a reader that waits for its next token holds no more of the last one
// than its header, and that is a copy, which does not keep the token's text.
func TestForget(t *testing.T) {
	segment := base64.RawURLEncoding.EncodeToString
	token := segment([]byte(`{"alg":"ES256"}`)) + "." + segment([]byte(`{"sub":"secret"}`)) + ".c2VjcmV0"
	var r Reader
	if _, fault := r.Parse(token); fault != nil || cap(r.encoded) == 0 || cap(r.decoded) == 0 {
		t.Fatalf("it was not read: %v", fault)
	}
	r.Wipe()
	for _, buffer := range [][]byte{r.encoded[:cap(r.encoded)], r.decoded[:cap(r.decoded)]} {
		if len(bytes.Trim(buffer, "\x00")) > 0 {
			t.Errorf("the reader holds %q", buffer)
		}
	}
	if r.lastHeader.segment == "" || unsafe.StringData(r.lastHeader.segment) == unsafe.StringData(token) {
		t.Errorf("the header %q is not a copy", r.lastHeader.segment)
	}
}

// What stands before a fault is at the right places too.
func TestUntilFault(t *testing.T) {
	got, err := new(Reader).object([]byte(" { \"a\" : \"x\" ,\n\"\\u0062\":[1, 2] , \"a\":3}"), claimNames)
	if !errors.Is(err, ErrNameDuplicate) {
		t.Errorf("want ErrNameDuplicate, got %v", err)
	}
	if diff := cmp.Diff([]Member{{"a", `"x"`}, {"b", "[1, 2]"}}, slices.Collect(got.All())); diff != "" {
		t.Error(diff)
	}
}
