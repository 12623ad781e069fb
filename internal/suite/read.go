package suite

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"m2m/internal/jq"

	"m2m/internal/call"
	"m2m/internal/strictyaml"
	"m2m/internal/text"
)

const (
	// MaxFile is the size of the longest file that Parse reads, in bytes.
	MaxFile     = 256 << 10
	maxDepth    = 40
	maxRequests = 2000
	maxName     = 120 // of a request, in characters
	maxRetries  = 100
)

// written is a request as it stands in the file.
type written struct {
	place  strictyaml.Place
	url    *template
	method deferred[string]
	body   *template
	file   *template
	json   deferred[[]byte]
	// uses are the names of all variables in the request.
	uses    []string
	hasName bool
	// methodText is the method as it is written.
	methodText string
	// waitsOnly is set for a request that is repeated and expects nothing more.
	waitsOnly bool
	captures  []capture
	poll      *poll
	options
}

// options are what defaults and a request have in common.
type options struct {
	as      string
	asPlace strictyaml.Place
	headers []header
	follow  *bool
	retry   *int
	timeout deferred[time.Duration]
	expect  expectations
}

// header is a header field. Its value is nil where any is expected.
type header struct {
	name  string
	place strictyaml.Place
	value deferred[string]
}

type expectations struct {
	status  []deferred[call.StatusSet]
	headers []header
	body    []deferred[string]
	jq      []deferred[jq.Expression]
	maxTime deferred[time.Duration]
}

// reader turns the tree of a file into a suite.
type reader struct {
	*strictyaml.Faults
	uses []string // the variables of the request that is being read
}

// Parse reads a suite, strictly: YAML as package strictyaml reads it, with the keys
// of the schema (Schema) and no others. file is its name in messages. The error is
// an *Error with everything that is wrong. What a variable decides is checked by
// Plan.
func Parse(file string, data []byte) (*Suite, error) {
	root, faults := strictyaml.Parse(file, data, strictyaml.Limits{Bytes: MaxFile, Depth: maxDepth})
	s := &Suite{File: file}
	if root != nil {
		(&reader{Faults: faults}).suite(s, root)
	}
	if err := notRunnable(faults, nil); err != nil {
		return nil, err
	}
	return s, nil
}

func (r *reader) suite(s *Suite, root *strictyaml.Node) {
	var common options
	var setup, requests, teardown *strictyaml.Node
	r.Mapping(root, nil, []strictyaml.Field{
		{Key: "defaults", Read: func(n *strictyaml.Node) { r.Mapping(n, belongsUnderExpect, r.optionFields(&common)) }},
		{Key: "clients", Read: func(n *strictyaml.Node) { s.clients = r.clients(n) }},
		{Key: "setup", Read: func(n *strictyaml.Node) { setup = n }},
		{Key: "requests", Required: true, Read: func(n *strictyaml.Node) { requests = n }},
		{Key: "teardown", Read: func(n *strictyaml.Node) { teardown = n }},
	})
	if requests == nil { // read last: the defaults may stand behind them
		return
	}
	r.phase(s, setup, Setup, common)
	r.phase(s, requests, Main, common)
	r.phase(s, teardown, Teardown, common)
	r.nameRequests(s)
	r.checkNames(s)
	s.captures = capturesOf(s.requests)
}

// phase reads the requests of one phase; none for nil.
func (r *reader) phase(s *Suite, n *strictyaml.Node, phase Phase, common options) {
	if n == nil {
		return
	}
	items, _ := r.List(n)
	switch {
	case n.Kind == strictyaml.List && len(items) == 0:
		r.Add(n.Place, "there are no requests")
	case len(items)+len(s.requests) > maxRequests:
		r.Add(n.Place, "there are %d requests; a suite has at most %d", len(items)+len(s.requests), maxRequests)
		return
	}
	for _, n := range items {
		q := r.request(n, common)
		q.Phase = phase
		s.requests = append(s.requests, q)
	}
}

// nameRequests names those that have no name by what they send, such as
// "GET /orders", and counts where several send the same.
func (r *reader) nameRequests(s *Suite) {
	taken := map[string]bool{}
	for _, q := range s.requests {
		taken[q.Name] = true
	}
	for i := range s.requests {
		q := &s.requests[i]
		if q.Name != "" || q.written.hasName {
			continue
		}
		plain := text.Cut(strings.TrimSpace(q.written.shownMethod()+" "+q.URL), maxName-8)
		q.Name = plain
		for n := 2; taken[q.Name]; n++ {
			q.Name = fmt.Sprintf("%s (%d)", plain, n)
		}
		taken[q.Name] = true
	}
}

// shownMethod is the method in the name of a request.
func (w *written) shownMethod() string {
	switch {
	case w.methodText != "":
		return w.methodText
	case w.body != nil || w.json != nil || w.file != nil:
		return "POST"
	}
	return "GET"
}

// belongsUnderExpect is advice about a key of expect that stands one level too
// high.
func belongsUnderExpect(key string) string {
	switch {
	case slices.Contains([]string{"status", "jq", "max_time"}, key):
		return `it belongs under "expect"`
	case slices.Contains([]string{"until", "every", "for"}, key):
		return `it belongs under "poll"`
	}
	return ""
}

func (r *reader) request(n *strictyaml.Node, common options) Request {
	q := Request{Line: n.Line}
	w := &q.written
	w.place = n.Place
	r.uses = nil
	var own options
	fields := append([]strictyaml.Field{
		{Key: "name", Read: func(n *strictyaml.Node) { q.Name, w.hasName = r.name(n), true }},
		{Key: "url", Required: true, Read: func(n *strictyaml.Node) { w.url, q.URL = r.address(n) }},
		{Key: "tags", Read: func(n *strictyaml.Node) { q.Tags = r.tags(n) }},
		{Key: "method", Read: func(n *strictyaml.Node) { w.method, w.methodText = read(r, n, parseMethod), n.Text }},
		{Key: "body", Read: func(n *strictyaml.Node) { w.body = r.body(n) }},
		{Key: "json", Read: func(n *strictyaml.Node) { w.json = r.json(n) }},
		{Key: "file", Read: func(n *strictyaml.Node) { w.file = r.template(n) }},
		{Key: "capture", Read: func(n *strictyaml.Node) { w.captures = r.captures(n) }},
		{Key: "poll", Read: func(n *strictyaml.Node) { w.poll = r.poll(n) }},
	}, r.optionFields(&own)...)
	if r.Mapping(n, belongsUnderExpect, fields) {
		r.checkOneBody(n)
	}
	w.uses = r.uses
	w.waitsOnly = w.poll != nil && own.expect.isEmpty()
	w.options = own.withDefaults(common)
	q.As = w.as
	return q
}

func (r *reader) checkOneBody(n *strictyaml.Node) {
	var bodies []*strictyaml.Node
	for _, key := range []string{"body", "json", "file"} {
		if m := n.Member(key); m != nil {
			bodies = append(bodies, m)
		}
	}
	if len(bodies) > 1 {
		r.Add(bodies[1].Place, "%s and %s are two ways to send one body; leave one out", bodies[0].Key, bodies[1].Key)
	}
}

func (r *reader) optionFields(o *options) []strictyaml.Field {
	return []strictyaml.Field{
		{Key: "as", Read: func(n *strictyaml.Node) { o.as, o.asPlace = r.word(n, "as"), n.Place }},
		{Key: "headers", Read: func(n *strictyaml.Node) { o.headers = r.headers(n, false) }},
		{Key: "follow", Read: func(n *strictyaml.Node) { o.follow = pointer(r.Bool(n)) }},
		{Key: "retry", Read: func(n *strictyaml.Node) { o.retry = pointer(r.Count(n, maxRetries)) }},
		{Key: "timeout", Read: func(n *strictyaml.Node) { o.timeout = read(r, n, parseDuration) }},
		{Key: "expect", Read: func(n *strictyaml.Node) { o.expect = r.expectations(n) }},
	}
}

func pointer[T any](value T, ok bool) *T {
	if !ok {
		return nil
	}
	return &value
}

// expectations reads what is expected; a status may stand for all of it.
func (r *reader) expectations(n *strictyaml.Node) (e expectations) {
	switch {
	case n.IsScalar() && n.Kind != strictyaml.Bool || n.Kind == strictyaml.List:
		e.status = readList(r, n, call.ParseStatusSet)
	case n.Kind != strictyaml.Map:
		r.Expected(n, "a mapping, or a status")
	default:
		r.Mapping(n, nil, []strictyaml.Field{
			{Key: "status", Read: func(n *strictyaml.Node) { e.status = readList(r, n, call.ParseStatusSet) }},
			{Key: "headers", Read: func(n *strictyaml.Node) { e.headers = r.headers(n, true) }},
			{Key: "body", Read: func(n *strictyaml.Node) { e.body = readList(r, n, parsePart) }},
			{Key: "jq", Read: func(n *strictyaml.Node) { e.jq = eachOf(r, n, r.jq) }},
			{Key: "max_time", Read: func(n *strictyaml.Node) { e.maxTime = read(r, n, parseDuration) }},
		})
	}
	return e
}

// eachOf reads a list, or one value instead of it.
func eachOf[T any](r *reader, n *strictyaml.Node, one func(*strictyaml.Node) T) []T {
	items := []*strictyaml.Node{n}
	if n.Kind == strictyaml.List {
		if items = n.Items; len(items) == 0 {
			r.Add(n.Place, "%s is an empty list", n.Key)
		}
	}
	var out []T
	for _, item := range items {
		out = append(out, one(item))
	}
	return out
}

func readList[T any](r *reader, n *strictyaml.Node, convert func(string) (T, error)) []deferred[T] {
	return eachOf(r, n, func(n *strictyaml.Node) deferred[T] { return read(r, n, convert) })
}

func (r *reader) tags(n *strictyaml.Node) []string {
	return eachOf(r, n, func(n *strictyaml.Node) string { return r.word(n, "a tag") })
}

// headers reads a mapping of names of header fields to values. For expectations,
// no value stands for any.
func (r *reader) headers(n *strictyaml.Node, expected bool) []header {
	if n.Kind != strictyaml.Map {
		r.Expected(n, "a mapping, such as Accept: text/csv")
		return nil
	}
	var headers []header
	for _, m := range n.Members {
		h := header{name: m.Key, place: m.KeyPlace}
		switch twin := slices.IndexFunc(headers, func(o header) bool { return strings.EqualFold(o.name, m.Key) }); {
		case !call.IsHTTPToken(m.Key):
			r.Add(m.KeyPlace, "%s is not the name of a header", text.Quote(m.Key))
			continue
		case twin >= 0:
			r.Add(m.KeyPlace, "the header %s is on line %d already", m.Key, headers[twin].place.Line)
			continue
		case expected && m.Kind != strictyaml.Null:
			h.value = read(r, m, expectedHeader(m.Key))
		case !expected:
			h.value = read(r, m, sentHeader(m.Key))
		}
		headers = append(headers, h)
	}
	return headers
}

// sentHeader converts the value of a header that is sent.
func sentHeader(name string) func(string) (string, error) {
	return func(value string) (string, error) {
		return value, call.CheckHeader(map[string][]string{name: {value}})
	}
}

func expectedHeader(name string) func(string) (string, error) {
	return func(value string) (string, error) {
		value = strings.Trim(value, " \t")
		if value == "" {
			return "", fmt.Errorf("the value of %s is empty; leave it out to expect any", name)
		}
		return value, nil
	}
}

func parseMethod(s string) (string, error) {
	if !call.IsHTTPToken(s) {
		return "", fmt.Errorf("%w: %s", call.ErrMethod, text.Quote(s))
	}
	return s, nil
}

func parseDuration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("expected a time such as 500ms, 10s or 1m30s, found %s", text.Quote(s))
	}
	return d, nil
}

func parsePart(s string) (string, error) {
	if s == "" {
		return "", errors.New("a text that is to be in the body is empty, and that is in every body")
	}
	return s, nil
}

// address reads a url. One without variables is checked; where it may lead is for
// a plan.
func (r *reader) address(n *strictyaml.Node) (written *template, shown string) {
	t := r.template(n)
	if t == nil {
		return nil, ""
	}
	if address, ok := t.constant(); ok {
		if _, err := call.ResolveURL("http://127.0.0.1", address); err != nil {
			r.AddError(n.Place, err)
		}
	}
	return t, call.DisplayAddress(n.Text)
}

func (r *reader) body(n *strictyaml.Node) *template {
	if n.Kind == strictyaml.Map || n.Kind == strictyaml.List {
		r.Expected(n, "text (json takes any value)")
		return nil
	}
	return r.template(n)
}

var errJQValues = errors.New("the jq expression cannot be read with the values of its variables in it: they may hold quotes")

// jq reads an expression. The word at which it goes wrong may be part of a
// variable's value, so that the error is that of the expression with 1 instead
// of each.
func (r *reader) jq(n *strictyaml.Node) deferred[jq.Expression] {
	return read(r, n, func(s string) (jq.Expression, error) {
		x, err := jq.Parse(s)
		if err == nil {
			return x, nil
		}
		var plain strings.Builder
		pieces, _ := splitVariables(n.Text) // without error: it was read
		for _, p := range pieces {
			if p.name != "" {
				p.words = "1"
			}
			plain.WriteString(p.words)
		}
		if _, err = jq.Parse(plain.String()); err == nil {
			err = errJQValues
		}
		return x, err
	})
}

// name reads the name of a request, which stands in one line of a table.
func (r *reader) name(n *strictyaml.Node) string {
	if !n.IsScalar() {
		r.Expected(n, "text")
		return ""
	}
	if strings.TrimSpace(n.Text) == "" || utf8.RuneCountInString(n.Text) > maxName ||
		text.Bound(n.Text, len(n.Text)) != n.Text {
		r.Add(n.Place, "a name is one line of up to %d characters, not %s", maxName, text.Quote(n.Text))
		return ""
	}
	return n.Text
}

var wordForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$`) })

// word reads a tag or the name of a client: they stand on command lines.
func (r *reader) word(n *strictyaml.Node, what string) string {
	switch {
	case !n.IsScalar():
		r.Expected(n, "text")
	case r.isWord(n.Place, what, n.Text):
		return n.Text
	}
	return ""
}

func (r *reader) isWord(at strictyaml.Place, what, s string) bool {
	ok := wordForm().MatchString(s)
	if !ok {
		r.Add(at, "%s is a word of letters, digits, dots, dashes and underscores, up to 64, not %s", what, text.Quote(s))
	}
	return ok
}

func (r *reader) clients(n *strictyaml.Node) []Client {
	if n.Kind != strictyaml.Map {
		r.Expected(n, "a mapping of names to clients")
		return nil
	}
	var clients []Client
	for _, m := range n.Members {
		switch {
		case m.Key == AsDefault || m.Key == AsNone:
			r.Add(m.KeyPlace, "the name %s has a meaning already; call the client something else", text.Quote(m.Key))
		case r.isWord(m.KeyPlace, "a client's name", m.Key):
			clients = append(clients, r.client(m))
		}
	}
	return clients
}

func (r *reader) client(m *strictyaml.Node) Client {
	c := Client{Name: m.Key, Line: m.KeyPlace.Line}
	sendChain := false
	value := func(key string, v *Value) strictyaml.Field {
		return strictyaml.Field{Key: key, Read: func(n *strictyaml.Node) { *v = r.value(n) }}
	}
	variable := func(key string, v *Value) strictyaml.Field {
		return strictyaml.Field{Key: key, Read: func(n *strictyaml.Node) { *v = r.variable(n) }}
	}
	ok := r.Mapping(m, nil, []strictyaml.Field{
		variable("tenant", &c.Tenant),
		value("client_id", &c.ClientID),
		variable("scope", &c.Scope),
		variable("client_secret", &c.Secret),
		value("client_secret_file", &c.SecretFile),
		value("certificate", &c.Certificate),
		variable("certificate_password", &c.Password),
		value("certificate_password_file", &c.PasswordFile),
		{Key: "send_chain", Read: func(n *strictyaml.Node) { c.SendChain, sendChain = r.Bool(n) }},
		value("federated_token_file", &c.FederatedTokenFile),
	})
	if ok {
		r.checkClient(m.KeyPlace, c, sendChain)
	}
	return c
}

func (r *reader) value(n *strictyaml.Node) Value {
	t := r.template(n)
	if t == nil {
		return Value{}
	}
	v := Value{Line: n.Line, written: t}
	if len(t.pieces) == 1 && !t.pieces[0].hasDefault {
		v.Variable = t.pieces[0].name
	}
	return v
}

// variable reads a value that must be a variable and nothing else. A secret must
// not stand in a file that is shared; and where a secret is sent, and what its
// token is good for, is not for a file to say that somebody else may have written.
func (r *reader) variable(n *strictyaml.Node) Value {
	before := r.Len()
	v := r.value(n)
	if v.Variable == "" && r.Len() == before {
		r.Add(n.Place, "%s is a variable of the environment, such as ${%s}, and never a value", n.Key, strings.ToUpper(n.Key))
	}
	return v
}

func (r *reader) checkClient(at strictyaml.Place, c Client, hasSendChain bool) {
	credentials := 0
	for _, v := range []Value{c.Secret, c.SecretFile, c.Certificate, c.FederatedTokenFile} {
		if v.IsSet() {
			credentials++
		}
	}
	ofCertificate := c.Password.IsSet() || c.PasswordFile.IsSet() || hasSendChain
	name := text.Quote(c.Name)
	switch {
	case credentials > 1:
		r.Add(at, "the client %s has several credentials; leave one", name)
	case credentials == 1 && !c.ClientID.IsSet():
		r.Add(at, "the client %s has a credential and no client_id", name)
	case credentials == 0 && (c.ClientID.IsSet() || c.Tenant.IsSet()):
		r.Add(at, "the client %s has no credential: client_secret, client_secret_file, certificate or federated_token_file", name)
	case credentials == 0 && !c.Scope.IsSet():
		r.Add(at, "the client %s differs in nothing from the default one", name)
	case ofCertificate && !c.Certificate.IsSet():
		r.Add(at, "the client %s has no certificate, but what belongs to one", name)
	case c.Password.IsSet() && c.PasswordFile.IsSet():
		r.Add(at, "the client %s has two passwords for its certificate; leave one", name)
	}
}

// checkNames rejects a name that two requests have, and clients that the suite
// does not define.
func (r *reader) checkNames(s *Suite) {
	first := map[string]int{}
	known := []string{AsDefault, AsNone}
	for _, c := range s.clients {
		known = append(known, c.Name)
	}
	for _, q := range s.requests {
		if line, twice := first[q.Name]; twice && q.Name != "" {
			r.Add(q.written.place, "the name %s is on line %d already; reports tell requests apart by it", text.Quote(q.Name), line)
		}
		first[q.Name] = q.Line
		if q.As == "" || slices.Contains(known, q.As) {
			continue
		}
		hint := ""
		if near := text.Nearest(q.As, known); near != "" {
			hint = fmt.Sprintf("; did you mean %s?", text.Quote(near))
		}
		r.Add(q.written.asPlace, "there is no client %s%s", text.Quote(q.As), hint)
	}
}

// withDefaults returns the options of a request where it has them, else those of the
// defaults. Headers are joined by name.
func (o options) withDefaults(common options) options {
	if o.asPlace.Line == 0 {
		o.as, o.asPlace = common.as, common.asPlace
	}
	if o.asPlace.Line == 0 {
		o.as = AsDefault
	}
	if o.follow == nil {
		o.follow = common.follow
	}
	if o.retry == nil {
		o.retry = common.retry
	}
	if o.timeout == nil {
		o.timeout = common.timeout
	}
	o.headers = joinHeaders(o.headers, common.headers)
	o.expect = o.expect.withDefaults(common.expect)
	return o
}

func (e expectations) withDefaults(common expectations) expectations {
	if len(e.status) == 0 {
		e.status = common.status
	}
	if len(e.body) == 0 {
		e.body = common.body
	}
	if len(e.jq) == 0 {
		e.jq = common.jq
	}
	if e.maxTime == nil {
		e.maxTime = common.maxTime
	}
	e.headers = joinHeaders(e.headers, common.headers)
	return e
}

// joinHeaders returns the own headers, and those of the defaults that they do
// not name.
func joinHeaders(own, common []header) []header {
	joined := slices.Clone(own)
	for _, h := range common {
		if !slices.ContainsFunc(own, func(o header) bool { return strings.EqualFold(o.name, h.name) }) {
			joined = append(joined, h)
		}
	}
	return joined
}
