package call_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"m2m/internal/call"
	"m2m/internal/call/calltest"

	"github.com/google/go-cmp/cmp"
)

func TestStatusSet(t *testing.T) {
	for _, tt := range []struct {
		in       string
		contains []int
		not      []int
		want     string
	}{
		{"200", []int{200}, []int{201, 199}, "200"},
		{"2xx", []int{200, 299}, []int{199, 300}, "2xx"},
		{"2XX, 404", []int{204, 404}, []int{403}, "2xx,404"},
		{"200-204", []int{200, 204}, []int{205}, "200-204"},
	} {
		set, err := call.ParseStatusSet(tt.in)
		if err != nil {
			t.Errorf("ParseStatusSet(%q): %v", tt.in, err)
		}
		for _, status := range tt.contains {
			if !set.Contains(status) {
				t.Errorf("%q does not contain %d", tt.in, status)
			}
		}
		for _, status := range tt.not {
			if set.Contains(status) {
				t.Errorf("%q contains %d", tt.in, status)
			}
		}
		if set.String() != tt.want {
			t.Errorf("%q reads as %q, want %q", tt.in, set, tt.want)
		}
	}
	for _, bad := range []string{"", "20", "2000", "600", "099", "2xx,", "ok", "204-200", "-200", "2x0", "200 201",
		"1e2"} {
		if set, err := call.ParseStatusSet(bad); !errors.Is(err, call.ErrExpectSyntax) {
			t.Errorf("ParseStatusSet(%q) = %s, %v", bad, set, err)
		}
	}
	if zero := (call.StatusSet{}); !zero.Contains(204) || zero.Contains(301) || zero.String() != "2xx" {
		t.Error("the zero StatusSet is not 2xx")
	}
}

func TestParseHeaderExpectation(t *testing.T) {
	for in, want := range map[string]call.HeaderExpectation{
		"X-A: b: c": {Name: "X-A", Value: "b: c"}, "X-A": {Name: "X-A"},
	} {
		if got, err := call.ParseHeaderExpectation(in); err != nil || got != want {
			t.Errorf("ParseHeaderExpectation(%q) = %+v, %v", in, got, err)
		}
	}
	for _, bad := range []string{"", ": x", "X Y: z", "X\r\n: z", "X-A:", "X-A: \t"} {
		if got, err := call.ParseHeaderExpectation(bad); !errors.Is(err, call.ErrExpectSyntax) {
			t.Errorf("ParseHeaderExpectation(%q) = %+v, %v", bad, got, err)
		}
	}
}

func statusSet(t *testing.T, s string) call.StatusSet {
	t.Helper()
	set, err := call.ParseStatusSet(s)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestJudge(t *testing.T) {
	s := calltest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("X-Kind", "a")
		w.Header().Add("X-Kind", "b")
		if r.URL.Path == "/403" {
			w.WriteHeader(403)
		}
		_, _ = io.WriteString(w, `{"message":"Access granted"}`)
	})
	for _, tt := range []struct {
		name   string
		path   string
		expect call.Expect
		want   string // of Err; empty: all met
	}{
		{"default", "/", call.Expect{}, ""},
		{"default, refused", "/403", call.Expect{}, "expected a 2xx status, got 403 Forbidden"},
		{"one status", "/403", call.Expect{Status: statusSet(t, "200")}, "expected status 200, got 403 Forbidden"},
		{"several", "/", call.Expect{Status: statusSet(t, "401,403,5xx")}, "expected status 401, 403 or 5xx, got 200 OK"},
		{"wanted refusal", "/403", call.Expect{Status: statusSet(t, "401,403")}, ""},
		{"header", "/", call.Expect{Headers: []call.HeaderExpectation{{Name: "x-kind"}, {Name: "X-Kind", Value: "b"}}}, ""},
		{"header of another value", "/", call.Expect{Headers: []call.HeaderExpectation{{Name: "X-Kind", Value: "c"}}},
			`expected a header X-Kind of "c", got "a, b"`},
		{"header missing", "/", call.Expect{Headers: []call.HeaderExpectation{{Name: "X-None"}}},
			"expected a header X-None, got none"},
		{"body", "/", call.Expect{Body: []string{"granted", "message"}}, ""},
		{"body without it", "/", call.Expect{Body: []string{"granted", "denied"}},
			`expected a body with "denied", got 28 bytes without it`},
		{"time", "/", call.Expect{MaxTime: time.Second}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req := calltest.Request(t, s.URL+tt.path)
			req.Expect = tt.expect
			outcome := calltest.Do(t, calltest.Client(t), req).Evaluate()
			err := outcome.Err()
			if outcome.OK() != (err == nil) || (err == nil) != (tt.want == "") {
				t.Fatalf("Err = %v, OK %v, want %q", err, outcome.OK(), tt.want)
			}
			if err == nil {
				return
			}
			var unmet *call.ExpectationError
			if !errors.Is(err, call.ErrExpectation) || !errors.As(err, &unmet) || err.Error() != tt.want {
				t.Errorf("Err = %q, want %q", err, tt.want)
			}
		})
	}
}

func TestJudgeListsEverything(t *testing.T) {
	s := calltest.Serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) })
	req := calltest.Request(t, s.URL)
	req.Expect = call.Expect{Headers: []call.HeaderExpectation{{Name: "Date"}}, Body: []string{"x"}}
	want := call.Outcome{Expectations: []call.Expectation{
		{Name: "status", Expected: "a 2xx status", Found: "503 Service Unavailable"},
		{Name: "header", Expected: "a header Date", Found: `"Mon, 23 Nov 2026 12:00:00 GMT"`, Met: true},
		{Name: "body", Expected: `a body with "x"`, Found: "0 bytes without it"},
	}}
	if diff := cmp.Diff(want, calltest.Do(t, calltest.Client(t), req).Evaluate()); diff != "" {
		t.Errorf("Judge (-want +got):\n%s", diff)
	}
}

func TestOutcomeOfNothingIsNotOK(t *testing.T) {
	if (call.Outcome{}).OK() {
		t.Error("an outcome without expectations is OK")
	}
}

// TestJudgeFindsTextAcrossPieces sends the text in pieces of every size.
func TestJudgeFindsTextAcrossPieces(t *testing.T) {
	const body = "xxabababcxx"
	for size := 1; size <= len(body); size++ {
		address := calltest.Listen(t, func(c net.Conn) {
			_, _ = http.ReadRequest(bufio.NewReader(c))
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
			for i := 0; i < len(body); i += size {
				_, _ = io.WriteString(c, body[i:min(i+size, len(body))])
			}
		})
		for text, want := range map[string]bool{"ababc": true, "xx": true, body: true, "abcabc": false, body + "x": false,
			"": true} {
			req := calltest.Request(t, "http://"+address)
			req.Expect.Body = []string{text}
			a := calltest.Do(t, &call.Client{Transport: piecewise{calltest.Client(t).Transport, size}, Now: calltest.Clock}, req)
			if got := a.Evaluate().OK(); got != want {
				t.Errorf("pieces of %d: %q found %v, want %v", size, text, got, want)
			}
			if err := a.WriteBody(io.Discard); err != nil {
				t.Errorf("WriteBody after Judge of a small body: %v", err)
			}
		}
	}
}

// piecewise gives a body out in pieces of one size.
type piecewise struct {
	http.RoundTripper
	size int
}

func (p piecewise) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := p.RoundTripper.RoundTrip(r)
	if err == nil {
		resp.Body = pieces{resp.Body, p.size}
	}
	return resp, err
}

type pieces struct {
	io.ReadCloser
	size int
}

func (p pieces) Read(b []byte) (int, error) { return p.ReadCloser.Read(b[:min(len(b), p.size)]) }

func TestJudgeTime(t *testing.T) {
	s := calltest.Serve(t,
		func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 10)) })
	ticks := 0
	c := calltest.Client(t)
	c.Now = func() time.Time { ticks++; return calltest.Now.Add(time.Duration(ticks) * time.Second) }
	req := calltest.Request(t, s.URL)
	req.Expect.MaxTime = time.Second
	a := calltest.Do(t, c, req)
	if err := a.Evaluate().Err(); err == nil ||
		!strings.HasPrefix(err.Error(), "expected the whole answer within 1s, got it in ") {
		t.Errorf("Judge: %v", err)
	}
	if a.Timing.FirstByte <= 0 || a.Timing.Total <= a.Timing.FirstByte || a.Timing.Connect <= 0 {
		t.Errorf("timing %+v", a.Timing)
	}
}
