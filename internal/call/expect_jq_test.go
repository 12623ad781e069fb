package call_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"m2m/internal/call"
	"m2m/internal/call/calltest"

	"github.com/google/go-cmp/cmp"
)

func jq(t testing.TB, s string) call.JQExpectation {
	t.Helper()
	x, err := call.ParseJQExpectation(s)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// judgeJQ holds one body against one expression.
func judgeJQ(t *testing.T, contentType, body, expression string) call.Expectation {
	t.Helper()
	s := calltest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = io.WriteString(w, body)
	})
	r := calltest.Request(t, s.URL)
	r.Expect.JQ = []call.JQExpectation{jq(t, expression)}
	outcome := calltest.Do(t, calltest.Client(t), r).Evaluate()
	if len(outcome.Expectations) != 2 {
		t.Fatalf("%d expectations, want the status and the expression", len(outcome.Expectations))
	}
	return outcome.Expectations[1]
}

func TestJQ(t *testing.T) {
	const doc = `{"status":"up","count":3,"id":12345678901234567891,"items":[{"ok":true},{"ok":false}],"none":null}`
	for expression, found := range map[string]string{
		`.status == "up"`:              "it",
		`.count`:                       "it",
		`.count > 2 and .none == null`: "it",
		`.id == 12345678901234567891`:  "it", // whole, not as a float
		`.items[0].ok`:                 "it",
		`.items[].ok`:                  "false",
		`.none`:                        "null",
		`.missing`:                     "null",
		`empty`:                        "no result",
		`.status == "down"`:            `false: .status is "up"`,
		`.items | length > 2`:          "false",
		`.count + 1 < .count`:          "false: .count + 1 is 4",
		`def f: .count; f > 5`:         "false",
		`.count.x`:                     `an error: expected an object but got: number (3)`,
		`env | length > 0`:             "false",
	} {
		want := call.Expectation{Name: "jq", Expected: "a body for which '" + expression + "' holds", Found: found,
			Met: found == "it"}
		if diff := cmp.Diff(want, judgeJQ(t, "application/json", doc, expression)); diff != "" {
			t.Errorf("%s: %s", expression, diff)
		}
	}
}

// TestJQEnds: by the number of steps, or on a slow machine by time.
func TestJQEnds(t *testing.T) {
	if got := judgeJQ(t, "application/json", "1", "[range(1; infinite)]"); got.Met ||
		!strings.HasPrefix(got.Found, "no end of it in ") {
		t.Errorf("%+v", got)
	}
}

func TestJQNeedsJSON(t *testing.T) {
	large := "[" + strings.Repeat("1,", 4<<20) + "1]"
	for _, tt := range []struct{ contentType, body, found string }{
		{"application/json", "", "an empty body"},
		{"application/json", " \n", "an empty body"},
		{"text/html; charset=utf-8", "<!doctype html><title>Sign in</title>",
			`a body that is not JSON: it is text/html and begins with "<!doctype html><title>Sign in</title>"`},
		{"application/json", `{"a":1} {"a":2}`,
			`a body that is not JSON: it is application/json and begins with "{\"a\":1} {\"a\":2}"`},
		{"application/json", `{"a":`, `a body that is not JSON: it is application/json and begins with "{\"a\":"`},
		{"application/json", large, "a body of more than the 8 MiB that it is looked for in"},
	} {
		got := judgeJQ(t, tt.contentType, tt.body, ".")
		if got.Met || got.Found != tt.found {
			t.Errorf("%.40q: %+v", tt.body, got)
		}
	}
}

func TestJQBodyThatBreaksOff(t *testing.T) {
	s := calltest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"a":1}`)
	})
	r := calltest.Request(t, s.URL)
	r.Expect.JQ = []call.JQExpectation{jq(t, ".a == 1")}
	got := calltest.Do(t, calltest.Client(t), r).Evaluate().Expectations[1]
	if got.Met || got.Found != "a body that is not complete" {
		t.Errorf("%+v", got)
	}
}

func TestParseJQExpectation(t *testing.T) {
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
		if _, err := call.ParseJQExpectation(in); !errors.Is(err, call.ErrExpectSyntax) ||
			!strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%q: %v, want %s", in, err, want)
		}
	}
}

func FuzzParseJQExpectation(f *testing.F) {
	for _, seed := range []string{`.a == "b"`, `.items[] | select(.ok) | .n >= 1`, `"é`, "def f: 1; f", "\x80|", `"\(1`,
		"{a:1}|.a,", "@base64"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		x, err := call.ParseJQExpectation(s)
		if err != nil && !errors.Is(err, call.ErrExpectSyntax) {
			t.Fatalf("error %v", err)
		}
		if err == nil && x.String() != s {
			t.Fatalf("reads back as %q", x)
		}
	})
}
