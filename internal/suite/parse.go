package suite

import (
	"fmt"
	"slices"
)

// maxRequests bounds the requests of a suite.
const maxRequests = 2000

// written is a request as it is written.
type written struct {
	name string
	line int
	tags []string
	url  textValue
	options

	method textValue
	body   textValue
	file   textValue
	json   *yamlNode
}

// options are what defaults and a request have in common.
type options struct {
	as      string
	asLine  int
	headers []headerValue
	follow  *bool
	retry   *int
	timeout textValue
	expect  expectations
}

// expectations is what is expected, as it is written.
type expectations struct {
	status  []textValue
	headers []headerValue
	body    []textValue
	jq      []textValue
	maxTime textValue
}

// writtenClient is a client as it is written.
type writtenClient struct {
	name string
	line int

	tenant, clientID, scope         textValue
	secret, secretFile              textValue
	certificate, federatedTokenFile textValue
	password, passwordFile          textValue
	sendChain                       *bool
}

func (r *reader) suite(s *Suite, root *yamlNode) {
	defaults := &yamlNode{kind: yamlMap}
	clients := &yamlNode{kind: yamlMap}
	requests := &yamlNode{kind: yamlList}
	keep := func(key string, to **yamlNode) field { return field{key, func(n *yamlNode) { *to = n }} }
	if !r.mapping(root, "a suite", []field{keep("defaults", &defaults), keep("clients", &clients), keep("requests", &requests)}) {
		return
	}
	s.clients = r.clients(clients)
	var common options
	r.mapping(defaults, "defaults", r.optionFields(&common))
	s.requests = r.requests(requests, common)
	if requests.kind == yamlList && len(requests.items) == 0 {
		r.fault(max(requests.line, root.line), "there are no requests")
	}
	r.checkNames(s)
}

func (r *reader) optionFields(o *options) []field {
	return []field{
		{"as", func(n *yamlNode) { o.as, o.asLine = r.word(n, "as"), n.line }},
		r.headersTo("headers", false, &o.headers),
		r.boolTo("follow", &o.follow),
		r.countTo("retry", 100, &o.retry),
		r.textTo("timeout", &o.timeout),
		{"expect", func(n *yamlNode) { r.expect(n, &o.expect) }},
	}
}

// expect reads what is expected; a status may stand for all of it, as after
// --expect.
func (r *reader) expect(n *yamlNode, e *expectations) {
	switch n.kind {
	case yamlMap:
		r.mapping(n, "expect", r.expectFields(e))
	case yamlText, yamlNumber, yamlList:
		r.textsTo("status", &e.status).read(n)
	default:
		r.wrong(n, "expect is a mapping, or a status")
	}
}

func (r *reader) expectFields(e *expectations) []field {
	return []field{
		r.textsTo("status", &e.status),
		r.headersTo("headers", true, &e.headers),
		r.textsTo("body", &e.body),
		r.textsTo("jq", &e.jq),
		r.textTo("max_time", &e.maxTime),
	}
}

func (r *reader) requests(list *yamlNode, common options) []written {
	if list.kind != yamlList {
		r.wrong(list, "requests is a list")
		return nil
	}
	if len(list.items) > maxRequests {
		r.fault(list.line, "there are %d requests; a suite has at most %d", len(list.items), maxRequests)
		return nil
	}
	var requests []written
	for _, n := range list.items {
		requests = append(requests, r.request(n, common))
	}
	return requests
}

func (r *reader) request(n *yamlNode, common options) written {
	q := written{line: n.line}
	own := options{}
	if n.kind == yamlMap && len(n.members) > 0 {
		q.line = n.members[0].line // the library has a mapping begin at its first colon
	}
	fields := append([]field{
		{"name", func(n *yamlNode) { q.name = r.text(n, "name").raw }},
		r.textTo("url", &q.url),
		{"tags", func(n *yamlNode) { q.tags = r.tags(n) }},
		r.textTo("method", &q.method),
		{"body", func(n *yamlNode) { q.body = r.body(n) }},
		{"json", func(n *yamlNode) { q.json = n }},
		r.textTo("file", &q.file),
	}, r.optionFields(&own)...)
	if r.mapping(n, "a request", fields) {
		r.checkRequest(n, q)
	}
	q.options = own.over(common)
	return q
}

func (r *reader) body(n *yamlNode) textValue {
	if n.kind == yamlMap || n.kind == yamlList {
		r.wrong(n, "body is a text (json takes any value)")
		return textValue{}
	}
	return r.text(n, "body")
}

func (r *reader) tags(n *yamlNode) []string {
	if n.kind != yamlList {
		return []string{r.word(n, "a tag")}
	}
	var tags []string
	for _, item := range n.items {
		tags = append(tags, r.word(item, "a tag"))
	}
	return tags
}

func (r *reader) checkRequest(n *yamlNode, q written) {
	has := func(key string) bool {
		return slices.ContainsFunc(n.members, func(m yamlMember) bool { return m.key == key })
	}
	switch {
	case !has("name"):
		r.fault(q.line, "the request has no name")
	case q.name != "" && !isName(q.name):
		r.fault(q.line, "a name is one line of up to %d characters, not %s", maxName, quoteYAML(q.name))
	case q.name == "" && n.value("name").kind == yamlText:
		r.fault(n.value("name").line, "the name is empty")
	}
	if !has("url") {
		r.fault(q.line, "the request %s has no url", quoteYAML(q.name))
	}
	var bodies []string
	for _, key := range []string{"body", "json", "file"} {
		if has(key) {
			bodies = append(bodies, key)
		}
	}
	if len(bodies) > 1 {
		r.fault(n.value(bodies[1]).line, "%s and %s are two ways to send one body; leave one out", bodies[0], bodies[1])
	}
}

// value returns the value of a key that the mapping has.
func (n *yamlNode) value(key string) *yamlNode {
	i := slices.IndexFunc(n.members, func(m yamlMember) bool { return m.key == key })
	return n.members[i].value
}

// checkNames refuses a name that is there twice, and clients that are not there
// at all.
func (r *reader) checkNames(s *Suite) {
	first := map[string]int{}
	known := []string{AsDefault, AsNone}
	for _, c := range s.clients {
		known = append(known, c.name)
	}
	for _, q := range s.requests {
		if line, twice := first[q.name]; twice && q.name != "" {
			r.fault(q.line, "the name %s is on line %d already; reports tell requests apart by it", quoteYAML(q.name), line)
		}
		first[q.name] = q.line
		if slices.Contains(known, q.as) {
			continue
		}
		text := fmt.Sprintf("there is no client %s", quoteYAML(q.as))
		if near := nearest(q.as, known); near != "" {
			text += fmt.Sprintf("; did you mean %q?", near)
		}
		r.fault(q.asLine, "%s", text)
	}
}

// over returns the options of a request where it has them, else those of the
// defaults. Headers are joined by name.
func (o options) over(common options) options {
	if o.as == "" {
		o.as, o.asLine = common.as, common.asLine
	}
	if o.as == "" {
		o.as = AsDefault
	}
	if o.follow == nil {
		o.follow = common.follow
	}
	if o.retry == nil {
		o.retry = common.retry
	}
	if !o.timeout.isSet() {
		o.timeout = common.timeout
	}
	o.headers = joinHeaders(o.headers, common.headers)
	o.expect = o.expect.over(common.expect)
	return o
}

func (e expectations) over(common expectations) expectations {
	for _, pair := range []struct{ own, common *[]textValue }{
		{&e.status, &common.status}, {&e.body, &common.body}, {&e.jq, &common.jq},
	} {
		if len(*pair.own) == 0 {
			*pair.own = *pair.common
		}
	}
	if !e.maxTime.isSet() {
		e.maxTime = common.maxTime
	}
	e.headers = joinHeaders(e.headers, common.headers)
	return e
}
