package probe_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"m2m/internal/call"
	"m2m/internal/entra"
	"m2m/internal/probe"
	"m2m/internal/probe/forge"
	"m2m/internal/probe/probetest"
)

// api is an API that knows one token by its text: what it does with each
// request, by whether it carries that, is the test's.
type api struct {
	valid     string
	requests  atomic.Int64
	withToken func(w http.ResponseWriter, r *http.Request)
	without   func(w http.ResponseWriter, r *http.Request)
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.requests.Add(1)
	if r.Header.Get("Authorization") == "Bearer "+a.valid {
		a.withToken(w, r)
		return
	}
	a.without(w, r)
}

func answers(status int, body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// open and refuse are what a sound API does.
var (
	open   = answers(http.StatusOK, `{"stock":[1,2,3]}`)
	refuse = answers(http.StatusUnauthorized, "no")
)

// probing runs an API and a probe of it with two cases.
func probing(t *testing.T, a *api, change func(*probe.Config)) (*probe.Report, error) {
	t.Helper()
	issuer, err := newIssuer()
	if err != nil {
		t.Fatal(err)
	}
	own, err := ownKey()
	if err != nil {
		t.Fatal(err)
	}
	a.valid = issuer.Token(probetest.Changes{})
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	target, err := url.Parse(server.URL + "/stock")
	if err != nil {
		t.Fatal(err)
	}
	cases, _ := forge.Select(forge.Catalogue(), []string{"alg-none", "signature-cut"})
	config := probe.Config{
		Target: target, Token: entra.NewSecret(a.valid), Cases: cases, OwnKey: own, Rate: 1e6, Timeout: 5 * time.Second,
		Dial: func(ctx context.Context) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", server.Listener.Addr().String())
		},
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	if change != nil {
		change(&config)
	}
	return probe.Run(t.Context(), config)
}

// TestWhyARunStops has an API for each reason.
func TestWhyARunStops(t *testing.T) {
	for _, tt := range []struct {
		name             string
		with, without    func(http.ResponseWriter, *http.Request)
		change           func(*probe.Config)
		want             error
		reason           string
		status, noStatus int // of the baseline
	}{
		{"no door", open, open, nil, probe.ErrOpen, "a request without a token got 200 OK", 0, 200},
		{
			"the content in the refusal", open, answers(401, `{"stock":[1,2,3]}`), nil, probe.ErrOpen,
			"401 Unauthorized, but with the content", 200, 401,
		},
		{"nothing there", open, answers(404, "no"), nil, probe.ErrNoBaseline, "got 404 Not Found, not 401", 0, 404},
		{
			"a login page", open, answers(302, ""), nil, probe.ErrNoBaseline, "got 302 Found, a redirect, not 401",
			0, 302,
		},
		{
			"broken without a token", open, answers(500, ""), nil, probe.ErrNoBaseline,
			"got 500 Internal Server Error, not 401", 0, 500,
		},
		{
			"the valid token is refused", refuse, refuse, nil, probe.ErrNoBaseline,
			"the valid token got 401 Unauthorized", 401, 401,
		},
		{
			"the valid token leads elsewhere", answers(307, ""), refuse, nil, probe.ErrNoBaseline,
			"the valid token got 307 Temporary Redirect, a redirect", 307, 401,
		},
		{"limited at once", answers(429, ""), refuse, nil, probe.ErrLimited, "429", 0, 401},
		{"limited", open, answers(429, ""), nil, probe.ErrLimited, "429", 0, 0},
		{"the valid token has expired", refuse, refuse, func(c *probe.Config) {
			c.Now = func() time.Time { return time.Now().Add(24 * time.Hour) }
		}, probe.ErrExpired, "the token has expired", 401, 401},
		{"nobody there", open, refuse, func(c *probe.Config) {
			c.Dial = func(context.Context) (net.Conn, error) { return nil, errors.New("refused") }
		}, probe.ErrNoBaseline, "no connection could be made", 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			report, err := probing(t, &api{withToken: tt.with, without: tt.without}, tt.change)
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.reason) {
				t.Errorf("the error is %v, want %v with %q", err, tt.want, tt.reason)
			}
			if report.Baseline.Valid != tt.status || report.Baseline.None != tt.noStatus {
				t.Errorf("the baseline is %+v, want %d and %d", report.Baseline, tt.status, tt.noStatus)
			}
			results := report.Results
			if tt.want == probe.ErrOpen {
				if first := results[0]; first.Case.Name != "no-token" || first.Outcome != probe.Finding ||
					first.Risk.Severity() != forge.Critical {
					t.Errorf("the first result is %+v, want a finding", first)
				}
				results = results[1:]
			}
			if len(results) != 2 || results[0].Outcome != probe.NotTried || results[1].Outcome != probe.NotTried {
				t.Errorf("the results are %+v, want two that were not tried", results)
			}
		})
	}
}

// TestWhatCannotBeProbed refuses what no run can begin with.
func TestWhatCannotBeProbed(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*probe.Config)
		want   error
	}{
		{"an opaque token", func(c *probe.Config) { c.Token = entra.NewSecret("opaque") }, forge.ErrNotJWT},
		{
			"no signature", func(c *probe.Config) { c.Token = entra.NewSecret("eyJhIjoxfQ.eyJhIjoxfQ.") },
			forge.ErrNotJWT,
		},
		{
			"a header that is no object", func(c *probe.Config) { c.Token = entra.NewSecret("W10.eyJhIjoxfQ.AAAA") },
			forge.ErrNotJWT,
		},
		{
			"plain http to another machine",
			func(c *probe.Config) { c.Target = &url.URL{Scheme: "http", Host: "api.example.com"} },
			call.ErrPlainHTTP,
		},
		{
			"two credentials", func(c *probe.Config) { c.Header = http.Header{"Authorization": {"Basic eA=="}} },
			call.ErrTwoAuthorizations,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := &api{withToken: open, without: refuse}
			if _, err := probing(t, a, tt.change); !errors.Is(err, tt.want) || a.requests.Load() > 0 {
				t.Errorf("the error is %v after %d requests, want %v and none", err, a.requests.Load(), tt.want)
			}
		})
	}
}

// TestTheBaselineIsLost has an API that stops to work in the middle.
func TestTheBaselineIsLost(t *testing.T) {
	for _, tt := range []struct {
		name  string
		after func(http.ResponseWriter, *http.Request) // with the valid token, once a forgery was seen
		late  time.Duration
		want  error
	}{
		{"it locks the caller out", answers(403, ""), 0, probe.ErrLost},
		{"it falls over", answers(500, ""), 0, probe.ErrLost},
		{"the token ends", refuse, 24 * time.Hour, probe.ErrExpired},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var forged atomic.Bool
			a := &api{without: func(w http.ResponseWriter, r *http.Request) {
				forged.Store(forged.Load() || r.Header.Get("Authorization") != "")
				refuse(w, r)
			}}
			a.withToken = func(w http.ResponseWriter, r *http.Request) {
				if forged.Load() {
					tt.after(w, r)
					return
				}
				open(w, r)
			}
			report, err := probing(t, a, func(c *probe.Config) {
				c.Now = func() time.Time {
					if forged.Load() {
						return time.Now().Add(tt.late)
					}
					return time.Now()
				}
			})
			if !errors.Is(err, tt.want) {
				t.Errorf("the error is %v, want %v", err, tt.want)
			}
			if findings := report.Findings(); len(findings) > 0 {
				t.Errorf("there are findings: %+v", findings)
			}
		})
	}
}

// TestTheBaselineIsCheckedAlongTheWay: an API that refuses everybody from the
// first forgery on is not given the whole catalogue, and refusals by then are
// not taken for more than they are.
func TestTheBaselineIsCheckedAlongTheWay(t *testing.T) {
	var forged atomic.Bool
	a := &api{without: func(w http.ResponseWriter, r *http.Request) {
		forged.Store(forged.Load() || r.Header.Get("Authorization") != "")
		refuse(w, r)
	}}
	a.withToken = func(w http.ResponseWriter, r *http.Request) {
		if forged.Load() {
			refuse(w, r)
			return
		}
		open(w, r)
	}
	report, err := probing(t, a, func(c *probe.Config) {
		c.Cases, _ = forge.Select(forge.Catalogue(), []string{"alg-*", "signature-*", "form-*"})
	})
	if !errors.Is(err, probe.ErrLost) {
		t.Errorf("the error is %v, want %v", err, probe.ErrLost)
	}
	missed := 0
	for _, r := range report.Results {
		if r.Outcome == probe.NotTried {
			missed++
		}
	}
	if tried := len(report.Results) - missed; tried > 20 || missed == 0 {
		t.Errorf("%d cases were tried before the baseline was looked at again, %d not", tried, missed)
	}
}

// startOther runs a second server and returns its address.
func startOther(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}
