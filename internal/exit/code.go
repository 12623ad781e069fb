package exit

import "os"

// Code is the exit code of the process.
type Code int

// The exit codes.
const (
	Done         Code = 0
	Unexpected   Code = 1
	Usage        Code = 2
	Rejected     Code = 3 // the token is invalid, or the input is not a token
	Provider     Code = 4 // the identity provider rejected the request
	Unknown      Code = 5 // it could not be decided: network, time-out, no keys
	Unmet        Code = 6 // HTTP status or expectation not met, or a hole found
	Unverifiable Code = 7 // only its audience can validate this token
	Interrupted  Code = 130
)

// Coder is an error with the exit code of a command that returns it.
type Coder interface {
	error
	ExitCode() Code
}

// Reported is the error of a command that exits with Code and prints no message,
// because its output has the reason: a report, or that of a child command.
type Reported struct{ Code Code }

func (r Reported) Error() string { return "the outcome is already reported" }

// ExitCode implements Coder.
func (r Reported) ExitCode() Code { return r.Code }

// SignalError is the cause of a context that a signal has cancelled.
type SignalError struct{ Signal os.Signal }

func (e SignalError) Error() string { return "stopped by a signal: " + e.Signal.String() }

// ExitCode implements Coder.
func (e SignalError) ExitCode() Code { return Interrupted }
