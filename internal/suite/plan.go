package suite

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"m2m/internal/call"
	"m2m/internal/entra"
	"m2m/internal/explain"
	"m2m/internal/strictyaml"
	"m2m/internal/text"
)

// Context is what a suite needs from outside its file.
type Context struct {
	// Lookup finds a variable of the environment; nil finds none.
	Lookup func(name string) (string, bool)
	// Credentials are variables that no API may get.
	Credentials map[string]bool
	// Public are variables whose values may be shown.
	Public map[string]bool
	// Base is the address of the API, for a url that is a path: see
	// call.ResolveURL.
	Base string
	// Origins are addresses whose scheme, host and port requests may go to next to
	// those of Base. All others are rejected, with a token and without: what a
	// request carries may come from variables and files of the caller's.
	Origins []string
	// OpenFile returns the content of a file that a request names; nil rejects all.
	OpenFile func(path string) (call.Body, error)
	// Timeout bounds each request that has none of its own; 0 means not at all.
	Timeout time.Duration
	// AllowPlainHTTP lets credentials go over plain http to other machines.
	AllowPlainHTTP bool
}

// Plan is a suite with its variables put in.
type Plan struct {
	Requests []Request
	// Clients are those that a request is sent as.
	Clients []Client

	file         string // that of the suite, in messages
	written      *Suite
	context      Context
	origins      []string
	net          *leakNet
	hasVariables bool

	mu     sync.RWMutex
	hidden text.Hidden
}

// HasVariables reports whether any request carries the value of a variable.
func (p *Plan) HasVariables() bool { return p.hasVariables }

// Hide puts ${NAME} where a text holds the value of a variable of the suite's.
// Everything that is printed of a plan and its answers goes through it: an API may
// repeat what it was sent. Public values stay, as do those of fewer than four bytes
// and the bare address of a host.
func (p *Plan) Hide(s string) string {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.hidden.Hide(s)
}

// hide hides captured values.
func (p *Plan) hide(values map[string]string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for name, value := range values {
		p.hidden.Add(name, value)
	}
}

// expand undoes Hide for a command.
func (p *Plan) expand(command string) string {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.hidden.Expand(command)
}

// Plan puts the variables in and checks every request, without sending any. The
// error is an *Error with everything that is wrong, or the *call.AddressError of
// Base or Origins.
func (s *Suite) Plan(c Context) (*Plan, error) {
	p := &planner{Faults: strictyaml.Faults{File: s.File}, context: c, captures: s.captures, hidden: &text.Hidden{}}
	for _, q := range s.requests {
		p.lines = append(p.lines, q.Line)
	}
	for _, address := range append([]string{c.Base}, c.Origins...) {
		u, err := call.ResolveURL(address, "")
		if err != nil {
			return nil, err
		}
		p.origins = append(p.origins, call.Origin(u))
	}
	plan := &Plan{file: s.File, written: s, context: c, origins: p.origins}
	for i, q := range s.requests {
		p.index, p.needs = i, nil
		plan.Requests = append(plan.Requests, p.request(q))
	}
	p.index = -1
	plan.hasVariables = p.hasVariables
	for _, client := range s.clients {
		if s.IsSentAs(client.Name) {
			plan.Clients = append(plan.Clients, p.client(client))
		}
	}
	plan.hidden = *p.hidden
	return plan, notRunnable(&p.Faults, p.hidden)
}

// fill returns the request at an index with captured values put in. It is safe for
// concurrent use. The error is an *Error.
func (p *Plan) fill(i int, values map[string]string) (Request, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	filler := &planner{
		Faults: strictyaml.Faults{File: p.file}, context: p.context, origins: p.origins, hidden: &p.hidden,
		captures: p.written.captures, values: values, index: i,
	}
	q := filler.request(p.written.requests[i])
	if filler.Len() == 0 && p.net != nil {
		p.net.check(&filler.Faults, &q)
	}
	return q, notRunnable(&filler.Faults, &p.hidden)
}

// maxAdvised is how many faults of a suite give their advice.
const maxAdvised = 20

// notRunnable returns nil, or an *Error with the faults and their advice, the
// hidden values taken out of both.
func notRunnable(faults *strictyaml.Faults, hidden *text.Hidden) error {
	list, ok := faults.Err().(*strictyaml.Error) //nolint:errorlint // it is never wrapped
	if !ok {
		return nil
	}
	if hidden == nil {
		hidden = &text.Hidden{}
	}
	e := &Error{File: list.File, Faults: list.Faults}
	for i := range e.Faults {
		f := &e.Faults[i]
		for _, hint := range explain.SuiteFile.Hints(f.Err) {
			if hint = hidden.Hide(hint); i < maxAdvised && !slices.Contains(e.hints, hint) {
				e.hints = append(e.hints, hint)
			}
		}
		f.Text, f.Err = hidden.Hide(f.Text), nil
	}
	return e
}

// planner turns what is written into what is sent.
type planner struct {
	strictyaml.Faults
	context      Context
	origins      []string
	hidden       *text.Hidden
	hasVariables bool

	captures map[string]int    // which request captures each value
	values   map[string]string // what is captured so far; nil before the run
	index    int               // of the request; -1 for a client
	lines    []int             // of the requests
	needs    []need
}

func (p *planner) request(q Request) Request {
	w := &q.written
	before := p.Len()
	r := &q.Request
	r.URL = p.address(w.url)
	r.Header = p.header(w.headers, r.URL)
	r.Method, _ = w.method.in(p)
	p.body(&q)
	r.Follow = w.follow != nil && *w.follow
	if w.retry != nil {
		r.Retry.Max = *w.retry
	}
	r.AllowPlainHTTP = p.context.AllowPlainHTTP
	timeout, _ := w.timeout.in(p)
	q.Timeout = cmp.Or(timeout, p.context.Timeout)
	r.Expect = p.expect(w.expect)
	r.KeepJSON = len(w.captures) > 0
	q.Poll = p.poll(&q)
	q.needs = slices.Clone(p.needs)
	if p.Len() == before && len(q.needs) == 0 {
		if err := r.Check(q.As != AsNone); err != nil {
			p.AddError(w.place, err)
		}
	}
	return q
}

// poll puts the variables of a repetition in; nil for a request without one. A
// request that only waits expects what it waits for.
func (p *planner) poll(q *Request) *Poll {
	w := q.written.poll
	if w == nil {
		return nil
	}
	out := &Poll{Until: p.expect(w.until), Every: defaultEvery}
	if every, ok := w.every.in(p); ok {
		out.Every = every
	}
	out.For, _ = w.limit.in(p)
	if q.written.waitsOnly {
		q.Request.Expect = out.Until
	}
	return out
}

// address resolves where the request goes, and rejects what the caller did not
// name.
func (p *planner) address(t *template) *url.URL {
	address, ok := p.expand(t)
	if !ok {
		return nil
	}
	u, err := call.ResolveURL(p.context.Base, address)
	if err != nil {
		p.AddError(t.Place, err)
		return nil
	}
	if !slices.Contains(p.origins, call.Origin(u)) {
		p.AddError(t.Place, foreignOrigin(u, "nothing may be sent to %s"))
		return nil
	}
	return u
}

// foreignOrigin says that an origin is neither that of the API nor allowed.
func foreignOrigin(u *url.URL, format string) *problem {
	named := text.Bound(u.Scheme+"://"+u.Host, 200)
	return &problem{
		fmt.Sprintf(format, named) + ": it is not the API's address, nor allowed",
		[]explain.Advice{{Code: explain.SendToAPI}, {Code: explain.AllowOrigin, Args: []string{named}}},
	}
}

func (p *planner) header(headers []header, u *url.URL) http.Header {
	out := http.Header{}
	for _, h := range headers {
		value, ok := h.value.in(p)
		if !ok {
			continue
		}
		if u != nil && choosesHost(h.name) {
			p.checkHosts(h, value, u)
		}
		out.Set(h.name, value)
	}
	return out
}

func (p *planner) body(q *Request) {
	w := &q.written
	switch {
	case w.json != nil:
		content, ok := w.json(p)
		if !ok {
			return
		}
		if q.Request.Header.Get("Content-Type") == "" {
			q.Request.Header.Set("Content-Type", "application/json")
		}
		q.Text, q.Request.Body = string(content), call.BytesBody(content)
	case w.file != nil:
		p.file(w.file, q)
	case w.body != nil:
		if content, ok := p.expand(w.body); ok {
			q.Text, q.Request.Body = content, call.BytesBody([]byte(content))
		}
	}
}

func (p *planner) file(t *template, q *Request) {
	if slices.ContainsFunc(t.pieces, func(piece piece) bool { return p.isCaptured(piece.name) }) {
		p.Add(t.Place, "an answer does not choose which file is sent")
		return
	}
	path, ok := p.expand(t)
	switch {
	case !ok:
		return
	case p.context.OpenFile == nil:
		p.Add(t.Place, "no file can be sent from here")
		return
	}
	body, err := p.context.OpenFile(path)
	if err != nil {
		p.AddError(t.Place, err)
	}
	q.File, q.Request.Body = path, body
}

func (p *planner) expect(e expectations) call.Expect {
	var out call.Expect
	out.MaxTime, _ = e.maxTime.in(p)
	for _, d := range e.status {
		set, _ := d.in(p)
		out.Status = out.Status.Union(set)
	}
	for _, h := range e.headers {
		value, _ := h.value.in(p)
		out.Headers = append(out.Headers, call.HeaderExpectation{Name: h.name, Value: value})
	}
	for _, d := range e.body {
		part, _ := d.in(p)
		out.Body = append(out.Body, part)
	}
	for _, d := range e.jq {
		expression, _ := d.in(p)
		out.JQ = append(out.JQ, expression)
	}
	return out
}

// client puts in the variables of a client that is going to be used.
func (p *planner) client(c Client) Client {
	for _, v := range c.values() {
		if v.written == nil {
			continue
		}
		value, ok := p.expandForProvider(v.written)
		if ok && strings.TrimSpace(value) == "" {
			p.Add(v.written.Place, "this is empty")
		}
		v.Value = entra.NewSecret(value)
	}
	return c
}
