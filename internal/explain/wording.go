package explain

import (
	"fmt"
	"slices"

	"m2m/internal/call"
	"m2m/internal/text"
	"m2m/internal/token"
	"m2m/internal/transport"
)

// Situation is where a person reads advice and acts on it: it names what a
// request can have by the flags of a command or by the keys of a suite's file.
type Situation struct {
	header, method, follow, retry, timeout, withToken string
	twoAuthorizations                                 string
	inAnswer                                          bool // no flag and no command can be named
}

// The situations.
var (
	// CommandLine is for who typed m2m call.
	CommandLine = Situation{
		header: "-H", method: "-X", follow: "-L", retry: "--retry 3", timeout: "--timeout",
		withToken:         "call it with a token: without --no-token, m2m call gets one and sends it",
		twoAuthorizations: "leave out one of them: with --no-token, m2m call sends none of its own",
	}
	// SuiteFile is for who wrote a suite.
	SuiteFile = Situation{
		header: `"headers"`, method: `"method"`, follow: `"follow: true"`, retry: `"retry: 3"`, timeout: `"timeout"`,
		withToken:         `send it as a client: leave out "as: none"`,
		twoAuthorizations: `leave the header out, or send the request "as: none"`,
	}
	// HTTPAnswer is for who reads the answer of an API.
	HTTPAnswer = Situation{inAnswer: true}
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
	switch e := err.(type) { //nolint:errorlint // the tree is walked one error at a time
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
	switch e := err.(type) { //nolint:errorlint // of this error alone: the tree is walked
	case interface{ Hints() []string }:
		return slices.Clone(e.Hints())
	case interface{ Advice() []Advice }:
		var hints []string
		for _, a := range e.Advice() {
			hints = append(hints, s.adviceText(a))
		}
		return hints
	case *transport.Error:
		return connectionHints(e)
	case *transport.CAFileError:
		return caFileHints(e)
	case *transport.ProxySettingError:
		return []string{"correct " + e.Variable + ", or unset it to connect without a proxy"}
	case *call.UnreachableError:
		return s.unreachable(e)
	case *call.AddressError:
		return s.address(e)
	case *token.UnreachableError:
		return unreachableProviderHints(e)
	case *token.PlatformError:
		return platformHints(e)
	case *token.Outage:
		return outageHints(e)
	case *token.Refusal:
		return refusalHints(e)
	}
	if err == call.ErrTwoAuthorizations { //nolint:errorlint // of this error alone: the tree is walked
		return []string{s.twoAuthorizations}
	}
	return nil
}

// unreachable is about an API that does not answer. The cause has hints of its
// own, whoever did not answer.
func (s Situation) unreachable(e *call.UnreachableError) []string {
	switch {
	case e.Cause.Fault == transport.FaultRefused && e.IsLocal():
		return []string{"start the API: m2m serve, or m2m serve --local for one with a local tenant"}
	case e.Cause.Fault == transport.FaultProtocol && e.IsLocal():
		return []string{"call an API on this machine with http://"}
	case e.Cause.Fault == transport.FaultTimeout:
		return []string{"allow more time with " + s.timeout}
	case e.Cause.Fault == transport.FaultClosed:
		return []string{"have it tried again: " + s.retry}
	}
	return nil
}

// address is about an address that cannot be called.
func (s Situation) address(e *call.AddressError) []string {
	switch e.Fault {
	case call.AddressTwoSlashes:
		return []string{"write " + e.Instead + ", or the path with one slash"}
	case call.AddressBaseQuery:
		return []string{"set API_URL to the part before the question mark"}
	case call.AddressCharacter:
		return []string{"write a space as %20, and quote the address in the shell"}
	case call.AddressTooLong:
		return []string{"send long input as a body"}
	case call.AddressNoScheme:
		return []string{"write " + e.Instead}
	case call.AddressOtherScheme:
		return []string{"give an http or https address"}
	case call.AddressNeither:
		return []string{fmt.Sprintf("write /%s for a path of the API, or https://%s for an address", e.Instead, e.Instead)}
	case call.AddressUser:
		return []string{"leave them out: a token proves who calls; other credentials go into a header"}
	case call.AddressForeignHost:
		return []string{"write the host in its xn-- form, which says exactly which host it is"}
	case call.AddressInClear:
		return []string{
			"call " + e.Instead,
			"if the network is trusted, add --insecure-http; a request without credentials may go as it is",
		}
	case call.AddressMissing, call.AddressSyntax, call.AddressNoHost, call.AddressPort:
	}
	return nil
}

// Advice is something to do, as data: a code, and the values that it names.
type Advice struct {
	Code AdviceCode
	Args []string
}

// AdviceCode names what to do.
type AdviceCode string

// What to do about a suite that cannot be run.
const (
	SetVariable          AdviceCode = "set_variable"
	SetVariableOrDefault AdviceCode = "set_variable_or_default"
	PutUnderClients      AdviceCode = "put_under_clients" // a credential that was to be sent
	SendToAPI            AdviceCode = "send_to_api"
	AllowOrigin          AdviceCode = "allow_origin" // Args: the origin
)

// adviceText returns advice as a sentence.
func (s Situation) adviceText(a Advice) string {
	switch a.Code {
	case SetVariable:
		return "set it in the environment"
	case SetVariableOrDefault:
		return "set it in the environment, or give it a default: ${NAME:-value}"
	case PutUnderClients:
		return "under clients it can stand as client_secret or certificate_password"
	case SendToAPI:
		return "a suite sends only to the scheme, host and port of the API: give its address with --api-url, or in API_URL"
	case AllowOrigin:
		return "or allow this one too: --allow-origin " + text.ShellQuote(a.Args[0])
	}
	return string(a.Code)
}
