package exit

import (
	"errors"
	"fmt"
)

// Error is why a command failed, in words for its user, without secrets. Make
// one with Usagef or Errorf and complete it with Hint and Wrap.
type Error struct {
	code   Code
	reason string
	cause  string
	facts  []string
	hints  []string
	err    error
}

// Usagef makes the error of a fault in what the user gave: the command line, a
// setting, a file that one of them names.
func Usagef(format string, args ...any) *Error { return Errorf(Usage, format, args...) }

// Errorf makes an error with any exit code. The format has no %w: see Wrap.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{code: code, reason: fmt.Sprintf(format, args...)}
}

// Hint adds what the user can do next, one action each, and returns e.
func (e *Error) Hint(hints ...string) *Error {
	e.hints = append(e.hints, hints...)
	return e
}

// Hintf adds one formatted hint and returns e.
func (e *Error) Hintf(format string, args ...any) *Error {
	return e.Hint(fmt.Sprintf(format, args...))
}

// Wrap sets the cause that errors.Is and errors.As find, and returns e. The
// cause adds no words; nil means none.
func (e *Error) Wrap(err error) *Error {
	e.err = err
	return e
}

// Addf adds a line to the reason and returns e.
func (e *Error) Addf(format string, args ...any) *Error {
	e.reason += "\n" + fmt.Sprintf(format, args...)
	return e
}

// Error returns the reason; it may have several lines.
func (e *Error) Error() string { return e.reason }

// Because sets the cause in words, for programs: people read it in the reason.
// It returns e.
func (e *Error) Because(cause string) *Error {
	e.cause = cause
	return e
}

// Cause returns the cause in words; empty if the reason says it all.
func (e *Error) Cause() string { return e.cause }

// Fact adds what supports the reason, a line each, and returns e. It is shown to
// people who ask for more, and to programs.
func (e *Error) Fact(facts ...string) *Error {
	e.facts = append(e.facts, facts...)
	return e
}

// Facts returns what supports the reason.
func (e *Error) Facts() []string { return e.facts }

// Hints returns the hints of e alone, without those of its cause.
func (e *Error) Hints() []string { return e.hints }

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.err }

// ExitCode implements Coder.
func (e *Error) ExitCode() Code { return e.code }

// RootCause returns the last error of a chain, mostly that of the operating system.
func RootCause(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// The causes of EmptyFlag and Conflict.
var (
	ErrFlagEmpty    = errors.New("a flag has an empty value")
	ErrFlagConflict = errors.New("two flags exclude each other")
)

// EmptyFlag is the error of a flag, named without dashes, that has an empty value.
func EmptyFlag(name string) *Error {
	return Usagef("--%s has an empty value", name).
		Hint("give it a value, or leave it out; if the value is a variable, it is not set").
		Wrap(ErrFlagEmpty)
}

// Conflict is the error of two flags, named with dashes, of which only one may
// be given.
func Conflict(one, other string) *Error {
	return Usagef("%s and %s exclude each other", one, other).Hint("leave one of them out").Wrap(ErrFlagConflict)
}
