package suite_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/call/calltest"
	"m2m/internal/explain"
	"m2m/internal/suite"
)

// TestRunSuiteHints: whoever wrote a suite's file is told of its keys and not of
// flags, which do not go with it.
func TestRunSuiteHints(t *testing.T) {
	s := calltest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/", http.StatusFound)
		case "/get":
			w.Header().Set("Allow", "GET")
			w.WriteHeader(http.StatusMethodNotAllowed)
		case "/key":
			w.WriteHeader(http.StatusUnauthorized)
		case "/busy":
			w.WriteHeader(http.StatusTooManyRequests)
		case "/down":
			w.WriteHeader(http.StatusBadGateway)
		case "/keys":
			w.Header().Set("Content-Type", "application/problem+json")
			w.Header().Set("Retry-After", "5")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte(`{"detail":"the token could not be verified"}`))
		case "/hangs":
			<-r.Context().Done()
		case "/ends":
			panic(http.ErrAbortHandler)
		}
	})
	p := planFor(t, s, `
requests:
- {name: redirect, url: /moved}
- {name: method, url: /get, body: x}
- {name: gateway, url: /key}
- {name: nobody, url: /key, as: none}
- {name: busy, url: /busy}
- {name: down, url: /down}
- {name: keys, url: /keys}
- {name: slow, url: /hangs, timeout: 1ms}
- {name: ends, url: /ends}
`, nil)
	for i, q := range p.Requests {
		if q.As != suite.AsNone {
			p.Requests[i].Request.Token = calltest.AppToken(t, nil)
		}
	}
	known := func(q suite.Request) explain.Context { return explain.Context{Token: q.Request.Token} }
	got := map[string]string{}
	for _, r := range (&suite.Runner{Client: calltest.Client(t), Known: known}).Run(t.Context(), p) {
		hints := r.Hints
		if r.Explanation != nil {
			hints = slices.Concat(hints, r.Explanation.Fixes)
		}
		got[r.Request.Name] = strings.Join(hints, " / ")
	}
	want := map[string]string{
		"redirect": `follow it with "follow: true", or call that address`,
		"method":   `choose the method with "method"`,
		"gateway":  "check who answers: something before the API can reject a request before the API sees it / the reason is in the log of the API",
		"nobody":   `send it as a client: leave out "as: none"`,
		"busy":     `call less often / try again with "retry: 3"`,
		"down":     `look into the API's log / try again with "retry: 3"`,
		"keys":     `check that the API reaches its tenant's login host; the token may well be good / try again with "retry: 3"`,
		"slow":     `allow more time with "timeout" / check that no firewall drops the packets; behind a proxy set HTTPS_PROXY`,
		"ends":     `have it tried again: "retry: 3" / try again; the log of the server, or of a proxy before it, may say why it hung up`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("hints (-want +got):\n%s", diff)
	}
}
