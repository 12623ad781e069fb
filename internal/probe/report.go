package probe

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"m2m/internal/probe/forge"
)

// Outcome is the result of a case.
type Outcome string

// The outcomes.
const (
	// Rejected: the API did what a safe one does.
	Rejected Outcome = "rejected"
	// Allowed: the API gave the content, as it may.
	Allowed Outcome = "allowed"
	// Finding: the API did what a safe one does not.
	Finding Outcome = "finding"
	// NotTried: the case could not be made, or the run stopped before it.
	NotTried Outcome = "not tried"
)

// Result is a case and its outcome.
type Result struct {
	Case    forge.Case
	Outcome Outcome
	// Risk and Fix are set for a finding; the risk may differ from the one of the
	// case, because there are several ways to fail.
	Risk forge.Risk
	Fix  string
	// NeedsKeys is set where a case was not tried because the issuer's public
	// keys are not known.
	NeedsKeys bool
	// Status is the answer's; 0 if there was none.
	Status int
	// Got says what the API answered, or why the case was not tried, as one clause.
	Got string
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
	order := []forge.Severity{forge.Critical, forge.High, forge.Medium, forge.Low}
	slices.SortStableFunc(found, func(a, b Result) int {
		return slices.Index(order, a.Risk.Severity()) - slices.Index(order, b.Risk.Severity())
	})
	return found
}

// Tried counts the cases that were tried; with 0 nothing is known.
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
	// ErrNoBaseline says that honest requests do not get what they should.
	ErrNoBaseline = errors.New("there is no baseline")
	// ErrExpired says that the valid token expired.
	ErrExpired = errors.New("the token has expired")
	// ErrLimited says that the API refuses requests for their number.
	ErrLimited = errors.New("the API limits the rate of requests")
	// ErrLost says that the baseline held once and no longer does.
	ErrLost = errors.New("the baseline was lost")
)

// StopError says why a run stopped. What was found before is in the report.
type StopError struct {
	// Reason is one clause: what was expected and what came.
	Reason string
	Advice []Advice
	kind   error
}

func stop(kind error, advice []Advice, format string, args ...any) *StopError {
	return &StopError{Reason: fmt.Sprintf(format, args...), Advice: advice, kind: kind}
}

// Advice is what can be done about a run that stopped.
type Advice string

// The advice of a StopError.
const (
	RefreshToken     Advice = "refresh_token"     // get a new token
	ExplainRejection Advice = "explain_rejection" // send the valid token alone, and see why it is rejected
	FollowRedirect   Advice = "follow_redirect"   // probe the address that the redirect leads to
	ProbeProtected   Advice = "probe_protected"   // probe an address that is not for everybody
	ProbeBearer      Advice = "probe_bearer"      // probe an address that takes bearer tokens
	ProbeRejecting   Advice = "probe_rejecting"   // probe an address that answers 401 without a token
	CheckAPI         Advice = "check_api"         // see whether the API still runs
	LowerRate        Advice = "lower_rate"        // the API may lock the caller out: send fewer requests a second
	SlowDown         Advice = "slow_down"         // send fewer requests a second
	LiftLimit        Advice = "lift_limit"        // or switch the API's limit off
)

// Error is the reason.
func (e *StopError) Error() string { return e.Reason }

// Unwrap returns ErrOpen, ErrNoBaseline, ErrExpired, ErrLimited or ErrLost.
func (e *StopError) Unwrap() error { return e.kind }
