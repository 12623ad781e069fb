package call

import "m2m/internal/transport"

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

// Hints returns what to do about an error of this package, one sentence each;
// none for an error it does not know. It does not look at what the error wraps:
// the cause has hints of its own, for whoever was asked.
func Hints(err error, in Situation) []string {
	u, ok := err.(*UnreachableError) //nolint:errorlint // of this error alone: see above
	if !ok {
		return nil
	}
	local := u.IsLocal()
	switch {
	case u.Cause.Fault == transport.FaultRefused && local:
		return []string{"start the API: m2m serve, or m2m serve --local for one with a tenant beside it"}
	case u.Cause.Fault == transport.FaultProtocol && local:
		return []string{"call an API on this machine with http://"}
	case u.Cause.Fault == transport.FaultTimeout:
		return []string{"allow more time with " + in.timeout}
	case u.Cause.Fault == transport.FaultClosed:
		return []string{"have it tried again: " + in.retry}
	}
	return nil
}
