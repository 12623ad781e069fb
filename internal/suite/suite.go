package suite

import (
	_ "embed" // the schema
	"errors"
	"slices"
	"time"

	"m2m/internal/call"
	"m2m/internal/entra"
	"m2m/internal/strictyaml"
)

// The clients that As can name next to those that a suite defines.
const (
	// AsDefault is the client of the settings.
	AsDefault = "default"
	// AsNone sends no token.
	AsNone = "none"
)

// ErrNotRunnable says that a suite cannot be run as it is written; the error that
// wraps it is an *Error.
var ErrNotRunnable = errors.New("the suite cannot be run")

//go:embed suite.schema.json
var schema string

// Schema returns the JSON Schema of a suite's file, for editors. Whatever Parse
// accepts is valid by it. It cannot express that names are unique, that As names a
// client, or that a jq expression can be read.
func Schema() string { return schema }

// Suite is a file of requests and what is expected of their answers: its form is
// checked, its variables are not put in yet.
type Suite struct {
	// File is its name in messages.
	File     string
	clients  []Client
	requests []Request // those of setup, the requests, those of teardown
	captures map[string]int
}

// Phase says when a request is sent.
type Phase string

// The phases, in their order.
const (
	Setup    Phase = "setup"    // before the requests, which are not sent unless all of it passes
	Main     Phase = "requests" // the requests themselves
	Teardown Phase = "teardown" // after them, whatever their results
)

// Request is one request, from the file of its suite to its result.
type Request struct {
	// Name is unique in the suite.
	Name string
	// Line is where it begins in the file, from 1.
	Line  int
	Phase Phase
	Tags  []string
	// As is AsDefault, AsNone or the name of a client of the suite.
	As string
	// URL is the address as it is written, without the values of variables.
	URL string

	// What follows is set by a plan.

	// Timeout bounds the request with its retries, from its start to the end of
	// the body; 0 is no bound.
	Timeout time.Duration
	// Text is the content where it stands in the file of the suite, and File the
	// path of the file that holds it, both with the values of variables and empty
	// without content.
	Text, File string
	// Request is what is sent, without a token; only a part of it where a value is
	// captured from an earlier answer.
	Request call.Request
	// Poll is set for a request that is repeated.
	Poll *Poll

	written written
	needs   []need
}

// need is a captured value that a request cannot be sent without.
type need struct {
	name string
	from int // the request that captures it
}

// Poll says how a request is repeated.
type Poll struct {
	// Until is what an answer must be like to end the repetition.
	Until call.Expect
	// Every is the pause between an answer and the next request.
	Every time.Duration
	// For is how long to go on from the first request on.
	For time.Duration
}

// Client is a client of the suite's own. Its tenant and scope, its secret and its
// password are never in the file itself, but in variables: a file that somebody
// else wrote must not decide where a secret goes.
type Client struct {
	Name string
	Line int
	// Each of these may be unset. ClientID is set if any credential is.
	Tenant, ClientID, Scope         Value
	Secret, SecretFile              Value
	Certificate, FederatedTokenFile Value
	Password, PasswordFile          Value // of the certificate
	// SendChain has the certificate's chain sent too.
	SendChain bool
}

// values are all values of a client.
func (c *Client) values() []*Value {
	return []*Value{
		&c.Tenant, &c.ClientID, &c.Scope, &c.Secret, &c.SecretFile,
		&c.Certificate, &c.FederatedTokenFile, &c.Password, &c.PasswordFile,
	}
}

// Value is a value of a client: what stands in the file, or what the variable
// holds that stands there. The zero value is unset.
type Value struct {
	// Value is set by a plan.
	Value entra.Secret
	// Variable is the variable that is all of the value; empty where the file has
	// the value itself, or a part of it.
	Variable string
	Line     int

	written *template
}

// IsSet reports whether the file has the value.
func (v Value) IsSet() bool { return v.Line > 0 }

// Names lists the requests in the order in which they are sent, those of setup and
// teardown left out.
func (s *Suite) Names() []string {
	var names []string
	for _, q := range s.requests {
		if q.Phase == Main {
			names = append(names, q.Name)
		}
	}
	return names
}

// Tags lists the tags of all requests, sorted, each once.
func (s *Suite) Tags() []string {
	var tags []string
	for _, q := range s.requests {
		tags = append(tags, q.Tags...)
	}
	slices.Sort(tags)
	return slices.Compact(tags)
}

// IsSentAs reports whether any request is sent as a client.
func (s *Suite) IsSentAs(client string) bool {
	return slices.ContainsFunc(s.requests, func(q Request) bool { return q.As == client })
}

// Select returns the suite with only the requests that have any of the tags
// (all, if none are given) and none of those to skip, and those whose values these
// need. Setup and teardown stay. It may be left with no request.
func (s *Suite) Select(tags, skip []string) *Suite {
	chosen := make([]bool, len(s.requests))
	var choose func(i int)
	choose = func(i int) {
		if chosen[i] {
			return
		}
		chosen[i] = true
		for _, name := range s.requests[i].written.uses {
			if from, ok := s.captures[name]; ok && from < i {
				choose(from)
			}
		}
	}
	found := false
	for i, q := range s.requests {
		if q.Phase == Main && (len(tags) == 0 || haveCommon(q.Tags, tags)) && !haveCommon(q.Tags, skip) {
			choose(i)
			found = true
		}
	}
	selected := &Suite{File: s.File, clients: s.clients}
	for i, q := range s.requests {
		if found && (chosen[i] || q.Phase != Main) {
			selected.requests = append(selected.requests, q)
		}
	}
	selected.captures = capturesOf(selected.requests)
	return selected
}

// capturesOf returns which request captures each value.
func capturesOf(requests []Request) map[string]int {
	from := map[string]int{}
	for i, q := range requests {
		for _, c := range q.written.captures {
			from[c.name] = i
		}
	}
	return from
}

func haveCommon(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// Error lists what is wrong in a suite, at least one fault, in the order of the
// file. It wraps ErrNotRunnable. No text in it holds the value of a variable.
type Error struct {
	File   string
	Faults []strictyaml.Fault
	hints  []string
}

func (e *Error) Error() string {
	return (&strictyaml.Error{File: e.File, Faults: e.Faults}).Error()
}

// Hints returns what to do, each sentence once.
func (e *Error) Hints() []string { return e.hints }

// Unwrap returns ErrNotRunnable.
func (e *Error) Unwrap() error { return ErrNotRunnable }
