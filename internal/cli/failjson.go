package cli

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"

	"m2m/internal/call"
	"m2m/internal/entra"
	"m2m/internal/exit"
	"m2m/internal/explain"
	"m2m/internal/text"
	"m2m/internal/token"
	"m2m/internal/transport"
)

// errorReport is the JSON form of an error, on stderr, for -o json. docs/json.md
// describes its keys.
type errorReport struct {
	Error string `json:"error"` // one line
	Cause string `json:"cause,omitempty"`
	// Facts are what the error rests on, and what else is wrong.
	Facts     []string  `json:"facts"`
	Hints     []string  `json:"hints"`
	Retryable bool      `json:"retryable"` // the same command may succeed later
	ExitCode  exit.Code `json:"exit_code"`
	// Provider is the response of the identity provider that rejected the request.
	Provider *providerReport `json:"provider,omitempty"`
	// Checks are those of a checksError.
	Checks any `json:"checks,omitempty"`
}

// checksError is an error with a line for each of several checks. In JSON the
// summary stands for its text, and the checks are a list.
type checksError interface {
	error
	JSON() (summary string, checks any)
}

type providerReport struct {
	Status        int    `json:"status,omitempty"`
	Error         string `json:"error"`
	AADSTS        []int  `json:"aadsts"`
	Description   string `json:"description,omitempty"`
	TraceID       string `json:"trace_id,omitempty"`
	CorrelationID string `json:"correlation_id,omitempty"`
	Timestamp     string `json:"timestamp,omitempty"`
	Claims        string `json:"claims,omitempty"`
}

func providerDetails(err error) *providerReport {
	var (
		r *token.Refusal
		p *token.PlatformError
	)
	switch {
	case errors.As(err, &p) && p.Status != 0:
		return &providerReport{
			Status: p.Status, Error: p.Code, AADSTS: append([]int{}, p.AADSTS...), Description: p.Message, CorrelationID: p.ID,
		}
	case !errors.As(err, &r):
		return nil
	}
	return &providerReport{r.Status, r.Code, append([]int{}, r.AADSTS...), r.Description, r.TraceID, r.CorrelationID, r.Timestamp, r.Claims}
}

func (env *Env) reportJSON(err error) {
	cause := causeOf(err)
	lines := strings.Split(err.Error(), "\n")
	report := errorReport{
		Error: text.Redact(lines[0]), Cause: text.Redact(cause), Facts: []string{}, Hints: []string{},
		Retryable: isRetryable(err), ExitCode: CodeOf(err), Provider: providerDetails(err),
	}
	facts := lines[1:]
	if several := checksError(nil); errors.As(err, &several) {
		report.Error, report.Checks = several.JSON()
		facts = nil
	}
	if withFacts := (interface{ Facts() []string })(nil); errors.As(err, &withFacts) {
		facts = append(facts[:len(facts):len(facts)], withFacts.Facts()...)
	}
	for _, fact := range facts {
		if cause == "" || !strings.HasSuffix(fact, cause) { // it is a line of the message too
			report.Facts = append(report.Facts, text.Redact(strings.TrimSpace(fact)))
		}
	}
	for _, note := range env.notes {
		report.Facts = append(report.Facts, text.Redact(note))
	}
	for _, hint := range explain.CommandLine.Hints(err) {
		report.Hints = append(report.Hints, text.Redact(hint))
	}
	var b strings.Builder
	WriteJSON(&b, report)
	io.WriteString(env.Stderr, env.hideMisplaced(b.String()))
}

// causeOf is the cause of an error in words; empty if the error itself says it.
func causeOf(err error) string {
	var (
		withCause interface{ Cause() string }
		refusal   *token.Refusal
	)
	if errors.As(err, &refusal) {
		entry, _ := refusal.Known()
		return strings.TrimRight(entry.Cause, ". ")
	}
	if errors.As(err, &withCause) {
		return withCause.Cause()
	}
	return ""
}

// isRetryable reports whether the same command may succeed later without a change.
func isRetryable(err error) bool {
	var (
		refusal     *token.Refusal
		outage      *token.Outage
		platform    *token.PlatformError
		connection  *transport.Error
		expectation *call.ExpectationError
	)
	switch {
	case errors.As(err, &refusal):
		entry, known := refusal.Known()
		return refusal.RetryAfter > 0 || known && entry.Retry != entra.RetryNever
	case errors.As(err, &outage):
		return outage.Transient()
	case errors.As(err, &platform):
		return platform.Transient()
	case errors.As(err, &connection):
		return !connection.Fault.Lasting()
	case errors.As(err, &expectation):
		for _, e := range expectation.Unmet {
			status, _, _ := strings.Cut(e.Found, " ")
			if code, err := strconv.Atoi(status); e.Name == "status" && err == nil {
				return code == 408 || code == 429 || code >= 500 && code != 501
			}
		}
		return false
	}
	return isAny(err, token.ErrUnavailable, call.ErrUnreachable, context.DeadlineExceeded)
}
