package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"m2m/internal/exit"
	"m2m/internal/explain"
	"m2m/internal/text"
	"m2m/internal/token"
)

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
		env.say("%s", line)
	}
	for _, hint := range explain.CommandLine.Hints(err) {
		env.say("hint: %s", hint)
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
	report := errorReport{Error: text.Redact(err.Error()), Hints: hints, ExitCode: codeOf(err), Provider: providerDetails(err)}
	if several := checksError(nil); errors.As(err, &several) {
		summary, checks := several.JSON()
		report.Error, report.Checks = text.Redact(summary), checks
	}
	writeJSON(env.stderr, report)
}

// say prints one line of the program's own on stderr.
func (env *Env) say(format string, args ...any) {
	fmt.Fprintf(env.stderr, "m2m: %s\n", strings.TrimRight(text.Printable(text.Redact(fmt.Sprintf(format, args...))), "\n"))
}

// writeJSONLine prints v as one line, for programs that read line by line.
func writeJSONLine(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// writeJSON prints v as one indented JSON document with the characters of URLs
// left readable.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
