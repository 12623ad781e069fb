package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/call"
	"m2m/internal/cli/clitest"
	"m2m/internal/exit"
	"m2m/internal/token"
	"m2m/internal/transport"
)

func TestErrorPage(t *testing.T) { clitest.CheckJSONPage(t, "## Errors", errorReport{}) }

func TestReportJSON(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		want string
	}{
		{"one line", exit.Usagef("no address to call").Hint("m2m call /x"), `{
  "error": "no address to call",
  "facts": [],
  "hints": [
    "m2m call /x"
  ],
  "retryable": false,
  "exit_code": 2
}
`},
		{"facts and a cause", exit.Errorf(exit.Unmet, "403 Forbidden\nthe role is missing\nmore").Because("the role is missing").Fact("seen"), `{
  "error": "403 Forbidden",
  "cause": "the role is missing",
  "facts": [
    "more",
    "seen"
  ],
  "hints": [],
  "retryable": false,
  "exit_code": 6
}
`},
	} {
		var out bytes.Buffer
		(&Env{Stderr: &out}).reportJSON(tt.err)
		if diff := cmp.Diff(tt.want, out.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestIsRetryable(t *testing.T) {
	status := func(found string) error {
		return &call.ExpectationError{Unmet: []call.Expectation{{Name: "status", Found: found}}}
	}
	for name, tt := range map[string]struct {
		err  error
		want bool
	}{
		"usage":                 {exit.Usagef("x"), false},
		"time-out":              {fmt.Errorf("x: %w", context.DeadlineExceeded), true},
		"refused connection":    {&transport.Error{Fault: transport.FaultRefused}, true},
		"wrong certificate":     {&transport.Error{Fault: transport.FaultHostname}, false},
		"no answer":             {token.ErrUnavailable, true},
		"throttled":             {&token.Outage{Status: 429}, true},
		"not Entra":             {&token.Outage{Status: 404}, false},
		"wrong secret":          {&token.Refusal{AADSTS: []int{7000215}}, false},
		"busy":                  {&token.Refusal{AADSTS: []int{90033}}, true},
		"401":                   {status("401 Unauthorized"), false},
		"503":                   {status("503 Service Unavailable"), true},
		"501":                   {status("501 Not Implemented"), false},
		"429 inside exit.Error": {exit.Errorf(exit.Unmet, "x").Wrap(status("429 Too Many Requests")), true},
		"unknown":               {errors.New("x"), false},
	} {
		if got := isRetryable(tt.err); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

// TestWarningsAreFacts: a warning before an error is in its object.
func TestWarningsAreFacts(t *testing.T) {
	var out bytes.Buffer
	env := &Env{Stderr: &out, holdNotes: true}
	env.Say("warning: %s", "the clock is wrong")
	env.reportJSON(exit.Usagef("x"))
	const want = `{
  "error": "x",
  "facts": [
    "warning: the clock is wrong"
  ],
  "hints": [],
  "retryable": false,
  "exit_code": 2
}
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
