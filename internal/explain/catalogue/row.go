package catalogue

import (
	_ "embed"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"m2m/internal/text"
)

// About is what an error is about: it decides what must be known before the row can
// be the cause.
type About string

// What errors are about.
const (
	Token   About = "token"   // what was sent as a token
	Caller  About = "caller"  // whether this caller may do this
	Network About = "network" // where the request comes from
	Request About = "request" // what was asked for
	Server  About = "server"  // the other side's state
	Entry   About = "entry"   // something that the gateway requires in addition to the token
)

// Certainty says how sure a cause is.
type Certainty string

// The certainties.
const (
	Certain  Certainty = "certain"
	Likely   Certainty = "likely"
	Possible Certainty = "possible"
)

// Row is one error: how it is recognised, what it means, and what to do.
type Row struct {
	ID    string `json:"id"`
	About About  `json:"about"`
	// Service names who sends it, for people; "" for words that many use.
	Service string `json:"service,omitempty"`

	// All of the following that are given must match.
	Who    []string `json:"who,omitempty"`    // ids of services, one of which answered
	Status []int    `json:"status,omitempty"` // one of these; 5 stands for every 5xx, 4 for every 4xx
	Codes  []string `json:"codes,omitempty"`  // one of these is among the response's codes
	Words  []string `json:"words,omitempty"`  // one of these expressions matches
	All    []string `json:"all,omitempty"`    // all of these match
	Not    []string `json:"not,omitempty"`    // none of these matches
	Header []string `json:"header,omitempty"` // "name" or "name: part", one of these
	// When are conditions on what was sent, each of which holds; "!" negates.
	When []string `json:"when,omitempty"`

	// Cause is one clause; {1} is what the first group of Words matched, {name} a
	// value of the evidence, {name|text} with a text for where there is none.
	Cause     string    `json:"cause"`
	Certainty Certainty `json:"certainty"`
	// Fix says what to do, one action each. Do are codes of advice of m2m's own.
	Fix []string `json:"fix,omitempty"`
	Do  []string `json:"do,omitempty"`
	// Source is where the answer is documented or quoted.
	Source string `json:"source"`
}

//go:embed errors.json
var errorsJSON []byte

var rows = sync.OnceValue(func() []Row { return decode[Row](errorsJSON) })

// Rows returns every row. The caller does not change them.
func Rows() []Row { return rows() }

// Response is what rows are matched with.
type Response struct {
	Status   int
	Services []string // ids of those that answered
	Codes    []string
	Words    string
	Header   http.Header
	// Is reports whether a condition on what was sent holds.
	Is func(condition string) bool
}

// Owner is the id of the service that alone sends a row's error; "" for an error
// that several send. The id of such a row begins with it: "keyvault.rbac".
func (row Row) Owner() string {
	owner, _, found := strings.Cut(row.ID, ".")
	if _, isService := ServiceByID(owner); !found || !isService {
		return ""
	}
	return owner
}

// IsMeaning reports a row that says what words mean, whoever writes them.
func (row Row) IsMeaning() bool { return strings.HasPrefix(row.ID, "words.") }

// Find returns the first row that matches and is accepted, and what the groups of
// its words matched.
func Find(r Response, accept func(Row) bool) (row Row, groups []string, ok bool) {
	for _, row := range rows() {
		if !accept(row) {
			continue
		}
		if groups, ok := row.match(r); ok {
			return row, groups, true
		}
	}
	return Row{}, nil, false
}

func (row Row) match(r Response) (groups []string, ok bool) {
	if !row.statusMatches(r.Status) || !intersects(row.Who, r.Services) || !intersects(row.Codes, r.Codes) || !row.headerMatches(r.Header) {
		return nil, false
	}
	for _, condition := range row.When {
		wanted, isNegated := strings.CutPrefix(condition, "!")
		if r.Is(wanted) == isNegated {
			return nil, false
		}
	}
	matches := func(expression string) bool { return compiled(expression).MatchString(r.Words) }
	if slices.ContainsFunc(row.Not, matches) || slices.ContainsFunc(row.All, func(e string) bool { return !matches(e) }) {
		return nil, false
	}
	for _, expression := range row.Words {
		if groups := compiled(expression).FindStringSubmatch(r.Words); groups != nil {
			return groups, true
		}
	}
	return nil, len(row.Words) == 0
}

func (row Row) statusMatches(status int) bool {
	return len(row.Status) == 0 || slices.ContainsFunc(row.Status, func(s int) bool { return s == status || s == status/100 })
}

// intersects reports whether one of the wanted is there; true if none is wanted.
func intersects(wanted, there []string) bool {
	return len(wanted) == 0 || slices.ContainsFunc(there, func(have string) bool {
		return slices.ContainsFunc(wanted, func(want string) bool { return strings.EqualFold(have, want) })
	})
}

func (row Row) headerMatches(h http.Header) bool {
	return len(row.Header) == 0 || Service{Headers: row.Header}.header(h) != ""
}

// Lookup returns the rows that a person may mean by a text: a row's id, a code of
// it, a service's name and a code ("Graph 40001"), or words of the error.
func Lookup(query string) []Row {
	var found []Row
	q := strings.Fields(text.LowerASCII(query))
	for _, row := range rows() {
		names := text.LowerASCII(strings.Join(append([]string{row.ID, row.Service}, row.Codes...), " "))
		if matchesAll(names, q) {
			found = append(found, row)
		}
	}
	if len(found) == 0 && query != "" { // a whole message
		for _, row := range rows() {
			for _, expression := range append(slices.Clone(row.Words), row.All...) {
				if len(expression) > 6 && compiled(expression).MatchString(query) {
					found = append(found, row)
					break
				}
			}
		}
	}
	return found
}

func matchesAll(names string, words []string) bool {
	for _, word := range words {
		if !strings.Contains(names, word) {
			return false
		}
	}
	return len(words) > 0
}

// plainForm finds what Cause and Fix leave open.
var plainForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{( ?)([a-z0-9_]+)(\|([^{}]*))?\}`) })

// Plain returns a sentence of a row for a reader without a response at hand: the text
// for a value that is not known, or the value's name in capitals.
func Plain(sentence string) string {
	return plainForm().ReplaceAllStringFunc(sentence, func(s string) string {
		m := plainForm().FindStringSubmatch(s)
		switch {
		case m[3] != "":
			return m[4]
		case m[1] != "": // { name} is left out where it is not known
			return ""
		case m[2] == "1" || m[2] == "2":
			return "what the message names"
		}
		return strings.ToUpper(m[2])
	})
}
