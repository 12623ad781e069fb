package main

import (
	"context"
	"errors"
	"slices"

	"m2m/internal/call"
	"m2m/internal/token"
	"m2m/internal/transport"
)

// exitCode is what the process says to the one that started it. DESIGN fixes
// the meanings; help.go holds the sentences for users.
type exitCode int

const (
	exitDone         exitCode = 0
	exitUnexpected   exitCode = 1
	exitUsage        exitCode = 2
	exitRefused      exitCode = 3
	exitProvider     exitCode = 4
	exitUnknown      exitCode = 5
	exitAnswer       exitCode = 6
	exitUnverifiable exitCode = 7
	exitInterrupted  exitCode = 130
)

// outcome ends a command whose data is already printed and speaks for itself:
// the report of a refused token, the exit code of a command under serve --local.
type outcome struct{ code exitCode }

func (o outcome) Error() string { return "the outcome is already told" }

// failure is an error of the command line itself, with the code it ends in.
type failure struct {
	code   exitCode
	reason string
	hints  []string
	err    error // the cause; may be nil
}

func (f *failure) Error() string   { return f.reason }
func (f *failure) Hints() []string { return f.hints }
func (f *failure) Unwrap() error   { return f.err }

// codeOf maps an error to the exit code that DESIGN section 4 gives it.
func codeOf(err error) exitCode {
	var (
		told  outcome
		fail  *failure
		start *unfit
		usage *usageError
	)
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &told):
		return told.code
	case errors.As(err, &start):
		return start.exitCode()
	case errors.As(err, &fail):
		return fail.code
	case errors.As(err, &usage), isAny(err, token.ErrSettings, transport.ErrCAFile, call.ErrAddress, call.ErrPlainHTTP, call.ErrSuite):
		return exitUsage
	case errors.Is(err, token.ErrRefused):
		return exitProvider
	case isAny(err, token.ErrUnavailable, call.ErrUnreachable, context.DeadlineExceeded):
		return exitUnknown
	case errors.Is(err, call.ErrExpectation):
		return exitAnswer
	case errors.As(err, new(interrupted)), errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	return exitUnexpected
}

func isAny(err error, targets ...error) bool {
	return slices.ContainsFunc(targets, func(target error) bool { return errors.Is(err, target) })
}

// rootCause is the last error of a chain: what the system said.
func rootCause(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}
