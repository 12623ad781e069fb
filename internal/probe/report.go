package probe

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Outcome is what became of a case.
type Outcome string

// The outcomes.
const (
	// Refused: the API did what a safe one does.
	Refused Outcome = "refused"
	// Allowed: the API gave the content, as it may.
	Allowed Outcome = "allowed"
	// Finding: the API did what a safe one does not.
	Finding Outcome = "finding"
	// NotTried: the case could not be made, or the run stopped before it.
	NotTried Outcome = "not tried"
)

// Result is a case and what became of it.
type Result struct {
	Case    Case
	Outcome Outcome
	// Severity and Fix are set for a finding; the severity may differ from the
	// one of the case, because there are several ways to fail.
	Severity Severity
	Fix      string
	// NeedsKeys is set where a case was not tried because the issuer's public
	// keys are not known.
	NeedsKeys bool
	// Status is the answer's; 0 if there was none.
	Status int
	// Came says what came, or why the case was not tried, as one clause.
	Came string
	// Took is the time to the end of the answer.
	Took time.Duration
}

// Baseline is what the API answers to honest requests.
type Baseline struct {
	// Valid is the status with the valid token, None the one without a token.
	Valid, None int
	// Median is how long the answer with the valid token takes.
	Median time.Duration
	// Checks counts how often the baseline was checked.
	Checks int
}

// Report is the outcome of a run. It holds no token and nothing of any body.
type Report struct {
	Baseline Baseline
	// Results has one entry for each case, in the order of the catalogue.
	Results []Result
	// Requests counts what was sent.
	Requests int
	// Duration is how long the run took.
	Duration time.Duration
}

// Findings returns the results that are findings, the worst first.
func (r *Report) Findings() []Result {
	found := slices.DeleteFunc(slices.Clone(r.Results), func(one Result) bool { return one.Outcome != Finding })
	order := []Severity{Critical, High, Medium, Low}
	slices.SortStableFunc(found, func(a, b Result) int {
		return slices.Index(order, a.Severity) - slices.Index(order, b.Severity)
	})
	return found
}

// Tried counts the cases that were tried; 0 means that nothing can be told.
func (r *Report) Tried() (n int) {
	for _, one := range r.Results {
		if one.Outcome != NotTried {
			n++
		}
	}
	return n
}

// Why a run stops before its end. A StopError wraps one of them.
var (
	// ErrOpen says that the API answers 2xx without any token.
	ErrOpen = errors.New("the API asks for no token")
	// ErrNoBaseline says that honest requests do not get what they must.
	ErrNoBaseline = errors.New("there is no baseline")
	// ErrExpired says that the valid token ended during the run.
	ErrExpired = errors.New("the token has expired")
	// ErrLimited says that the API refuses requests for their number.
	ErrLimited = errors.New("the API limits the rate of requests")
	// ErrLost says that the baseline held once and does no more.
	ErrLost = errors.New("the baseline was lost")
)

// StopError says why a run stopped. What was found before is in the report.
type StopError struct {
	// Reason is one clause: what was expected and what came.
	Reason string
	hints  []string
	kind   error
}

func stopped(kind error, hints []string, format string, args ...any) *StopError {
	return &StopError{Reason: fmt.Sprintf(format, args...), hints: hints, kind: kind}
}

// Error is the reason.
func (e *StopError) Error() string { return e.Reason }

// Unwrap returns ErrOpen, ErrNoBaseline, ErrExpired, ErrLimited or ErrLost.
func (e *StopError) Unwrap() error { return e.kind }

// Hints says what to do.
func (e *StopError) Hints() []string { return e.hints }
