package suite

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"m2m/internal/call"
)

// Context is what a suite needs from outside its file.
type Context struct {
	// Lookup finds a variable of the environment; nil finds none.
	Lookup func(name string) (string, bool)
	// IsCredential reports whether a variable is a secret that no API may get;
	// nil means that none is.
	IsCredential func(name string) bool
	// IsPublic reports whether the value of a variable may be shown; nil means
	// that none may.
	IsPublic func(name string) bool
	// Base is the address of the API, for a url that is a path: see ResolveURL.
	Base string
	// Origins are addresses whose scheme, host and port requests may go to beside
	// those of Base. All others are refused, with a token and without: what a
	// request carries may come from variables and files of the caller's.
	Origins []string
	// OpenFile returns the content of a file that a request names; nil refuses.
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
	hidden  call.HiddenValues
	// variables tells that a request carries the value of one.
	variables bool
}

// HasVariables reports whether any request carries the value of a variable.
func (p *Plan) HasVariables() bool { return p.variables }

// Hide puts ${NAME} where a text holds the value of a variable of the suite's.
// Everything that is said of a plan and its answers goes through it: an API may
// repeat what it was sent. Values that IsPublic allows stay, as do those of fewer
// than four bytes and the bare address of a host.
func (p *Plan) Hide(s string) string { return p.hidden.Hide(s) }

// Plan puts the variables in and checks every request, without sending any. The
// error is a *SuiteError with everything that is wrong, or the *AddressError of
// Base or Origins.
func (s *Suite) Plan(c Context) (*Plan, error) {
	b := &builder{faultList: faultList{file: s.File}, context: c}
	for _, address := range append([]string{c.Base}, c.Origins...) {
		u, err := call.ResolveURL(address, "")
		if err != nil {
			return nil, err
		}
		b.origins = append(b.origins, call.Origin(u))
	}
	plan := &Plan{Requests: b.requests(s.requests)}
	plan.variables = b.variables
	for _, client := range s.clients {
		if s.IsSentAs(client.name) {
			plan.Clients = append(plan.Clients, b.client(client))
		}
	}
	plan.hidden = b.hidden
	for i, f := range b.faults {
		b.faults[i].Text = b.hidden.Hide(f.Text)
		b.faults[i].hints = hideAll(b.hidden.Hide, f.hints)
	}
	return plan, b.err()
}

// builder makes requests of what is written.
type builder struct {
	faultList
	context Context
	// dry looks only at texts without variables.
	dry     bool
	origins []string
	hidden  call.HiddenValues
	// variables tells that the value of one was put in.
	variables bool
}

func (b *builder) requests(written []written) []Request {
	var requests []Request
	for _, q := range written {
		before := len(b.faults)
		request := b.request(q)
		if !b.dry && len(b.faults) == before {
			err := request.Request.Check(q.as != AsNone)
			switch {
			case errors.Is(err, call.ErrTwoAuthorizations):
				b.faultWith(q.line, err.Error(), `leave the header out, or send the request "as: none"`)
			case err != nil:
				b.because(q.line, err)
			}
		}
		requests = append(requests, request)
	}
	return requests
}

func (b *builder) request(q written) Request {
	out := Request{Name: q.name, Line: q.line, Tags: q.tags, As: q.as, URL: call.DisplayAddress(q.url.raw), Timeout: b.context.Timeout}
	r := &out.Request
	r.URL = b.address(q.url)
	r.Header = b.header(q.headers)
	if method, ok := b.expand(q.method); ok {
		r.Method = method
		if q.method.isSet() && !call.IsHTTPToken(method) {
			b.fault(q.method.line, "%s is no HTTP method", quoteYAML(method))
		}
	}
	b.body(q, &out)
	r.Follow = q.follow != nil && *q.follow
	if q.retry != nil {
		r.Retry.Max = *q.retry
	}
	r.AllowPlainHTTP = b.context.AllowPlainHTTP
	out.Timeout = cmp.Or(b.duration(q.timeout, "timeout"), out.Timeout)
	r.Expect = b.expect(q.expect)
	return out
}

// address resolves where the request goes, and refuses what the caller did not
// name.
func (b *builder) address(t textValue) *url.URL {
	text, ok := b.expand(t)
	if !ok {
		return nil
	}
	u, err := call.ResolveURL(cmp.Or(b.context.Base, "http://127.0.0.1"), text)
	if err != nil {
		b.because(t.line, err)
		return nil
	}
	if !b.dry && !slices.Contains(b.origins, call.Origin(u)) {
		named := u.Scheme + "://" + u.Host
		b.faultWith(t.line, "nothing may be sent to "+call.Bound(named, call.MaxShown)+": it is not the API's address, nor allowed",
			"a suite sends only to the scheme, host and port of the API: give its address after the flags, or in API_URL",
			fmt.Sprintf("or allow this one too: --allow-origin %s", call.ShellQuote(call.Bound(named, call.MaxShown))))
		return nil
	}
	return u
}

func (b *builder) header(headers []headerValue) http.Header {
	out := http.Header{}
	for _, h := range headers {
		if value, ok := b.expand(h.value); ok {
			out.Set(h.name, value)
		}
	}
	if err := call.CheckHeader(out); err != nil && len(headers) > 0 {
		b.because(headers[0].line, err)
	}
	return out
}

func (b *builder) body(q written, out *Request) {
	switch {
	case q.json != nil:
		content, ok := b.json(q.json)
		if !ok {
			return
		}
		if out.Request.Header.Get("Content-Type") == "" {
			out.Request.Header.Set("Content-Type", "application/json")
		}
		out.Text, out.Request.Body = string(content), call.BytesBody(content)
	case q.file.isSet():
		b.file(q.file, out)
	case q.body.isSet():
		if text, ok := b.expand(q.body); ok {
			out.Text, out.Request.Body = text, call.BytesBody([]byte(text))
		}
	}
}

func (b *builder) file(t textValue, out *Request) {
	path, ok := b.expand(t)
	switch {
	case !ok || b.dry:
		return
	case b.context.OpenFile == nil:
		b.fault(t.line, "no file can be sent from here")
		return
	}
	body, err := b.context.OpenFile(path)
	if err != nil {
		b.because(t.line, err)
	}
	out.File, out.Request.Body = path, body
}

func (b *builder) expect(e expectations) call.Expect {
	out := call.Expect{MaxTime: b.duration(e.maxTime, "max_time")}
	if set, ok := b.status(e.status); ok {
		out.Status = set
	}
	for _, h := range e.headers {
		value, ok := b.expand(h.value)
		value = strings.Trim(value, " \t")
		if ok && h.value.isSet() && value == "" {
			b.fault(h.line, "the value of %s is empty; leave it out to expect any", h.name)
		}
		out.Headers = append(out.Headers, call.HeaderExpectation{Name: h.name, Value: value})
	}
	for _, t := range e.body {
		text, ok := b.expand(t)
		if ok && text == "" {
			b.fault(t.line, "a text that is to be in the body is empty, and that is in every body")
		}
		out.Body = append(out.Body, text)
	}
	for _, t := range e.jq {
		text, ok := b.expand(t)
		if !ok {
			continue
		}
		if expression, err := call.ParseJQExpectation(text); err != nil {
			b.jqFault(t)
		} else {
			out.JQ = append(out.JQ, expression)
		}
	}
	return out
}

func (b *builder) status(texts []textValue) (call.StatusSet, bool) {
	var set call.StatusSet
	for _, t := range texts {
		text, ok := b.expand(t)
		if !ok {
			return call.StatusSet{}, false
		}
		one, err := call.ParseStatusSet(text)
		if err != nil {
			b.because(t.line, err)
			return call.StatusSet{}, false
		}
		set = set.Union(one)
	}
	return set, true
}

func (b *builder) duration(t textValue, key string) time.Duration {
	text, ok := b.expand(t)
	if !ok || !t.isSet() {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		b.fault(t.line, "%s is a time such as 500ms, 10s or 1m30s, not %s", key, quoteYAML(text))
	}
	return d
}

// joinHeaders returns the own headers, and those of the defaults that they do
// not name.
func joinHeaders(own, common []headerValue) []headerValue {
	joined := slices.Clone(own)
	for _, h := range common {
		if !slices.ContainsFunc(own, func(o headerValue) bool { return strings.EqualFold(o.name, h.name) }) {
			joined = append(joined, h)
		}
	}
	return joined
}
