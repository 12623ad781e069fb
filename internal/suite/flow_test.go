package suite_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"m2m/internal/call/calltest"
	"m2m/internal/entra"
	"m2m/internal/suite"
)

// orders is an API with orders that are ready some time after they were made.
type orders struct {
	mu     sync.Mutex
	served []string
	polls  int
}

func (o *orders) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.served = append(o.served, r.Method+" "+r.URL.Path)
	switch {
	case r.Method == http.MethodPost:
		w.Header().Set("Location", "/orders/order-77")
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"id":"order-77","n":7,"none":null,"list":[1,2]}`)
	case r.Method == http.MethodDelete:
		w.WriteHeader(http.StatusNoContent)
	case strings.HasPrefix(r.URL.Path, "/orders/order-77"):
		o.polls++
		_ = json.NewEncoder(w).Encode(map[string]any{"ready": o.polls >= 3, "path": r.URL.Path})
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// instant is a clock that sleeps take forward.
type instant struct {
	mu  sync.Mutex
	now time.Time
}

func (c *instant) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *instant) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return ctx.Err()
}

// TestFlow: a value of one answer is in the requests behind it, some wait, and the
// teardown comes last. Results are in the order of the file, however many jobs run.
func TestFlow(t *testing.T) {
	for _, jobs := range []int{1, 8} {
		api := &orders{}
		s := calltest.Serve(t, api.ServeHTTP)
		p := planFor(t, s, `
defaults: {as: none}
setup:
- {name: make, url: /orders, json: {}, expect: 201, capture: {id: .id, place: {header: Location}, code: {status: true}}}
requests:
- {name: wait, url: "/orders/${id}", poll: {until: {jq: .ready}, every: 10s, for: 1m}, capture: {path: .path}}
- {name: by path, url: "${path}", expect: {jq: '.path == "/orders/${id}"'}}
- {name: by header, url: "${place}", headers: {X-Code: "${code}"}}
- {name: gone, url: "/orders/${code}", expect: 404}
teardown:
- {name: remove, url: "/orders/${id}", method: DELETE, expect: 204}
`, nil)
		clock := &instant{now: calltest.Now}
		runner := suite.Runner{Client: calltest.Client(t), Jobs: jobs, Now: clock.Now, Sleep: clock.Sleep}
		results := runner.Run(t.Context(), p)
		want := "make passed 201, wait passed 200, by path passed 200, by header passed 200, gone passed 404, remove passed 204"
		if got := outcomes(results); got != want {
			t.Errorf("%d jobs: %s", jobs, got)
			for _, r := range results {
				t.Log(r.Request.Name, r.Reason, r.Expectations)
			}
		}
		if last := api.served[len(api.served)-1]; last != "DELETE /orders/order-77" {
			t.Errorf("the last request was %s", last)
		}
		for _, r := range results {
			for _, e := range r.Expectations {
				if strings.Contains(e.Expected+e.Found, "order-77") {
					t.Errorf("a captured value is shown: %v", e)
				}
			}
		}
		if got := p.Hide("x order-77 y"); got != "x ${id} y" {
			t.Errorf("hidden as %q", got)
		}
	}
}

// TestFlowThatFails: what needs a value that never came is not sent, and the teardown
// is.
func TestFlowThatFails(t *testing.T) {
	for name, tt := range map[string]struct{ file, want string }{
		"the setup fails": {`{setup: [{name: s, url: /no}], requests: [{name: a, url: /orders/order-77}], teardown: [{name: t, url: /no, method: DELETE}]}`,
			"s failed 404, a skipped 0, t passed 204"},
		"nothing captured": {`{requests: [{name: a, url: /orders, body: x, capture: {id: .missing}}, {name: b, url: "/${id}"}, {name: c, url: "/x/${id}"}, {name: d, url: /orders/order-77}]}`,
			"a failed 201, b skipped 0, c skipped 0, d passed 200"},
		"null": {`{requests: [{name: a, url: /orders, body: x, capture: {id: .none}}, {name: b, url: "/${id}"}]}`,
			"a failed 201, b skipped 0"},
		"the request fails": {`{requests: [{name: a, url: /orders, body: x, expect: 200, capture: {id: .id}}, {name: b, url: "/${id}"}]}`,
			"a failed 201, b skipped 0"},
		"a poll that ends": {`{requests: [{name: a, url: /orders/order-77, poll: {until: {jq: .ready == 17}, every: 10s, for: 25s}}]}`,
			"a failed 200"},
		"a poll for a status": {`{requests: [{name: a, url: /nothing, poll: {until: 404, for: 5s}}]}`,
			"a passed 404"},
		"a poll, then an expectation": {`{requests: [{name: a, url: /orders/order-77, poll: {until: {jq: .ready}, for: 5s}, expect: {jq: .path == 1}}]}`,
			"a failed 200"},
		"a value that leads elsewhere": {`{requests: [{name: a, url: /orders, body: x, capture: {id: '"https://evil.example/"'}}, {name: b, url: "${id}"}]}`,
			"a passed 201, b unknown 0"},
		"a value that names a host": {`{requests: [{name: a, url: /orders, body: x, capture: {id: '"evil.example"'}}, {name: b, url: /, headers: {Host: "${id}"}}]}`,
			"a passed 201, b unknown 0"},
		"a value with a line break": {`{requests: [{name: a, url: /orders, body: x, capture: {id: '"x\r\nHost: evil"'}}, {name: b, url: /, headers: {X: "${id}"}}]}`,
			"a passed 201, b unknown 0"},
		"fail fast": {`{requests: [{name: a, url: /no}, {name: b, url: /no}], teardown: [{name: t, url: /x, method: DELETE}]}`,
			"a failed 404, b skipped 0, t passed 204"},
	} {
		api := &orders{}
		s := calltest.Serve(t, api.ServeHTTP)
		clock := &instant{now: calltest.Now}
		runner := suite.Runner{
			Client: calltest.Client(t), FailFast: name == "fail fast", Now: clock.Now, Sleep: clock.Sleep,
		}
		p := planFor(t, s, strings.Replace(tt.file, "{", "{defaults: {as: none}, ", 1), nil)
		results := runner.Run(t.Context(), p)
		if got := outcomes(results); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
			for _, r := range results {
				t.Log(r.Request.Name, r.Reason, r.Expectations)
			}
		}
	}
}

// TestTeardownAfterStop: a run that is stopped still cleans up.
func TestTeardownAfterStop(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	api := &orders{}
	s := calltest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/stop" {
			stop()
			<-r.Context().Done()
		}
		api.ServeHTTP(w, r)
	})
	p := planFor(t, s, `{defaults: {as: none}, requests: [{name: a, url: /stop}, {name: b, url: /}],
teardown: [{name: t, url: /x, method: DELETE}]}`, nil)
	results := (&suite.Runner{Client: calltest.Client(t)}).Run(ctx, p)
	if got := outcomes(results); got != "a skipped 0, b skipped 0, t passed 204" {
		t.Error(got)
	}
}

// TestCaptureFaults: what cannot work is reported before anything is sent.
func TestCaptureFaults(t *testing.T) {
	for file, want := range map[string]string{
		`{requests: [{url: "/${id}"}, {name: b, url: /, capture: {id: .id}}]}`:                                                   "id is captured later, by the request on line 1",
		`{requests: [{url: /, capture: {id: .id}, body: "${id}"}]}`:                                                              "id is captured later, by the request on line 1",
		`{requests: [{url: /, capture: {id: .id}}, {url: /, file: "${id}"}]}`:                                                    "an answer does not choose which file is sent",
		`{requests: [{url: /, capture: {id: .id}}, {url: /, as: c}], clients: {c: {client_id: "${id}", client_secret: "${X}"}}}`: "id is captured from an answer, and a client is chosen before the first request",
		`{requests: [{url: /, capture: {id: '.['}}]}`:                                                                            "not a jq expression",
		`{requests: [{url: /, capture: {id: {}}}]}`:                                                                              "a value is captured from one of jq, header and status",
		`{requests: [{url: /, capture: {id: {status: false}}}]}`:                                                                 "a value is captured from one of jq, header and status",
		`{requests: [{url: /, capture: {"a b": .id}}]}`:                                                                          `"a b" is not a name of letters, digits and underscores`,
		`{requests: [{url: /, capture: {id: {header: "a b"}}}]}`:                                                                 `"a b" is not the name of a header`,
		`{requests: [{url: /, poll: {for: 5s}}]}`:                                                                                "until is missing here",
		`{requests: [{url: /, poll: {until: 200}}]}`:                                                                             "for is missing here",
		`{requests: [{url: /, poll: {status: 200, for: 5s}}]}`:                                                                   `it belongs under "until"`,
		`{requests: [{url: /, until: 200}]}`:                                                                                     `it belongs under "poll"`,
		`{requests: [{url: /}], setup: []}`:                                                                                      "there are no requests",
		`{requests: [{name: a, url: /}], teardown: [{name: a, url: /}]}`:                                                         `the name "a" is on line 1 already`,
	} {
		parsed, err := suite.Parse("smoke.yaml", []byte(file))
		if err == nil {
			_, err = parsed.Plan(suite.Context{Base: "https://api.example", Lookup: environment(map[string]string{"X": "x"})})
		}
		if err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), "'", `"`), want) {
			t.Errorf("%s: error %v, want %s", file, err, want)
		}
	}
}

// TestNames: a request without a name is called by what it sends.
func TestNames(t *testing.T) {
	parsed, err := suite.Parse("smoke.yaml", []byte(`{requests: [{url: /a}, {url: /a}, {url: /b, json: 1}, {url: /c, method: PUT},
{name: GET /d, url: /x}, {url: /d}]}`))
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(parsed.Names(), ", ")
	if want := "GET /a, GET /a (2), POST /b, PUT /c, GET /d, GET /d (2)"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestSelectKeepsWhatIsNeeded: a tag brings the requests along whose values it needs.
func TestSelectKeepsWhatIsNeeded(t *testing.T) {
	parsed, err := suite.Parse("smoke.yaml", []byte(`{setup: [{name: s, url: /}], requests: [
{name: a, url: /, capture: {x: .x}}, {name: b, url: "/${x}", capture: {y: .y}}, {name: c, url: "/${y}", tags: t}, {name: d, url: /}],
teardown: [{name: z, url: "/${x}"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(parsed.Select([]string{"t"}, nil).Names(), ""); got != "abc" {
		t.Errorf("selected %q", got)
	}
	if got := parsed.Select(nil, []string{"t"}).Names(); len(got) != 3 {
		t.Errorf("selected %q", got)
	}
	if got := parsed.Select([]string{"none"}, nil).Names(); len(got) != 0 {
		t.Errorf("selected %q", got)
	}
}

// shortLived are tokens that the API rejects once they have expired.
type shortLived struct {
	mu      sync.Mutex
	issued  int
	expired bool
}

func (s *shortLived) token() entra.Secret { return entra.NewSecret(fmt.Sprintf("token-%d", s.issued)) }

func (s *shortLived) Token(context.Context, string) (entra.Secret, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.token(), nil
}

func (s *shortLived) Renew(context.Context, string, entra.Secret) (entra.Secret, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.expired {
		return entra.Secret{}, false, nil
	}
	s.issued++
	return s.token(), true, nil
}

// TestRenew: a 401 after expiry is tried once with a fresh token, and no other 401 is.
func TestRenew(t *testing.T) {
	for _, tt := range []struct {
		expired bool
		want    string
		sent    int
	}{{true, "a passed 200", 2}, {false, "a failed 401", 1}} {
		sent := 0
		s := calltest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
			sent++
			if r.Header.Get("Authorization") != "Bearer token-1" {
				w.WriteHeader(http.StatusUnauthorized)
			}
		})
		p := planFor(t, s, `{requests: [{name: a, url: /}]}`, nil)
		runner := suite.Runner{Client: calltest.Client(t), Tokens: &shortLived{expired: tt.expired}}
		if got := outcomes(runner.Run(t.Context(), p)); got != tt.want || sent != tt.sent {
			t.Errorf("%s with %d requests, want %s with %d", got, sent, tt.want, tt.sent)
		}
	}
}
