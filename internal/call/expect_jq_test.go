package call_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"m2m/internal/call"
	"m2m/internal/call/calltest"
	"m2m/internal/jq"

	"github.com/google/go-cmp/cmp"
)

func expression(t testing.TB, s string) jq.Expression {
	t.Helper()
	x, err := jq.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// judgeJQ holds one body against one expression.
func judgeJQ(t *testing.T, contentType, body, source string) call.Expectation {
	t.Helper()
	s := calltest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = io.WriteString(w, body)
	})
	r := calltest.Request(t, s.URL)
	r.Expect.JQ = []jq.Expression{expression(t, source)}
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
	r.Expect.JQ = []jq.Expression{expression(t, ".a == 1")}
	got := calltest.Do(t, calltest.Client(t), r).Evaluate().Expectations[1]
	if got.Met || got.Found != "a body that is not complete" {
		t.Errorf("%+v", got)
	}
}
