package call

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"m2m/internal/text"
)

// Errors about expectations.
var (
	// ErrExpectation says that the answer is not the expected one.
	ErrExpectation = errors.New("the answer is not as expected")
	// ErrExpectSyntax says that an expectation cannot be read.
	ErrExpectSyntax = errors.New("the expectation cannot be read")
)

// Expect is what an answer is held against. The zero value expects a 2xx status.
type Expect struct {
	// Status is a set of codes and classes; empty means 2xx.
	Status StatusSet
	// Headers must all be there.
	Headers []HeaderExpectation
	// Body lists texts that must all occur in the body.
	Body []string
	// JQ lists expressions that must all hold for the body, which is then JSON.
	JQ []JQExpectation
	// MaxTime is the longest time until the end of the body; 0 means any.
	MaxTime time.Duration
}

// HeaderExpectation is a header field that must be there.
type HeaderExpectation struct {
	// Name is the field's name, in any case.
	Name string
	// Value must equal one of the field's values; empty means any value.
	Value string
}

// ParseHeaderExpectation reads "Name: value" or "Name". A colon with nothing after
// it is refused: a script's variable may have been empty, and any value would do.
// The error wraps ErrExpectSyntax.
func ParseHeaderExpectation(s string) (HeaderExpectation, error) {
	name, value, hasValue := strings.Cut(s, ":")
	h := HeaderExpectation{Name: name, Value: strings.Trim(value, " \t")}
	if !IsHTTPToken(h.Name) || hasValue && h.Value == "" {
		return HeaderExpectation{}, fmt.Errorf("%w: expected \"Name: value\" or \"Name\", found %q", ErrExpectSyntax, text.Bound(s, 80))
	}
	return h, nil
}

// Outcome is an answer held against its expectations.
type Outcome struct {
	// Expectations lists each one, the status first.
	Expectations []Expectation `json:"expectations"`
}

// Expectation is one thing expected, and what was found.
type Expectation struct {
	// Name is status, header, body, jq or time.
	Name     string `json:"name"`
	Expected string `json:"expected"`
	Found    string `json:"found"`
	Met      bool   `json:"met"`
}

// String says it in a line, such as "expected a 2xx status, got 403 Forbidden".
func (e Expectation) String() string { return "expected " + e.Expected + ", got " + e.Found }

// OK reports whether every expectation is met. An Outcome without any is not OK.
func (o Outcome) OK() bool { return len(o.Expectations) > 0 && o.Err() == nil }

// Err returns nil, or an *ExpectationError.
func (o Outcome) Err() error {
	unmet := slices.DeleteFunc(slices.Clone(o.Expectations), func(e Expectation) bool { return e.Met })
	if len(unmet) == 0 {
		return nil
	}
	return &ExpectationError{Unmet: unmet}
}

// ExpectationError lists the expectations that were not met, at least one. Its
// text is the first of them. It wraps ErrExpectation.
type ExpectationError struct{ Unmet []Expectation }

func (e *ExpectationError) Error() string { return e.Unmet[0].String() }

// Unwrap returns ErrExpectation.
func (e *ExpectationError) Unwrap() error { return ErrExpectation }

// Judge holds the answer against what the request expected. It reads what is
// left of the body if an expectation is about it, so WriteBody comes first.
func (a *Answer) Judge() Outcome {
	if len(a.texts) > 0 || len(a.expect.JQ) > 0 || a.expect.MaxTime > 0 {
		a.drain()
	}
	results := []Expectation{a.judgeStatus()}
	for _, h := range a.expect.Headers {
		results = append(results, a.judgeHeader(h))
	}
	for _, text := range a.texts {
		results = append(results, a.judgeText(text))
	}
	results = append(results, a.judgeJQ()...)
	if a.expect.MaxTime > 0 {
		results = append(results, a.judgeTime())
	}
	for i := range results {
		results[i].Found = a.Redact(results[i].Found)
	}
	return Outcome{Expectations: results}
}

func (a *Answer) judgeStatus() Expectation {
	return Expectation{
		Name: "status", Expected: a.expect.Status.phrase(), Found: a.StatusText(),
		Met: a.expect.Status.Contains(a.Status),
	}
}

func (a *Answer) judgeHeader(h HeaderExpectation) Expectation {
	values := a.Header.Values(h.Name)
	e := Expectation{Name: "header", Expected: "a header " + h.Name, Found: "none", Met: len(values) > 0}
	if h.Value != "" {
		e.Expected += fmt.Sprintf(" of %q", text.Bound(h.Value, maxShown))
		e.Met = slices.Contains(values, h.Value)
	}
	if len(values) > 0 {
		e.Found = fmt.Sprintf("%q", text.Bound(strings.Join(values, ", "), maxShown))
	}
	return e
}

func (a *Answer) judgeText(search *textSearch) Expectation {
	e := Expectation{
		Name: "body", Expected: fmt.Sprintf("a body with %q", text.Bound(string(search.text), maxShown)),
		Found: fmt.Sprintf("%d bytes without it", a.size), Met: search.found,
	}
	switch {
	case search.found:
		e.Found = "it"
	case a.readErr != io.EOF:
		e.Found += " before the connection broke"
	}
	return e
}

func (a *Answer) judgeTime() Expectation {
	return Expectation{
		Name: "time", Expected: fmt.Sprintf("the whole answer within %s", a.expect.MaxTime),
		Found: "it in " + a.Timing.Total.Round(time.Millisecond).String(),
		Met:   a.readErr == io.EOF && a.Timing.Total <= a.expect.MaxTime,
	}
}
