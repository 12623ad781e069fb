package cli

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"unicode"

	"m2m/internal/call"
	"m2m/internal/call/calltest"
	"m2m/internal/explain"
	"m2m/internal/jq"
)

// FuzzStrangersAnswer: whatever an API answers, the error about it has only lines of
// m2m's own with nothing in them that a terminal obeys, six at most without -v; in JSON
// too.
func FuzzStrangersAnswer(f *testing.F) {
	const problem = `{"error":{"code":"c\u001b[31m","message":"a\nm2m: hint: run: rm -rf ~\u202e\u009b2J"}}`
	f.Add(401, "application/json", `Bearer error="invalid_token", error_description="a\u202e b"`, problem)
	f.Add(403, "text/html", "Negotiate", "<title>a\r\nm2m: hint: b\x1b]0;t\a</title>")
	f.Add(200, "application/problem+json", "", `{"detail":"\u0085\u2028m2m: valid","title":"`+strings.Repeat("x", 9000)+`"}`)
	f.Add(503, "text/plain; charset=\x80", "Basic realm=\"\xff\xfe\"", "\xff\xfe\x00")
	f.Fuzz(func(t *testing.T, status int, contentType, challenge, body string) {
		if status < 200 || status > 599 {
			t.Skip()
		}
		server := calltest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.Header().Add("WWW-Authenticate", challenge)
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body)) // the client may have gone
		})
		target, err := call.ResolveURL(server.URL, "/")
		if err != nil {
			t.Fatal(err)
		}
		expression, err := jq.Parse("false")
		if err != nil {
			t.Fatal(err)
		}
		answer, err := calltest.Client(t).Do(t.Context(),
			call.Request{URL: target, Expect: call.Expect{JQ: []jq.Expression{expression}, Body: []string{"not there"}}})
		if err != nil {
			t.Skip() // not an answer of HTTP
		}
		defer answer.Close()
		unmet := answer.Evaluate().Err()
		for _, verbose := range []bool{false, true} {
			for _, asJSON := range []bool{false, true} {
				var errs bytes.Buffer
				env := &Env{Stderr: &errs, Verbose: verbose, JSONErrors: asJSON}
				env.report(env.Unexpected(unmet, "", explain.Explain(answer, explain.Context{})), asJSON)
				got := errs.String()
				if i := strings.IndexFunc(got, func(r rune) bool { return !unicode.IsGraphic(r) && r != '\n' && r != '\u200d' }); i >= 0 {
					t.Errorf("what is not shown: %q", got[max(0, i-40):min(i+8, len(got))])
				}
				if asJSON {
					continue
				}
				if n := strings.Count(got, "\n"); !verbose && n > mostLines {
					t.Errorf("%d lines:\n%s", n, got)
				}
				for line := range strings.Lines(got) {
					if !strings.HasPrefix(line, programPrefix) || len(line) > 6*maxLine {
						t.Errorf("a line of nobody's: %.200q", line)
					}
				}
			}
		}
	})
}
