package probe_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"m2m/internal/probe"
	"m2m/internal/probe/forge"
)

// forgeries answers forged tokens in one way, and no token with a refusal.
func forgeries(answer func(w http.ResponseWriter, r *http.Request)) *api {
	return &api{withToken: open, without: func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			refuse(w, r)
			return
		}
		answer(w, r)
	}}
}

// drop closes the connection without an answer, as a handler that panics does.
func drop(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// stalled answers when the caller has gone.
func stalled(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// first answers the first n requests in one way and the others in another.
func first(n int64, one, other func(http.ResponseWriter, *http.Request)) func(http.ResponseWriter, *http.Request) {
	var seen atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) {
		if seen.Add(1) <= n {
			one(w, r)
			return
		}
		other(w, r)
	}
}

// TestVerdicts holds each way to answer a forgery against what is made of it.
func TestVerdicts(t *testing.T) {
	for _, tt := range []struct {
		name     string
		answer   func(http.ResponseWriter, *http.Request)
		outcome  probe.Outcome
		severity forge.Severity
		came     string
	}{
		{"401", refuse, probe.Rejected, "", "401 Unauthorized"},
		{"400", answers(400, ""), probe.Rejected, "", "400 Bad Request"},
		{"a redirect", answers(302, ""), probe.Rejected, "", "302 Found"},
		{
			"200 with the content", open, probe.Finding, forge.Critical,
			"200 OK, with the content that the valid token gets",
		},
		{"200 with something else", answers(200, "welcome, nobody"), probe.Finding, forge.Critical, "200 OK"},
		{"204", answers(204, ""), probe.Finding, forge.Critical, "204 No Content"},
		{
			"401 with the content", answers(401, `{"stock":[1,2,3]}`+"\n"), probe.Finding, forge.Critical,
			"401 Unauthorized, but with the content that the valid token gets",
		},
		{"500", answers(500, ""), probe.Finding, forge.Medium, "500 Internal Server Error, a fault of the API's own"},
		{"502 once", first(1, answers(502, ""), refuse), probe.Rejected, "", "401 Unauthorized"},
		{"502 twice", first(2, answers(502, ""), refuse), probe.Rejected, "", "401 Unauthorized"},
		{"no answer", drop, probe.Finding, forge.Medium, "no answer: the connection was closed"},
		{"no answer once", first(1, drop, refuse), probe.Rejected, "", "401 Unauthorized"},
		{"too late", stalled, probe.Finding, forge.Medium, "no answer in time"},
		{"too late once", first(1, stalled, refuse), probe.Rejected, "", "401 Unauthorized"},
		{"429 once", first(1, answers(429, ""), refuse), probe.Rejected, "", "401 Unauthorized"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			report, err := probing(t, forgeries(tt.answer), func(c *probe.Config) {
				c.Cases, _ = forge.Select(c.Cases, []string{"alg-none"})
				c.Timeout = 2 * time.Second
			})
			if err != nil {
				t.Fatal(err)
			}
			got := report.Results[0]
			if got.Outcome != tt.outcome || got.Risk.Severity() != tt.severity || got.Got != tt.came {
				t.Errorf("%s %q %q, want %s %q %q", got.Outcome, got.Risk.Severity(), got.Got, tt.outcome, tt.severity, tt.came)
			}
			if (got.Fix != "") != (got.Outcome == probe.Finding) {
				t.Errorf("a %s has the fix %q", got.Outcome, got.Fix)
			}
		})
	}
}

// ticking is a clock that each request moves on by what it is said to take.
type ticking struct{ now atomic.Int64 }

func (c *ticking) Now() time.Time { return time.Unix(0, c.now.Load()) }

func (c *ticking) takes(d time.Duration, answer func(http.ResponseWriter, *http.Request)) func(http.ResponseWriter,
	*http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		c.now.Add(int64(d))
		answer(w, r)
	}
}

// TestSlowness compares with the baseline as it is now, never below the floor.
func TestSlowness(t *testing.T) {
	for _, tt := range []struct {
		name          string
		valid, forged time.Duration
		outcome       probe.Outcome
	}{
		{"as fast", 20 * time.Millisecond, 20 * time.Millisecond, probe.Rejected},
		{"below the floor", time.Millisecond, 400 * time.Millisecond, probe.Rejected},
		{"above the floor and ten times", 20 * time.Millisecond, 900 * time.Millisecond, probe.Finding},
		{"above the floor, not ten times", 100 * time.Millisecond, 900 * time.Millisecond, probe.Rejected},
	} {
		t.Run(tt.name, func(t *testing.T) {
			clock := &ticking{}
			clock.now.Store(time.Now().UnixNano())
			a := forgeries(clock.takes(tt.forged, refuse))
			a.withToken = clock.takes(tt.valid, open)
			report, err := probing(t, a, func(c *probe.Config) { c.Now = clock.Now })
			if err != nil {
				t.Fatal(err)
			}
			got := report.Results[0]
			if got.Outcome != tt.outcome {
				t.Errorf("%s: %s", got.Outcome, got.Got)
			}
			if tt.outcome == probe.Finding &&
				!strings.Contains(got.Got, "401 Unauthorized after 900ms, where the valid token takes 20ms") {
				t.Errorf("what came is %q", got.Got)
			}
		})
	}
}

// TestPagesForEverybody has an API that answers 200 at every address that it
// does not know, as those do that hold a web page. Only the content counts.
func TestPagesForEverybody(t *testing.T) {
	page := answers(200, "<html>a page for everybody</html>")
	a := &api{withToken: open, without: func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.RequestURI == "/stock" && r.Method != http.MethodOptions:
			refuse(w, r)
		case r.RequestURI == "/stock/":
			open(w, r)
		default:
			page(w, r)
		}
	}}
	report, err := probing(t, a, func(c *probe.Config) {
		c.Cases, _ = forge.Select(forge.Catalogue(), []string{"path-*", "method-options", "x-original-url"})
	})
	if err != nil {
		t.Fatal(err)
	}
	findings := report.Findings()
	if len(findings) != 1 || findings[0].Case.Name != "path-slash-last" {
		t.Errorf("the findings are %+v, want path-slash-last alone", findings)
	}
}

// TestNothingIsFollowed has an API that redirects forgeries elsewhere.
func TestNothingIsFollowed(t *testing.T) {
	elsewhere := &api{withToken: open, without: open}
	other := startOther(t, elsewhere)
	a := forgeries(func(w http.ResponseWriter,
		r *http.Request) {
		http.Redirect(w, r, other, http.StatusTemporaryRedirect)
	})
	if _, err := probing(t, a, func(c *probe.Config) { c.Cases = forge.Catalogue() }); err != nil {
		t.Fatal(err)
	}
	if n := elsewhere.requests.Load(); n != 0 {
		t.Errorf("%d requests went elsewhere", n)
	}
}

// TestTheRate counts the pauses between requests.
func TestTheRate(t *testing.T) {
	clock := &ticking{}
	clock.now.Store(time.Now().UnixNano())
	start := clock.Now()
	report, err := probing(t, forgeries(refuse), func(c *probe.Config) {
		c.Rate, c.Now = 4, clock.Now
		c.Sleep = func(_ context.Context, d time.Duration) error {
			clock.now.Add(int64(d))
			return nil
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	least := time.Duration(report.Requests-1) * time.Second / 4
	if took := clock.Now().Sub(start); took < least {
		t.Errorf("%d requests took %s, want at least %s", report.Requests, took, least)
	}
}

// TestShortAnswers has an API with the same few bytes for everybody: they say
// nothing, also when the baseline has been checked again.
func TestShortAnswers(t *testing.T) {
	a := &api{withToken: answers(http.StatusOK, "{}"), without: answers(http.StatusUnauthorized, "{}")}
	report, err := probing(t, a, func(c *probe.Config) {
		c.Cases, _ = forge.Select(forge.Catalogue(), []string{"alg-*", "signature-*"})
	})
	if err != nil {
		t.Fatal(err)
	}
	if findings := report.Findings(); len(findings) > 0 || report.Baseline.Checks < 5 {
		t.Errorf("%d findings after %d checks of the baseline: %+v", len(findings), report.Baseline.Checks, findings)
	}
}
