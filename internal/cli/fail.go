package cli

import (
	"context"
	"errors"
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

// CodeOf returns the exit code of an error: its own if it is an exit.Coder, else
// that of the domain error in it.
func CodeOf(err error) exit.Code {
	var coder exit.Coder
	switch {
	case err == nil:
		return exit.Done
	case errors.As(err, &coder):
		return coder.ExitCode()
	case isAny(err, token.ErrSettings, transport.ErrCAFile, transport.ErrProxySetting,
		call.ErrAddress, call.ErrPlainHTTP, suite.ErrNotRunnable):
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

// report prints the reason of an error, then its hints. Each line begins with the
// program's name, for logs that several programs share.
func (env *Env) report(err error, asJSON bool) {
	if errors.As(err, new(exit.Reported)) {
		return
	}
	if asJSON {
		env.reportJSON(err)
		return
	}
	first, rest, _ := strings.Cut(err.Error(), "\n")
	env.say(Palette.Bold, first)
	if rest != "" {
		env.Say("%s", rest)
	}
	if withFacts := (interface{ Facts() []string })(nil); env.Verbose && errors.As(err, &withFacts) {
		for _, fact := range withFacts.Facts() {
			env.Say("  %s", fact)
		}
	}
	for _, hint := range explain.CommandLine.Hints(err) {
		env.Say("hint: %s", hint)
	}
}

// asksForJSON reports whether a command line that did not parse has -o json, so
// that its errors are JSON too.
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

// errorReport is the JSON form of an error, on stderr, for -o json. Its keys are
// stable.
type errorReport struct {
	Error    string    `json:"error"`
	Hints    []string  `json:"hints"`
	ExitCode exit.Code `json:"exit_code"`
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
