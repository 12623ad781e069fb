package suite

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"m2m/internal/call"
	"m2m/internal/jq"
	"m2m/internal/strictyaml"
	"m2m/internal/text"
)

// Bounds of a request that is repeated, and of what is captured.
const (
	defaultEvery = time.Second
	maxCapture   = 16 << 10 // bytes of a value
)

// capture takes a value out of an answer, for the requests behind it.
type capture struct {
	name  string
	place strictyaml.Place
	// One of these is set.
	jq     *jq.Expression
	header string
	status bool
}

// poll is a repetition as it is written.
type poll struct {
	place strictyaml.Place
	until expectations
	every deferred[time.Duration]
	limit deferred[time.Duration]
}

// captures reads a mapping of names to what they are taken from: a jq expression, or
// a mapping with one of jq, header and status.
func (r *reader) captures(n *strictyaml.Node) (captures []capture) {
	if n.Kind != strictyaml.Map {
		r.Expected(n, "a mapping of names to jq expressions")
		return nil
	}
	for _, m := range n.Members {
		c := capture{name: m.Key, place: m.KeyPlace}
		if !variableForm().MatchString(m.Key) {
			r.Add(m.KeyPlace, "%s is not a name of letters, digits and underscores", text.Quote(m.Key))
		}
		if m.Kind == strictyaml.Map {
			before := r.Len()
			ok := r.Mapping(m, nil, []strictyaml.Field{
				{Key: "jq", Read: func(n *strictyaml.Node) { c.jq = r.captureJQ(n) }},
				{Key: "header", Read: func(n *strictyaml.Node) { c.header, _ = r.Text(n) }},
				{Key: "status", Read: func(n *strictyaml.Node) { c.status, _ = r.Bool(n) }},
			})
			if ok && r.Len() == before && (len(m.Members) != 1 || c.jq == nil && c.header == "" && !c.status) {
				r.Add(m.KeyPlace, "a value is captured from one of jq, header and status")
			}
			if c.header != "" && !call.IsHTTPToken(c.header) {
				r.Add(m.KeyPlace, "%s is not the name of a header", text.Quote(c.header))
			}
		} else {
			c.jq = r.captureJQ(m)
		}
		captures = append(captures, c)
	}
	return captures
}

func (r *reader) captureJQ(n *strictyaml.Node) *jq.Expression {
	s, ok := r.Text(n)
	if !ok {
		return nil
	}
	x, err := jq.Parse(s)
	if err != nil {
		r.AddError(n.Place, err)
	}
	return &x
}

func (r *reader) poll(n *strictyaml.Node) *poll {
	p := &poll{place: n.Place}
	r.Mapping(n, belongsUnderUntil, []strictyaml.Field{
		{Key: "until", Required: true, Read: func(n *strictyaml.Node) { p.until = r.expectations(n) }},
		{Key: "every", Read: func(n *strictyaml.Node) { p.every = read(r, n, parseDuration) }},
		{Key: "for", Required: true, Read: func(n *strictyaml.Node) { p.limit = read(r, n, parseDuration) }},
	})
	return p
}

// belongsUnderUntil is advice about a key of expectations in poll.
func belongsUnderUntil(key string) string {
	switch key {
	case "status", "headers", "body", "jq", "max_time":
		return `it belongs under "until"`
	}
	return ""
}

func (e expectations) isEmpty() bool {
	return len(e.status)+len(e.headers)+len(e.body)+len(e.jq) == 0 && e.maxTime == nil
}

// values takes what a request captures out of its answer. unmet says what is
// missing.
func (q *Request) values(answer *call.Answer) (values map[string]string, unmet []call.Expectation) {
	values = map[string]string{}
	for _, c := range q.written.captures {
		value, from, err := c.value(answer)
		if err == nil && len(value) > maxCapture {
			err = fmt.Errorf("%d bytes, more than %d", len(value), maxCapture)
		}
		if err != nil {
			unmet = append(unmet, call.Expectation{
				Name: "capture", Expected: fmt.Sprintf("a value for %s in %s", c.name, from), Found: err.Error(),
			})
			continue
		}
		values[c.name] = value
	}
	return values, unmet
}

func (c capture) value(answer *call.Answer) (value, from string, err error) {
	switch {
	case c.status:
		return strconv.Itoa(answer.Status), "the status", nil
	case c.header != "":
		value = strings.TrimSpace(answer.Header.Get(c.header))
		if value == "" {
			err = errors.New("none")
		}
		return value, "the header " + c.header, err
	}
	from = "the body by '" + text.Bound(c.jq.String(), maxShown) + "'"
	document, problem := answer.JSON()
	if problem != "" {
		return "", from, errors.New(problem)
	}
	encoded, words, err := c.jq.First(document)
	switch {
	case err != nil:
		return "", from, err
	case encoded == "null" || encoded == `""`:
		return "", from, errors.New(encoded)
	case words != "":
		return words, from, nil
	}
	return encoded, from, nil
}

// maxShown bounds in bytes what is repeated of an expression.
const maxShown = 200
