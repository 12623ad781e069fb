package suite

import (
	"slices"
	"time"

	"m2m/internal/call"
)

// The clients that As can name beside those that a suite defines.
const (
	// AsDefault is the client of the settings.
	AsDefault = "default"
	// AsNone sends no token.
	AsNone = "none"
)

// Suite is a file of requests and what is expected of their answers, as it is
// written: its form is checked, its variables are not put in yet.
type Suite struct {
	// File is what messages call it.
	File     string
	clients  []writtenClient
	requests []written
}

// Request is a request of a suite, ready to be sent.
type Request struct {
	// Name is unique in the suite.
	Name string
	// Line is where it begins in the file, from 1.
	Line int
	Tags []string
	// As is AsDefault, AsNone or the name of a client of the suite.
	As string
	// URL is the address as it is written, without the values of variables.
	URL string
	// Timeout bounds the request with its retries, from its start to the end of
	// the body.
	Timeout time.Duration
	// Text is the content where it stands in the file of the suite, and File the
	// path of the file that holds it, both with the values of variables and empty
	// without content.
	Text, File string
	// Request is what is sent. Its Token is for the caller to fill in.
	Request call.Request
}

// Client is a client of the suite's own. Its tenant and scope, its secret
// and its password are never in the file itself, but in variables: a file that
// somebody else wrote must not decide where a secret goes.
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

// Parse reads a suite, strictly: YAML of one document, without anchors,
// aliases, merges and tags, with the keys of the schema (SuiteSchema) and no
// others, each once. file is what messages call it. The error is a *SuiteError
// with everything that is wrong. What a variable decides is not looked at.
func Parse(file string, data []byte) (*Suite, error) {
	r := &reader{faultList: faultList{file: file}}
	s := &Suite{File: file}
	if root := parseYAML(r, data); root != nil && len(r.faults) == 0 {
		r.suite(s, root)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	dry := &builder{faultList: faultList{file: file}, dry: true}
	dry.requests(s.requests)
	if err := dry.err(); err != nil {
		return nil, err
	}
	return s, nil
}

// Names lists the requests in the order of the file.
func (s *Suite) Names() []string {
	var names []string
	for _, q := range s.requests {
		names = append(names, q.name)
	}
	return names
}

// Tags lists the tags of all requests, sorted, each once.
func (s *Suite) Tags() []string {
	var tags []string
	for _, q := range s.requests {
		tags = append(tags, q.tags...)
	}
	slices.Sort(tags)
	return slices.Compact(tags)
}

// IsSentAs reports whether any request is sent as a client.
func (s *Suite) IsSentAs(client string) bool {
	return slices.ContainsFunc(s.requests, func(q written) bool { return q.as == client })
}

// Select returns the suite with only the requests that have any of the tags
// (all, if none are given) and none of those to skip. It may be left with none.
func (s *Suite) Select(tags, skip []string) *Suite {
	selected := *s
	selected.requests = nil
	for _, q := range s.requests {
		if (len(tags) == 0 || shareOne(q.tags, tags)) && !shareOne(q.tags, skip) {
			selected.requests = append(selected.requests, q)
		}
	}
	return &selected
}

func shareOne(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}
