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
		case "--output=json":
			return true
		case "--output":
			return i+1 < len(args) && args[i+1] == "json"
		}
		letters, value, _ := strings.Cut(arg, "o") // of flags in one: -vo json, -vojson
		if len(letters) > 0 && letters[0] == '-' && !strings.HasPrefix(arg, "--") {
			if value == "" && i+1 < len(args) {
				value = args[i+1]
			}
			if strings.TrimPrefix(value, "=") == "json" {
				return true
			}
		}
	}
	return false
}
