package suite_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/call"
	"m2m/internal/suite"
)

// environment is a lookup in a map.
func environment(variables map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := variables[name]; return v, ok }
}

// planContext is what the plans of these tests are made in.
func planContext() suite.Context {
	return suite.Context{
		Lookup: environment(map[string]string{
			"HOST": "https://orders.example", "PATHS": "v1/orders", "KEY": "k3y-of-the-house", "EMPTY": "", "CODE": "204",
			"CLIENT_SECRET": "m2m-s3cret", "OPEN": "nothing to hide", "QUOTED": `say "hi" & bye`,
			"LINES": "first line\n\tand the second\n", "BLANKS": " a blank before ", "LIST": "200,k3y-of-another",
		}),
		Credentials: map[string]bool{"CLIENT_SECRET": true},
		Public:      map[string]bool{"OPEN": true},
		Base:        "https://api.example.com/base",
		Origins:     []string{"https://orders.example:443/x"},
		OpenFile: func(path string) (call.Body, error) {
			if path != "order.json" {
				return call.Body{}, errors.New("no such file")
			}
			return call.BytesBody([]byte("from the file")), nil
		},
	}
}

func plan(t *testing.T, text string) (*suite.Plan, error) {
	t.Helper()
	suite, err := suite.Parse("smoke.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return suite.Plan(planContext())
}

// TestPlanRequests holds what is sent against what is written.
func TestPlanRequests(t *testing.T) {
	for name, tt := range map[string]struct{ written, sent string }{
		"a path":          {"{url: /a}", "GET https://api.example.com/base/a as default"},
		"the base itself": {"{url: ''}", "GET https://api.example.com/base as default"},
		"the same origin": {"{url: 'https://API.example.com:443/b'}", "GET https://API.example.com:443/b as default"},
		"an allowed origin": {"{url: '${HOST}/${PATHS}?k=${KEY}'}",
			"GET https://orders.example/v1/orders?k=k3y-of-the-house as default"},
		"a body": {"{url: /a, body: 'x=${KEY}'}",
			"POST https://api.example.com/base/a as default: x=k3y-of-the-house"},
		"a dollar": {"{url: /a, body: '$5 $${KEY} $$ $'}",
			"POST https://api.example.com/base/a as default: $5 ${KEY} $$ $"},
		"a default": {"{url: /a, body: '${NONE:-x}${EMPTY:-y}${KEY:-z}${NONE:-}'}",
			"POST https://api.example.com/base/a as default: xyk3y-of-the-house"},
		"a file": {"{url: /a, file: order.json, method: PUT}",
			"PUT https://api.example.com/base/a as default: from the file"},
		"headers": {"{url: /a, as: none, headers: {X-A: '${KEY}', x-num: 1.50}}",
			"GET https://api.example.com/base/a as none [X-A: k3y-of-the-house] [X-Num: 1.50]"},
		"headers of defaults": {"{url: /d, as: none, headers: {x-common: own}}",
			"GET https://api.example.com/base/d as none [X-Common: own]"},
		"json in order": {`{url: /a, json: {b: [1, 2.50, 0x10, ~, true], a: "${QUOTED}", "7": {}}}`,
			`POST https://api.example.com/base/a as default [Content-Type: application/json]: {"b":[1,2.50,16,null,true],"a":"say \"hi\" & bye","7":{}}`},
		"json as text": {`{url: /a, json: '{"k": "${KEY}"}', headers: {content-type: text/json}}`,
			`POST https://api.example.com/base/a as default [Content-Type: text/json]: {"k": "k3y-of-the-house"}`},
		"no variable in yaml": {`{url: /a, json: {k: "${QUOTED}, b: c"}}`,
			`POST https://api.example.com/base/a as default [Content-Type: application/json]: {"k":"say \"hi\" & bye, b: c"}`},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := plan(t,
				"defaults: {headers: {X-Common: '"+"common"+"'}}\nrequests:\n- "+strings.Replace(tt.written, "{", "{name: a, ", 1))
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Replace(sent(t, p.Requests[0]), " [X-Common: common]", "", 1); got != tt.sent {
				t.Errorf("got  %s\nwant %s", got, tt.sent)
			}
		})
	}
}

// sent says in a line what goes out for a request.
func sent(t *testing.T, q suite.Request) string {
	t.Helper()
	wire := &wire{}
	if _, err := (&call.Client{Transport: wire}).Do(t.Context(), q.Request); !errors.Is(err, call.ErrUnreachable) {
		t.Fatal(err)
	}
	line := wire.method + " " + wire.url + " as " + q.As
	for _, name := range []string{"X-A", "X-Num", "X-Common", "Content-Type"} {
		if v := wire.header.Get(name); v != "" {
			line += " [" + name + ": " + v + "]"
		}
	}
	if wire.content != "" {
		line += ": " + wire.content
	}
	return line
}

// wire is a network on which everything is lost: what was sent can be seen,
// and nothing leaves for the hosts that these tests name.
type wire struct {
	method, url, content string
	header               http.Header
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.method, w.url, w.header = r.Method, r.URL.String(), r.Header
	if r.Body != nil {
		content, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		w.content = string(content)
	}
	return nil, errors.New("lost")
}

// TestPlanRefuses holds the faults that only the environment decides.
func TestPlanRefuses(t *testing.T) {
	for name, tt := range map[string]struct{ written, want string }{
		"a missing variable": {"{url: /a, body: '${NONE}'}", "smoke.yaml:2:28: the variable NONE is not set, or empty"},
		"an empty variable": {"{url: /a, headers: {A: '${EMPTY}'}}",
			"smoke.yaml:2:35: the variable EMPTY is not set, or empty"},
		"another host": {"{url: 'https://evil.example/a'}",
			"smoke.yaml:2:18: nothing may be sent to https://evil.example: it is not the API's address, nor allowed"},
		"another port": {"{url: 'https://api.example.com:8443/a'}",
			"smoke.yaml:2:18: nothing may be sent to https://api.example.com:8443: it is not the API's address, nor allowed"},
		"another scheme": {"{url: 'http://api.example.com/a'}",
			"smoke.yaml:2:18: nothing may be sent to http://api.example.com: it is not the API's address, nor allowed"},
		"without a token too": {"{url: 'https://evil.example/?${KEY}', as: none}",
			"smoke.yaml:2:18: nothing may be sent to https://evil.example: it is not the API's address, nor allowed"},
		"by a variable": {"{url: '//${KEY}'}",
			`smoke.yaml:2:18: cannot call "//${KEY}": it begins with two slashes, which name a host and not a path`},
		"a credential": {"{url: /a, body: '${CLIENT_SECRET}'}",
			"smoke.yaml:2:28: CLIENT_SECRET is a credential of m2m, which must not be sent to an API"},
		"a file elsewhere": {"{url: /a, file: ../x}", "smoke.yaml:2:28: no such file"},
		"two authorizations": {"{url: /a, headers: {Authorization: '${KEY}'}}",
			"smoke.yaml:2:3: the request has an Authorization header and a token"},
		"a status": {"{url: /a, expect: {status: '${KEY}'}}",
			`smoke.yaml:2:39: the expectation cannot be read: expected a status such as 200, 2xx or 200-204, found "${KEY}"`},
		"nothing expected": {"{url: /a, expect: {body: '${EMPTY:-}'}}",
			"smoke.yaml:2:37: a text that is to be in the body is empty, and that is in every body"},
		"blanks expected": {"{url: /a, expect: {headers: {A: '${EMPTY:- }'}}}",
			"smoke.yaml:2:44: the value of A is empty; leave it out to expect any"},
		"a list of statuses": {"{url: /a, expect: {status: '${LIST}'}}",
			`smoke.yaml:2:39: the expectation cannot be read: expected a status such as 200, 2xx or 200-204, found "${LIST}"`},
		"a value in jq": {"{url: /a, expect: {jq: '.a == \"${QUOTED}\"'}}",
			"smoke.yaml:2:35: the jq expression cannot be read with the values of its variables in it: they may hold quotes"},
		"jq with a slip": {"{url: /a, expect: {jq: 'lenght > ${CODE}'}}",
			`smoke.yaml:2:35: not a jq expression: function not defined: lenght/0 in "lenght > 1"`},
		"a header's end": {"{url: /a, headers: {A: \"${KEY}\\nB: c\"}}",
			"smoke.yaml:2:35: the header is not valid HTTP: the value of A holds a line break or a control character"},
		"a client's secret": {"{url: /a, as: c}", "smoke.yaml:3:44: the variable NO_SECRET is not set, or empty"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := plan(t,
				"requests:\n- "+strings.Replace(tt.written, "{", "{name: a, ", 1)+
					"\nclients: {c: {client_id: x, client_secret: '${NO_SECRET}'}}\n")
			var faults *suite.Error
			if !errors.As(err, &faults) || len(faults.Faults) != 1 || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error()+strings.Join(faults.Hints(), ""), "k3y-of") {
				t.Error("the value of a variable is shown")
			}
		})
	}
}

// TestPlanHints: a default is advised only where one may stand.
func TestPlanHints(t *testing.T) {
	for text, want := range map[string]string{
		"requests: [{name: a, url: '/${NONE}'}, {name: b, url: '/${ALSO_NONE}'}]":                                        "set it in the environment, or give it a default: ${NAME:-value}",
		"requests: [{name: a, url: /, as: c}]\nclients: {c: {client_id: x, client_secret: '${NONE}', scope: '${NONE}'}}": "set it in the environment",
	} {
		_, err := plan(t, text)
		var faults *suite.Error
		if !errors.As(err, &faults) {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{want}, faults.Hints()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

// TestPlanSkipsTheUnselected: what is not going to be sent needs no variables.
func TestPlanSkipsTheUnselected(t *testing.T) {
	suite, err := suite.Parse("smoke.yaml",
		[]byte("clients: {c: {scope: '${NONE}'}}\nrequests:\n- {name: a, url: /a, tags: x}\n- {name: b, url: '/${NONE}', as: c}\n"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := suite.Select([]string{"x"}, nil).Plan(planContext())
	if err != nil || len(p.Requests) != 1 || len(p.Clients) != 0 {
		t.Errorf("got %v, error %v", p, err)
	}
}

func TestPlanClients(t *testing.T) {
	p, err := plan(t, `
clients: {c: {client_id: "a-${CODE}", client_secret: "${CLIENT_SECRET}", scope: "${OPEN}"}, unused: {scope: "${NONE}"}}
requests: [{name: a, url: /, as: c}]`)
	if err != nil {
		t.Fatal(err)
	}
	c := p.Clients[0]
	got := []string{c.Name, c.ClientID.Value.Reveal(), c.ClientID.Variable, c.Secret.Value.Reveal(), c.Secret.Variable,
		c.Scope.Variable}
	if diff := cmp.Diff([]string{"c", "a-204", "", "m2m-s3cret", "CLIENT_SECRET", "OPEN"}, got); diff != "" ||
		len(p.Clients) != 1 {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestHide(t *testing.T) {
	p, err := plan(t,
		`requests: [{name: a, url: "${HOST}/${PATHS}", body: "${KEY}${OPEN}${CODE}${QUOTED}${LINES}${BLANKS}"}]`)
	if err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]string{
		"it said k3y-of-the-house":                   "it said ${KEY}",
		"cut: k3y-of-the-…":                          "cut: ${KEY}…",
		"cut twice: k3y-…, k3y-of…":                  "cut twice: ${KEY}…, ${KEY}…",
		"at https://orders.example/v1":               "at https://orders.example/v1",
		"/v1/orders and v1%2Forders":                 "/${PATHS} and ${PATHS}",
		"nothing to hide, 204":                       "nothing to hide, 204",
		`first line\n\tand the second\n`:             "${LINES}",
		`first line\n\tand the seco…`:                "${LINES}…",
		`in JSON "first line\n\tand the second"`:     `in JSON "${LINES}"`,
		"X-A: a blank before":                        "X-A: ${BLANKS}",
		`"say \"hi\" & bye" or say+%22hi%22+%26+bye`: `"${QUOTED}" or ${QUOTED}`,
	} {
		if got := p.Hide(given); got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
}
