package jq_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"m2m/internal/jq"
)

func parse(t testing.TB, s string) jq.Expression {
	t.Helper()
	x, err := jq.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestHoldsEnds: by the number of steps, or on a slow machine by time.
func TestHoldsEnds(t *testing.T) {
	found, met, err := parse(t, "last(range(1; infinite))").Holds(1)
	if met || err != nil || !strings.HasPrefix(found, "no end of it in ") {
		t.Errorf("%q, %v, %v", found, met, err)
	}
}

// An expression that takes memory in one step or in many is given up.
func TestHoldsIsBoundedInMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a gigabyte of memory")
	}
	for _, expression := range []string{
		`"a" * 1000000000 | explode | length`,
		`reduce range(60) as $i ("abcdefgh"; . + .) | length`,
		`.[400000000] = 1`,
	} {
		if _, _, err := parse(t, expression).Holds(nil); !errors.Is(err, jq.ErrMemory) {
			t.Errorf("%s: error %v, want ErrMemory", expression, err)
		}
	}
}

func TestFirst(t *testing.T) {
	var document any
	if err := json.Unmarshal([]byte(`{"id":"o-7","n":12,"items":[{"id":1},{"id":2}],"none":null}`), &document); err != nil {
		t.Fatal(err)
	}
	for expression, want := range map[string]string{
		".id":                       `"o-7" "o-7"`,
		".n":                        `12 ""`,
		".items[].id":               `1 ""`,
		".items":                    `[{"id":1},{"id":2}] ""`,
		".none":                     `null ""`,
		"empty":                     "error no result",
		".id.x":                     `error an error: expected an object but got: string ("o-7")`,
		`.items[] | select(.id==9)`: "error no result",
	} {
		encoded, words, err := parse(t, expression).First(document)
		got := fmt.Sprintf("%s %q", encoded, words)
		if err != nil {
			got = "error " + err.Error()
		}
		if got != want {
			t.Errorf("%s: %s, want %s", expression, got, want)
		}
	}
}

func TestParse(t *testing.T) {
	for in, want := range map[string]string{
		`.a == `:         `unexpected EOF at character 7 of ".a == "`,
		`.a foo`:         `unexpected token "foo" at character 4 of ".a foo"`,
		`"ä" | )`:        `unexpected token ")" at character 7 of "\"ä\" | )"`,
		`"abc`:           `unterminated string literal`,
		``:               `missing query`,
		`foo(1)`:         `function not defined: foo/1 in "foo(1)"`,
		`.a == $x`:       `variable not defined: $x in ".a == $x"`,
		`input`:          `not allowed in "input"`,
		`include "x"; 1`: `cannot load module: "x" in`,
	} {
		if _, err := jq.Parse(in); !errors.Is(err, jq.ErrSyntax) || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%q: %v, want %s", in, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{`.a == "b"`, `.items[] | select(.ok) | .n >= 1`, `"é`, "def f: 1; f", "\x80|", `"\(1`,
		"{a:1}|.a,", "@base64"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		x, err := jq.Parse(s)
		if err != nil && !errors.Is(err, jq.ErrSyntax) {
			t.Fatalf("error %v", err)
		}
		if err == nil && x.String() != s {
			t.Fatalf("reads back as %q", x)
		}
	})
}
