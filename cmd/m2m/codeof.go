package main

import (
	"context"
	"errors"
	"slices"

	"m2m/internal/call"
	"m2m/internal/exit"
	"m2m/internal/suite"
	"m2m/internal/token"
	"m2m/internal/transport"
)

// codeOf maps an error to an exit code: its own if it carries one, else that
// of the domain error it is.
func codeOf(err error) exit.Code {
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
