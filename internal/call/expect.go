package call

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"m2m/internal/jq"
	"m2m/internal/text"
)

// Errors about expectations.
var (
	// ErrExpectation says that the answer is not the expected one.
	ErrExpectation = errors.New("the answer is not as expected")
	// ErrExpectSyntax says that an expectation cannot be read.
	ErrExpectSyntax = errors.New("the expectation cannot be read")
)

// Expect is what an answer is checked against. The zero value expects a 2xx status.
type Expect struct {
	// Status is a set of codes and classes; empty means 2xx.
	Status StatusSet
	// Headers must all be there.
	Headers []HeaderExpectation
	// Body lists texts that must all occur in the body.
	Body []string
	// JQ lists expressions that must all hold for the body, which is then JSON.
	JQ []jq.Expression
	// MaxTime is the longest time until the end of the body; 0 means any.
	MaxTime time.Duration
}

// With returns the expectations with the texts and expressions of others added, so
// that an answer can be checked against both.
func (e Expect) With(other Expect) Expect {
	e.Body = slices.Concat(e.Body, other.Body)
	e.JQ = slices.Concat(e.JQ, other.JQ)
	return e
}

// HeaderExpectation is a header field that must be there.
type HeaderExpectation struct {
	// Name is the field's name, in any case.
	Name string
	// Value must equal one of the field's values; empty means any value.
	Value string
}

// ParseHeaderExpectation reads "Name: value" or "Name". A colon with nothing after
// it is rejected: a script's variable may have been empty, and any value would do.
// The error wraps ErrExpectSyntax.
func ParseHeaderExpectation(s string) (HeaderExpectation, error) {
	name, value, hasValue := strings.Cut(s, ":")
	h := HeaderExpectation{Name: name, Value: strings.Trim(value, " \t")}
	if !IsHTTPToken(h.Name) || hasValue && h.Value == "" {
		return HeaderExpectation{}, fmt.Errorf("%w: expected \"Name: value\" or \"Name\", found %s", ErrExpectSyntax, text.Quote(s))
	}
	return h, nil
}

// Outcome is an answer checked against its expectations.
type Outcome struct {
	// Expectations lists each one, the status first.
	Expectations []Expectation `json:"expectations"`
	// Fault is why the answer could not be checked: jq.ErrMemory, or nil.
	Fault error `json:"-"`
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

// Err returns nil, the fault, or an *ExpectationError.
func (o Outcome) Err() error {
	if o.Fault != nil {
		return o.Fault
	}
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

// Evaluate checks the answer against what the request expected. It reads what is
// left of the body if an expectation is about it, so WriteBody comes first.
func (a *Answer) Evaluate() Outcome { return a.Check(a.expect) }

// Check checks the answer as Evaluate does, but against other expectations. Their
// texts and their jq expressions must be among those of the request.
func (a *Answer) Check(expect Expect) Outcome {
	if len(expect.Body) > 0 || len(expect.JQ) > 0 || expect.MaxTime > 0 {
		a.drain()
	}
	results := []Expectation{a.checkStatus(expect.Status)}
	for _, h := range expect.Headers {
		results = append(results, a.checkHeader(h))
	}
	for _, search := range a.texts {
		if slices.Contains(expect.Body, string(search.text)) {
			results = append(results, a.checkText(search))
		}
	}
	aboutJQ, fault := a.checkJQ(expect.JQ)
	results = append(results, aboutJQ...)
	if expect.MaxTime > 0 {
		results = append(results, a.checkTime(expect.MaxTime))
	}
	for i := range results {
		results[i].Found = a.Redact(results[i].Found)
	}
	return Outcome{Expectations: results, Fault: fault}
}

func (a *Answer) checkStatus(expected StatusSet) Expectation {
	return Expectation{
		Name: "status", Expected: expected.words(), Found: a.StatusText(),
		Met: expected.Contains(a.Status),
	}
}

func (a *Answer) checkHeader(h HeaderExpectation) Expectation {
	values := a.Header.Values(h.Name)
	e := Expectation{Name: "header", Expected: "a header " + h.Name, Found: "none", Met: len(values) > 0}
	if h.Value != "" {
		e.Expected += fmt.Sprintf(" of %s", text.Quote(h.Value))
		e.Met = slices.Contains(values, h.Value)
	}
	if len(values) > 0 {
		e.Found = text.Quote(strings.Join(values, ", "))
	}
	return e
}

func (a *Answer) checkText(search *textSearch) Expectation {
	e := Expectation{
		Name: "body", Expected: fmt.Sprintf("a body with %s", text.Quote(string(search.text))),
		Found: fmt.Sprintf("%d bytes without it", a.size), Met: search.found,
	}
	switch {
	case search.found:
		e.Found = "it"
	case !errors.Is(a.readErr, io.EOF):
		e.Found += " before the connection broke"
	}
	return e
}

func (a *Answer) checkTime(most time.Duration) Expectation {
	return Expectation{
		Name: "time", Expected: fmt.Sprintf("the whole answer within %s", most),
		Found: "it in " + text.Duration(a.Timing.Total),
		Met:   errors.Is(a.readErr, io.EOF) && a.Timing.Total <= most,
	}
}

// StatusSet is a set of status codes. The zero value stands for 2xx.
type StatusSet struct{ ranges []statusRange }

// statusRange holds the codes from low to high, both included.
type statusRange struct{ low, high int }

// ParseStatusSet reads a comma list of codes ("200"), classes ("2xx") and
// ranges ("200-204"). The error wraps ErrExpectSyntax.
func ParseStatusSet(s string) (StatusSet, error) {
	var set StatusSet
	for part := range strings.SplitSeq(s, ",") {
		r, ok := parseStatusRange(strings.TrimSpace(part))
		if !ok {
			return StatusSet{}, fmt.Errorf("%w: expected a status such as 200, 2xx or 200-204, found %s", ErrExpectSyntax, text.Quote(s))
		}
		set.ranges = append(set.ranges, r)
	}
	return set, nil
}

func parseStatusRange(s string) (statusRange, bool) {
	if class, ok := strings.CutSuffix(strings.ToLower(s), "xx"); ok {
		low, ok := parseStatus(class + "00")
		return statusRange{low, low + 99}, ok
	}
	first, last, isRange := strings.Cut(s, "-")
	low, ok := parseStatus(first)
	if !ok || !isRange {
		return statusRange{low, low}, ok
	}
	high, ok := parseStatus(last)
	return statusRange{low, high}, ok && low <= high
}

// parseStatus reads a code of three digits, from 100 to 599.
func parseStatus(s string) (int, bool) {
	code, err := strconv.ParseUint(s, 10, 16)
	return int(code), err == nil && len(s) == 3 && 100 <= code && code <= 599
}

// Union returns the set of the codes of both; an s without any adds none.
func (s StatusSet) Union(other StatusSet) StatusSet {
	return StatusSet{slices.Concat(s.ranges, other.ranges)}
}

// Contains reports whether a status is in the set.
func (s StatusSet) Contains(status int) bool {
	for _, r := range s.orDefault() {
		if r.low <= status && status <= r.high {
			return true
		}
	}
	return false
}

// String returns the set as ParseStatusSet reads it.
func (s StatusSet) String() string {
	var parts []string
	for _, r := range s.orDefault() {
		parts = append(parts, r.String())
	}
	return strings.Join(parts, ",")
}

func (s StatusSet) orDefault() []statusRange {
	if len(s.ranges) == 0 {
		return []statusRange{{200, 299}}
	}
	return s.ranges
}

func (r statusRange) isClass() bool { return r.low%100 == 0 && r.high == r.low+99 }

func (r statusRange) String() string {
	switch {
	case r.low == r.high:
		return strconv.Itoa(r.low)
	case r.isClass():
		return fmt.Sprintf("%dxx", r.low/100)
	}
	return fmt.Sprintf("%d-%d", r.low, r.high)
}

// words says what is expected: "a 2xx status", "status 200 or 404".
// DefaultStatus is what an Expectation about the zero StatusSet expects.
const DefaultStatus = "a 2xx status"

func (s StatusSet) words() string {
	ranges := s.orDefault()
	if len(ranges) == 1 && ranges[0].isClass() {
		return "a " + s.String() + " status"
	}
	list := strings.Split(s.String(), ",")
	last := len(list) - 1
	if last == 0 {
		return "status " + list[0]
	}
	return "status " + strings.Join(list[:last], ", ") + " or " + list[last]
}

// textSearch looks for a text in a stream that comes in pieces, and keeps no
// more of it than the text is long.
type textSearch struct {
	text  []byte
	tail  []byte
	found bool
}

func newTextSearch(text string) *textSearch {
	return &textSearch{text: []byte(text), found: text == ""}
}

func (s *textSearch) write(p []byte) {
	if s.found {
		return
	}
	// The text may begin in what came before: join that end to the new beginning.
	keep := len(s.text) - 1
	seam := append(s.tail, p[:min(keep, len(p))]...)
	s.found = bytes.Contains(seam, s.text) || bytes.Contains(p, s.text)
	if len(p) >= keep {
		s.tail = append(s.tail[:0], p[len(p)-keep:]...)
		return
	}
	s.tail = append(s.tail[:0], seam[max(0, len(seam)-keep):]...)
}
