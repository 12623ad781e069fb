package callcmd

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"m2m/internal/call"
	"m2m/internal/cli"
	"m2m/internal/exit"
	"m2m/internal/explain"
	"m2m/internal/text"
)

// maxWrappedBody bounds the body that -o json wraps, in bytes.
const maxWrappedBody = 32 << 20

// document is the JSON of `call -o json`. Its keys are stable.
type document struct {
	Method       string              `json:"method"`
	URL          string              `json:"url"`
	Status       int                 `json:"status"`
	Headers      map[string][]string `json:"headers"`
	Body         any                 `json:"body"`
	BodyEncoding string              `json:"body_encoding"` // json, text or base64
	Redirects    []call.Redirect     `json:"redirects"`
	Attempts     int                 `json:"attempts"`
	DurationMS   float64             `json:"duration_ms"`
	OK           bool                `json:"ok"`
	Expectations []call.Expectation  `json:"expectations"`
	Explanation  *explain.Diagnosis  `json:"explanation"`
}

// printAnswer prints the response, and explains it if it is not as expected.
func printAnswer(env *cli.Env, to cli.Destination, answer *call.Answer, known explain.Context, o options) error {
	if o.form == "json" {
		return printAnswerJSON(env, to, answer, known)
	}
	if err := to.End(printBody(env, to, answer, o)); err != nil {
		return err
	}
	unmet := answer.Evaluate().Err()
	if unmet == nil {
		reportRedirect(env, answer)
		warn(env, explain.HiddenBySuccess(answer, known))
		sayIf(env, to.Wrote())
		return nil
	}
	return env.Unexpected(unmet, to.Wrote(), explain.Explain(answer, known))
}

// maxIndentedBody bounds the JSON that is indented for a terminal, in bytes.
const maxIndentedBody = 4 << 20

// printBody prints the response: as it came in a pipe and in a file, for reading on a
// terminal.
func printBody(env *cli.Env, to cli.Destination, answer *call.Answer, o options) error {
	if o.include {
		printHead(to, answer)
	}
	if to.Writer != io.Writer(env.Out) || !cli.IsTerminal(env.Stdout) {
		return answer.WriteBody(to)
	}
	screen := newScreen(to, env.Palette(env.Stdout), answer.Header.Get("Content-Type"))
	return errors.Join(answer.WriteBody(screen), screen.Close())
}

// printHead prints the status line and the headers.
func printHead(w io.Writer, answer *call.Answer) {
	fmt.Fprintf(w, "%s %d %s\n", answer.Proto, answer.Status, http.StatusText(answer.Status))
	for _, name := range slices.Sorted(maps.Keys(answer.Header)) {
		for _, value := range answer.Header[name] {
			fmt.Fprintf(w, "%s: %s\n", text.Printable(name), text.Printable(value))
		}
	}
	fmt.Fprintln(w)
}

// sayIf prints a line on stderr unless it is empty.
func sayIf(env *cli.Env, line string) {
	if line != "" {
		env.Say("%s", line)
	}
}

// warn reports what a good status hides; nothing for nil.
func warn(env *cli.Env, x *explain.Diagnosis) {
	if x == nil {
		return
	}
	env.Say("warning: %s", x.Line())
	if x.Said != "" && !strings.Contains(x.Cause, x.Said) {
		env.Say("%s says: %s", x.Speaker(), x.Said)
	}
}

// reportRedirect says where a redirect points that was not followed.
func reportRedirect(env *cli.Env, answer *call.Answer) {
	for _, r := range answer.Redirects {
		if !r.Followed {
			env.Say("the answer is a redirect to %s, not followed: %s", r.To, r.Reason)
		}
	}
}

// printAnswerJSON is printAnswer for -o json.
func printAnswerJSON(env *cli.Env, to cli.Destination, answer *call.Answer, known explain.Context) error {
	body := &boundedBuffer{limit: maxWrappedBody}
	if err := answer.WriteBody(body); err != nil {
		return to.End(err)
	}
	judged := answer.Evaluate()
	document := document{
		Method: answer.Method, URL: answer.URL.String(), Status: answer.Status, Headers: answer.Header,
		Redirects: answer.Redirects, Attempts: answer.Attempts,
		DurationMS: float64(answer.Timing.Total) / float64(time.Millisecond),
		OK:         judged.OK(), Expectations: judged.Expectations,
	}
	document.Body, document.BodyEncoding = wrapBody(body.Bytes())
	if document.Redirects == nil {
		document.Redirects = []call.Redirect{}
	}
	unmet := judged.Err()
	if document.Explanation = explain.HiddenBySuccess(answer, known); unmet != nil {
		document.Explanation = explain.Explain(answer, known)
	}
	if err := to.End(cli.WriteJSON(to, document)); err != nil {
		return err
	}
	if unmet != nil {
		return env.Unexpected(unmet, to.Wrote(), document.Explanation)
	}
	warn(env, document.Explanation)
	sayIf(env, to.Wrote())
	return nil
}

// wrapBody returns a body as a JSON value: JSON as it is, UTF-8 as a string, else
// base64.
func wrapBody(body []byte) (value any, encoding string) {
	switch {
	case len(body) > 0 && json.Valid(body):
		return json.RawMessage(body), "json"
	case utf8.Valid(body):
		return string(body), "text"
	}
	return body, "base64" // as encoding/json writes []byte
}

// boundedBuffer is a buffer of at most limit bytes.
type boundedBuffer struct {
	bytes.Buffer
	limit int
}

// Write implements io.Writer.
func (b *boundedBuffer) Write(p []byte) (int, error) {
	if b.Len()+len(p) > b.limit {
		return 0, exit.Errorf(exit.Unknown, "the body is larger than the %d MiB that -o json can hold", b.limit>>20).
			Hint("leave out -o json: the body itself may be of any size")
	}
	return b.Buffer.Write(p)
}
