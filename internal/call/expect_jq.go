package call

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/itchyny/gojq"

	"m2m/internal/text"
)

// Bounds of a jq expression at work. The expression is the caller's, but the
// body that it walks through is anybody's.
const (
	// maxJQBody is how much of a body an expression is given, in bytes.
	maxJQBody = 8 << 20
	// maxJQSteps ends an expression that does not end by itself, before it has
	// filled the memory; to select among 100,000 members takes 2 to 4 million.
	maxJQSteps = 10_000_000
	// maxJQTime is for the few steps that can be long, such as a match.
	maxJQTime = 10 * time.Second
)

// JQExpectation is an expression of jq's that must hold for the body: it must
// have a result, and none that is false or null. It sees the body and nothing
// else: no environment, no files. The zero value is not usable.
type JQExpectation struct {
	text  string
	query *gojq.Query
	code  *gojq.Code
}

// ParseJQExpectation reads an expression such as `.status == "up"`. The error
// wraps ErrExpectSyntax and says at which character the expression goes wrong,
// or which name in it is not known.
func ParseJQExpectation(s string) (JQExpectation, error) {
	query, err := gojq.Parse(s)
	if at := (*gojq.ParseError)(nil); errors.As(err, &at) {
		start := min(max(at.Offset-len(at.Token), 0), len(s))
		return JQExpectation{}, fmt.Errorf("%w: %w at character %d of %q",
			ErrExpectSyntax, at, utf8.RuneCountInString(s[:start])+1, text.Bound(s, maxShown))
	}
	if err != nil {
		return JQExpectation{}, fmt.Errorf("%w: %w in %s", ErrExpectSyntax, err, text.Quote(s))
	}
	code, err := gojq.Compile(query)
	if err != nil {
		return JQExpectation{}, fmt.Errorf("%w: %w in %s", ErrExpectSyntax, err, text.Quote(s))
	}
	return JQExpectation{text: s, query: query, code: code}, nil
}

// String returns the expression as it was given.
func (x JQExpectation) String() string { return x.text }

// evaluate runs the expression. found says what came of it, and why it does not
// hold where that can be seen.
func (x JQExpectation) evaluate(ctx context.Context, document any) (found string, met bool) {
	results := x.code.RunWithContext(ctx, document)
	for {
		result, more := results.Next()
		switch result := result.(type) {
		case error:
			return jqFault(result), false
		case nil, bool:
			if more && result != true {
				return jqValue(result) + x.compared(ctx, document), false
			}
		}
		if !more {
			return cmp.Or(found, "no result"), met
		}
		found, met = "it", true
	}
}

// compared says what an expression that is one comparison found on its left, so
// that "false" is not all there is to read.
func (x JQExpectation) compared(ctx context.Context, document any) string {
	switch x.query.Op {
	case gojq.OpEq, gojq.OpNe, gojq.OpLt, gojq.OpLe, gojq.OpGt, gojq.OpGe:
	default:
		return ""
	}
	left, err := gojq.Compile(x.query.Left)
	if err != nil {
		return "" // it uses a function that the whole expression defines
	}
	value, ok := left.RunWithContext(ctx, document).Next()
	if _, failed := value.(error); failed || !ok {
		return ""
	}
	return fmt.Sprintf(": %s is %s", text.Bound(x.query.Left.String(), maxShown), jqValue(value))
}

func jqValue(v any) string {
	encoded, err := gojq.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%T", v)
	}
	return text.Bound(string(encoded), maxShown)
}

func jqFault(err error) string {
	switch {
	case errors.Is(err, errJQSteps):
		return fmt.Sprintf("no end of it in %d million steps", maxJQSteps/1_000_000)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("no end of it in %s", maxJQTime)
	}
	return "an error: " + text.Bound(err.Error(), maxShown)
}

// errJQSteps ends an expression that has used up its steps.
var errJQSteps = errors.New("too many steps")

// stepLimit is a context that ends after a number of steps: gojq looks at Done
// before each. A limit of steps alone is the same on a fast and a busy machine.
// It is for one goroutine.
type stepLimit struct {
	context.Context
	cancel context.CancelCauseFunc
	left   int
}

func (l *stepLimit) Done() <-chan struct{} {
	if l.left--; l.left == 0 {
		l.cancel(errJQSteps)
	}
	return l.Context.Done()
}

func (l *stepLimit) Err() error { return context.Cause(l.Context) }

// keptBody holds the body for the expressions about it.
type keptBody struct {
	data []byte
	over bool // it was longer than maxJQBody
}

func (k *keptBody) write(p []byte) {
	k.over = k.over || len(k.data)+len(p) > maxJQBody
	if !k.over {
		k.data = append(k.data, p...)
	}
}

// document reads the body as JSON, numbers as they are written. problem is one
// clause where there is none.
func (a *Answer) document() (document any, problem string) {
	switch {
	case a.kept.over:
		return nil, fmt.Sprintf("a body of more than the %d MiB that it is looked for in", maxJQBody>>20)
	case !errors.Is(a.readErr, io.EOF):
		return nil, "a body that is not complete"
	case len(bytes.TrimSpace(a.kept.data)) == 0:
		return nil, "an empty body"
	}
	decoder := json.NewDecoder(bytes.NewReader(a.kept.data))
	decoder.UseNumber()
	err := decoder.Decode(&document)
	if err == nil {
		_, err = decoder.Token()
	}
	if err != io.EOF {
		return nil, "a body that is not JSON" + a.bodyForm()
	}
	return document, ""
}

// bodyForm says what a body is that is not JSON.
func (a *Answer) bodyForm() string {
	media, _, _ := strings.Cut(a.Header.Get("Content-Type"), ";")
	begins := fmt.Sprintf("begins with %s", text.Quote(string(bytes.TrimSpace(a.head[:min(len(a.head), 2*maxShown)]))))
	if media == "" {
		return ": it " + begins
	}
	return fmt.Sprintf(": it is %s and %s", text.Bound(media, 60), begins)
}

// checkJQ checks the body against every expression about it.
func (a *Answer) checkJQ() []Expectation {
	if len(a.expect.JQ) == 0 {
		return nil
	}
	document, problem := a.document()
	results := make([]Expectation, 0, len(a.expect.JQ))
	for _, x := range a.expect.JQ {
		e := Expectation{Name: "jq", Expected: "a body for which '" + text.Bound(x.text, maxShown) + "' holds", Found: problem}
		if problem == "" {
			e.Found, e.Met = x.run(document)
		}
		results = append(results, e)
	}
	return results
}

// run gives the expression its bounds.
func (x JQExpectation) run(document any) (found string, met bool) {
	ctx, stop := context.WithTimeout(context.Background(), maxJQTime)
	defer stop()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	return x.evaluate(&stepLimit{Context: ctx, cancel: cancel, left: maxJQSteps}, document)
}
