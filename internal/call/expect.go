package call

import (
	"errors"
	"time"
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
	// MaxTime is the longest total time allowed; 0 means any.
	MaxTime time.Duration
}

// HeaderExpectation is a header field that must be there. Made by
// ParseHeaderExpectation.
type HeaderExpectation struct {
	// Name is the field's name, in any case.
	Name string
	// Value must equal one of the field's values; empty means any value.
	Value string
}

// StatusSet is a set of status codes. The zero value is empty.
type StatusSet struct{ ranges []statusRange }

type statusRange struct{ low, high int }

// ParseStatusSet reads a comma list of codes ("200"), classes ("2xx") and
// ranges ("200-204"). The error wraps ErrExpectSyntax.
func ParseStatusSet(s string) (StatusSet, error) { return StatusSet{}, nil }

// ParseHeaderExpectation reads "Name: value" or "Name". The error wraps ErrExpectSyntax.
func ParseHeaderExpectation(s string) (HeaderExpectation, error) { return HeaderExpectation{}, nil }

// Outcome is an answer held against its expectations.
type Outcome struct {
	// Expectations lists each one, the status first.
	Expectations []Expectation `json:"expectations"`
}

// Expectation is one thing expected, and what was found.
type Expectation struct {
	// Name is status, header, body or time.
	Name     string `json:"name"`
	Expected string `json:"expected"`
	Found    string `json:"found"`
	Met      bool   `json:"met"`
}

// OK reports whether every expectation is met.
func (o Outcome) OK() bool { return false }

// Err returns nil, or an *ExpectationError.
func (o Outcome) Err() error { return nil }

// ExpectationError lists the expectations that were not met. Its text is the
// first of them, such as "expected a 2xx status, got 403 Forbidden". It wraps
// ErrExpectation.
type ExpectationError struct{ Unmet []Expectation }

func (e *ExpectationError) Error() string { return "" }

// Unwrap returns ErrExpectation.
func (e *ExpectationError) Unwrap() error { return ErrExpectation }
