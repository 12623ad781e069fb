package suite_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/call"
	"m2m/internal/call/calltest"
	"m2m/internal/explain"
	"m2m/internal/suite"
	"m2m/internal/text"
)

// planFor makes the plan of a suite against a server.
func planFor(t *testing.T, s *httptest.Server, text string, variables map[string]string) *suite.Plan {
	t.Helper()
	parsed, err := suite.Parse("smoke.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	p, err := parsed.Plan(suite.Context{Base: s.URL, Lookup: environment(variables),
		Origins: []string{"http://127.0.0.1:1"}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// outcomes says in a line what became of each request.
func outcomes(results []suite.Result) string {
	var words []string
	for _, r := range results {
		words = append(words, fmt.Sprintf("%s %s %d", r.Request.Name, r.Verdict, r.Status))
	}
	return strings.Join(words, ", ")
}

// observed lists the starts and ends of requests.
type observed []string

func (o *observed) Started(q suite.Request) { *o = append(*o, "+"+q.Name) }

func (o *observed) Finished(r suite.Result) { *o = append(*o, "-"+r.Request.Name) }

func TestRunSuite(t *testing.T) {
	var served []string
	s := calltest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		served = append(served, r.Method+" "+r.URL.Path)
		switch r.URL.Path {
		case "/missing":
			w.WriteHeader(http.StatusNotFound)
		case "/broken":
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, "not all of it")
		case "/again":
			if len(served) < 7 {
				w.Header().Set("Retry-After", "0")
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}
	})
	p := planFor(t, s, `
defaults: {as: none}
requests:
- {name: a, url: /a, body: x}
- {name: b, url: /missing}
- {name: c, url: /broken}
- {name: d, url: "http://127.0.0.1:1/"}
- {name: e, url: /missing, expect: {status: 404}}
- {name: f, url: /again, retry: 3}
`, nil)
	var log observed
	runner := suite.Runner{
		Client:   calltest.Client(t),
		Observer: &log,
	}
	results := runner.Run(t.Context(), p)
	if got, want := outcomes(results),
		"a passed 200, b failed 404, c unknown 200, d unknown 0, e passed 404, f passed 200"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if diff := cmp.Diff([]string{"POST /a", "GET /missing", "GET /broken", "GET /missing", "GET /again", "GET /again",
		"GET /again"}, served); diff != "" {
		t.Errorf("what was served (-want +got):\n%s", diff)
	}
	if got := strings.Join(log, " "); got != "+a -a +b -b +c -c +d -d +e -e +f -f" {
		t.Errorf("progress: %s", got)
	}
	if r := results[1]; len(r.Unmet()) != 1 || r.Explanation == nil || r.Explanation.Code != explain.CodeNotFound {
		t.Errorf("b: unmet %v, explanation %v", r.Unmet(), r.Explanation)
	}
	for _, i := range []int{2, 3} {
		if r := results[i]; !errors.Is(r.Err, call.ErrUnreachable) || r.Reason == "" || len(r.Hints) == 0 {
			t.Errorf("%s: reason %q, hints %q, error %v", r.Request.Name, r.Reason, r.Hints, r.Err)
		}
	}
	if results[5].Attempts != 3 {
		t.Errorf("f: %d attempts", results[5].Attempts)
	}
}

func TestRunSuiteFailFast(t *testing.T) {
	s := calltest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/bad" {
			w.WriteHeader(http.StatusTeapot)
		}
	})
	for name, bad := range map[string]string{"a failure": "/bad", "no answer": "http://127.0.0.1:1/"} {
		p := planFor(t, s,
			`{defaults: {as: none}, requests: [{name: a, url: /}, {name: b, url: "`+bad+`"}, {name: c, url: /}]}`, nil)
		results := (&suite.Runner{Client: calltest.Client(t), FailFast: true}).Run(t.Context(), p)
		if results[0].Verdict != suite.Passed || results[2].Verdict != suite.Skipped ||
			results[2].Reason != "not sent: an earlier request did not pass" {
			t.Errorf("%s: %s, reason %q", name, outcomes(results), results[2].Reason)
		}
	}
}

// TestRunSuiteParallel: no request is answered before all are there, so that the
// run ends only if they are under way at once, and no more of them than asked.
func TestRunSuiteParallel(t *testing.T) {
	const jobs = 3
	var mu sync.Mutex
	here, most := 0, 0
	gate := make(chan struct{}, 2*jobs)
	s := calltest.Serve(t, func(_ http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		here++
		if most = max(most, here); here == jobs {
			for range jobs {
				gate <- struct{}{}
			}
		}
		mu.Unlock()
		<-gate
		mu.Lock()
		here--
		mu.Unlock()
	})
	text := "defaults: {as: none}\nrequests:\n"
	for i := range 2 * jobs {
		text += fmt.Sprintf("- {name: r%d, url: /}\n", i)
	}
	results := (&suite.Runner{Client: calltest.Client(t), Jobs: jobs}).Run(t.Context(), planFor(t, s, text, nil))
	for i, r := range results {
		if r.Verdict != suite.Passed || r.Request.Name != fmt.Sprintf("r%d", i) {
			t.Errorf("%d: %s %s", i, r.Request.Name, r.Verdict)
		}
	}
	if most != jobs {
		t.Errorf("%d requests were under way at once, want %d", most, jobs)
	}
}

// TestRunSuiteStopped: what is done stays done, what is under way is given up.
func TestRunSuiteStopped(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	s := calltest.Serve(t, func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hold" {
			stop()
			<-r.Context().Done()
		}
	})
	p := planFor(t, s, `{defaults: {as: none}, requests: [{name: a, url: /}, {name: b, url: /hold}, {name: c, url: /}]}`,
		nil)
	results := (&suite.Runner{Client: calltest.Client(t)}).Run(ctx, p)
	if got, want := outcomes(results), "a passed 200, b skipped 0, c skipped 0"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if results[1].Reason != "given up: the run was stopped" || results[2].Reason != "not sent: the run was stopped" {
		t.Errorf("reasons %q, %q", results[1].Reason, results[2].Reason)
	}
}

// TestRunSuiteHidesSecrets: an API that repeats all that it gets, in every place
// that an explanation looks at.
func TestRunSuiteHidesSecrets(t *testing.T) {
	const key, method = "k3y-of-the-house", "M3THOD"
	s := calltest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		echo := r.Header.Get("Authorization") + " " + r.Header.Get("X-Key") + " " + r.URL.Path
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer error="invalid_token", error_description=%q`, echo))
		w.Header().Set("X-Echo", echo)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintf(w, `{"error": %q}`, echo)
	})
	p := planFor(t, s, `
requests:
- name: a
  url: /${KEY}
  headers: {X-Key: "${KEY}"}
  expect: {headers: {X-Echo: "${KEY}"}, body: "other ${KEY}", jq: '.error == "${KEY}"'}
- {name: b, url: "/${KEY}", method: "${METHOD}", timeout: 1ns}
- {name: c, url: /, method: "${METHOD}"}
`, map[string]string{"KEY": key, "METHOD": method})
	token := calltest.AppToken(t, nil)
	p.Requests[0].Request.Token = token
	known := func(q suite.Request) explain.Context { return explain.Context{Token: q.Request.Token} }
	for _, r := range (&suite.Runner{Client: calltest.Client(t), Known: known}).Run(t.Context(), p) {
		r.Request.Request, r.Err = call.Request{}, nil // not for showing
		said := fmt.Sprintf("%+v %+v", r, r.Explanation)
		for what, secret := range map[string]string{"the variable": key, "the method": method, "the token": token.Reveal(),
			"part of the token": token.Reveal()[:60]} {
			if strings.Contains(said, secret) {
				t.Errorf("%s: %s is shown:\n%s", r.Request.Name, what, said)
			}
		}
		if r.Request.Name == "a" && !strings.Contains(said, "${KEY}") {
			t.Errorf("nothing was repeated, so that nothing is proved: %s", said)
		}
	}
}

// TestRunSuiteShowsCommands: where a value stood its variable does, so that a
// shell puts it back, and no spelling of the value is shown.
func TestRunSuiteShowsCommands(t *testing.T) {
	s := calltest.Serve(t, http.NotFound)
	p := planFor(t, s, `
defaults: {as: none}
requests:
- {name: bare, url: "/${PATH}"}
- {name: query, url: "/a?b=${PATH}"}
- {name: text, url: /, body: "it's ${WORDS}!"}
- {name: json, url: /, json: {a: "${WORDS}"}}
- {name: a client's, url: /, as: other}
clients:
  other: {client_id: 5d2c8e31-7f40-4b9a-a1e6-3c9d0f8b2a74, client_secret: "${WORDS}"}
`, map[string]string{"PATH": "k3y-of-the-house", "WORDS": `a'b "c\d" é`})
	known := func(q suite.Request) explain.Context {
		if q.Text == "" {
			return explain.Context{}
		}
		return explain.Context{CallFlags: []string{"-d " + text.ShellQuote(q.Text)}}
	}
	want := []string{
		"m2m call --no-token -v URL/${PATH}",
		`m2m call --no-token -v 'URL/a?b='"${PATH}"''`,
		`m2m call -X POST -d 'it'\''s '"${WORDS}"'!' --no-token -v URL/`,
		`m2m call -X POST -d '{"a":"'"${WORDS}"'"}' --no-token -v URL/`,
		"",
	}
	var got []string
	for _, r := range (&suite.Runner{Client: calltest.Client(t), Known: known}).Run(t.Context(), p) {
		got = append(got, strings.ReplaceAll(r.Explanation.Command, s.URL, "URL"))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
}
