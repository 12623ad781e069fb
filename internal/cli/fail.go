package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"m2m/internal/call"
	"m2m/internal/exit"
	"m2m/internal/explain"
	"m2m/internal/suite"
	"m2m/internal/text"
	"m2m/internal/token"
	"m2m/internal/transport"
)

// CodeOf maps an error to an exit code: its own if it carries one, else that
// of the domain error it is.
func CodeOf(err error) exit.Code {
	var coder exit.Coder
	switch {
	case err == nil:
		return exit.Done
	case errors.As(err, &coder):
		return coder.ExitCode()
	case isAny(err, token.ErrSettings, transport.ErrCAFile, call.ErrAddress, call.ErrPlainHTTP, suite.ErrNotRunnable):
		return exit.Usage
	case errors.Is(err, token.ErrRefused):
		return exit.Provider
	case isAny(err, token.ErrUnavailable, call.ErrUnreachable, context.DeadlineExceeded):
		return exit.Unknown
	case errors.Is(err, call.ErrExpectation):
		return exit.Unmet
	case errors.Is(err, context.Canceled):
		return exit.Interrupted
	}
	return exit.Unexpected
}

func isAny(err error, targets ...error) bool {
	return slices.ContainsFunc(targets, func(target error) bool { return errors.Is(err, target) })
}

// report prints why a command failed: the reason, then what to do, each line
// with the program's name in front, so that it can be told apart in a log that
// several programs share.
func (env *Env) report(err error, asJSON bool) {
	if errors.As(err, new(exit.Reported)) {
		return
	}
	if asJSON {
		env.reportJSON(err)
		return
	}
	for line := range strings.Lines(err.Error()) {
		env.Say("%s", line)
	}
	for _, hint := range explain.CommandLine.Hints(err) {
		env.Say("hint: %s", hint)
	}
}

// asksForJSON reports whether a command line that could not be understood asks
// for JSON, so that a program which reads it gets its mistakes in JSON too.
func asksForJSON(args []string) bool {
	for i, arg := range args {
		switch arg {
		case "--":
			return false
		case "-ojson", "-o=json", "--output=json":
			return true
		case "-o", "--output":
			return i+1 < len(args) && args[i+1] == "json"
		}
	}
	return false
}

// errorReport is the JSON form of a failure, on stderr, for -o json.
type errorReport struct {
	Error    string    `json:"error"`
	Hints    []string  `json:"hints"`
	ExitCode exit.Code `json:"exit_code"`
	// Provider is what the identity provider said, if it was the one to refuse.
	Provider *providerReport `json:"provider,omitempty"`
	// Checks are those of an error that is a report of several.
	Checks any `json:"checks,omitempty"`
}

// checksError is an error whose text has a line for each of several checks. In
// JSON a summary is its text, and the checks are a list.
type checksError interface {
	error
	JSON() (summary string, checks any)
}

type providerReport struct {
	Status        int    `json:"status"`
	Error         string `json:"error"`
	AADSTS        []int  `json:"aadsts"`
	Description   string `json:"description"`
	TraceID       string `json:"trace_id"`
	CorrelationID string `json:"correlation_id"`
	Timestamp     string `json:"timestamp"`
	Claims        string `json:"claims,omitempty"`
}

func providerDetails(err error) *providerReport {
	var r *token.Refusal
	if !errors.As(err, &r) {
		return nil
	}
	return &providerReport{r.Status, r.Code, r.AADSTS, r.Description, r.TraceID, r.CorrelationID, r.Timestamp, r.Claims}
}

func (env *Env) reportJSON(err error) {
	hints := explain.CommandLine.Hints(err)
	if hints == nil {
		hints = []string{}
	}
	for i := range hints {
		hints[i] = text.Redact(hints[i])
	}
	report := errorReport{Error: text.Redact(err.Error()), Hints: hints, ExitCode: CodeOf(err), Provider: providerDetails(err)}
	if several := checksError(nil); errors.As(err, &several) {
		summary, checks := several.JSON()
		report.Error, report.Checks = text.Redact(summary), checks
	}
	WriteJSON(env.Stderr, report)
}

// Say prints one line of the program's own on stderr.
func (env *Env) Say(format string, args ...any) {
	fmt.Fprintf(env.Stderr, "m2m: %s\n", strings.TrimRight(text.Printable(text.Redact(fmt.Sprintf(format, args...))), "\n"))
}
