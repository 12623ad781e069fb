package explain

import (
	"slices"

	"m2m/internal/call"
	"m2m/internal/transport"
)

// Situation is where a person reads advice and acts on it: it names what a
// request can have by the flags of a command or by the keys of a suite's file.
type Situation struct{ header, method, follow, retry, timeout, withToken string }

// The situations.
var (
	// CommandLine is for who typed m2m call.
	CommandLine = Situation{
		header: "-H", method: "-X", follow: "-L", retry: "--retry 3", timeout: "--timeout",
		withToken: "call it with a token: without --no-token, m2m call gets one and sends it",
	}
	// SuiteFile is for who wrote a suite.
	SuiteFile = Situation{
		header: `"headers"`, method: `"method"`, follow: `"follow: true"`, retry: `"retry: 3"`, timeout: `"timeout"`,
		withToken: `send it as a client: leave out "as: none"`,
	}
)

func (s Situation) orCommandLine() Situation {
	if s == (Situation{}) {
		return CommandLine
	}
	return s
}

// Hints returns what to do about an error and about each error that it wraps, the
// outermost first: one action a line. An error with a method Hints words its own.
func (s Situation) Hints(err error) []string {
	hints := s.hintsOf(err)
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		hints = append(hints, s.Hints(e.Unwrap())...)
	case interface{ Unwrap() []error }:
		for _, joined := range e.Unwrap() {
			hints = append(hints, s.Hints(joined)...)
		}
	}
	return hints
}

// hintsOf returns the advice about one error of a tree.
func (s Situation) hintsOf(err error) []string {
	switch e := err.(type) {
	case interface{ Hints() []string }:
		return slices.Clone(e.Hints())
	case *call.UnreachableError:
		return s.unreachable(e)
	}
	return nil
}

// unreachable is about an API that does not answer. The cause has hints of its
// own, for whoever was asked.
func (s Situation) unreachable(e *call.UnreachableError) []string {
	switch {
	case e.Cause.Fault == transport.FaultRefused && e.IsLocal():
		return []string{"start the API: m2m serve, or m2m serve --local for one with a tenant beside it"}
	case e.Cause.Fault == transport.FaultProtocol && e.IsLocal():
		return []string{"call an API on this machine with http://"}
	case e.Cause.Fault == transport.FaultTimeout:
		return []string{"allow more time with " + s.timeout}
	case e.Cause.Fault == transport.FaultClosed:
		return []string{"have it tried again: " + s.retry}
	}
	return nil
}
