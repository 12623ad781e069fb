package call_test

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"m2m/internal/call"
	"m2m/internal/call/calltest"
	"m2m/internal/transport"

	"github.com/google/go-cmp/cmp"
)

// failsTwice answers with status twice, and then with 200 and what was sent.
func failsTwice(status int, header http.Header) http.HandlerFunc {
	var n atomic.Int32
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if n.Add(1) <= 2 {
			for name, values := range header {
				w.Header()[name] = values
			}
			w.WriteHeader(status)
		}
		_, _ = w.Write(body)
	}
}

func TestRetry(t *testing.T) {
	later := calltest.Now.Add(7 * time.Second).Format(http.TimeFormat)
	for _, tt := range []struct {
		name     string
		status   int
		header   http.Header
		max      int
		body     call.Body
		status2  int
		attempts int
		waits    []time.Duration // nil: not looked at
	}{
		{"not asked", 503, nil, 0, call.Body{}, 503, 1, []time.Duration{}},
		{"asked", 503, nil, 3, call.Body{}, 200, 3, nil},
		{"too few", 500, nil, 1, call.Body{}, 500, 2, nil},
		{"Retry-After in seconds", 429, http.Header{"Retry-After": {"3"}}, 3, call.Body{}, 200, 3,
			[]time.Duration{3 * time.Second, 3 * time.Second}},
		{"Retry-After as a date", 503, http.Header{"Retry-After": {later}}, 3, call.Body{}, 200, 3,
			[]time.Duration{7 * time.Second, 7 * time.Second}},
		{"Retry-After of zero", 503, http.Header{"Retry-After": {"0"}}, 3, call.Body{}, 200, 3, []time.Duration{0, 0}},
		{"content again", 502, nil, 3, call.BytesBody([]byte("content")), 200, 3, nil},
		{"a refusal", 403, nil, 3, call.Body{}, 403, 1, []time.Duration{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := calltest.Serve(t, failsTwice(tt.status, tt.header))
			waits := []time.Duration{}
			c := calltest.Client(t)
			c.Sleep = func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil }
			req := calltest.Request(t, s.URL)
			req.Retry.Max, req.Body = tt.max, tt.body
			a := calltest.Do(t, c, req)
			if a.Status != tt.status2 || a.Attempts != tt.attempts {
				t.Errorf("status %d after %d attempts, want %d after %d", a.Status, a.Attempts, tt.status2, tt.attempts)
			}
			if head, _ := a.Head(); !tt.body.IsZero() && string(head) != "content" {
				t.Errorf("the last attempt sent %q", head)
			}
			if diff := cmp.Diff(tt.waits, waits); tt.waits != nil && diff != "" {
				t.Errorf("waits (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRetryWaitsLongerEachTime(t *testing.T) {
	s := calltest.Serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
	var waits []time.Duration
	c := calltest.Client(t)
	c.Sleep = func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil }
	req := calltest.Request(t, s.URL)
	req.Retry = call.Retry{Max: 12, Wait: time.Second}
	calltest.Do(t, c, req)
	if len(waits) != 12 {
		t.Fatalf("%d waits, want 12", len(waits))
	}
	for i, limit := 0, time.Second; i < len(waits); i, limit = i+1, min(2*limit, 30*time.Second) {
		if waits[i] < limit/2 || waits[i] > limit {
			t.Errorf("wait %d is %s, want between %s and %s", i, waits[i], limit/2, limit)
		}
	}
}

// TestRetryStopsAtTheDeadline: an answer in hand says more than a time-out.
func TestRetryStopsAtTheDeadline(t *testing.T) {
	s := calltest.Serve(t, failsTwice(503, http.Header{"Retry-After": {"3600"}}))
	c := &call.Client{Transport: calltest.Client(t).Transport, Sleep: func(context.Context, time.Duration) error {
		t.Error("it waited")
		return nil
	}}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	req := calltest.Request(t, s.URL)
	req.Retry.Max = 3
	a, err := c.Do(ctx, req)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if wait, ok := a.RetryAfter(); a.Status != 503 || !ok || wait != time.Hour {
		t.Errorf("status %d, RetryAfter %s", a.Status, wait)
	}
}

func TestRetryAfterConnectionFaults(t *testing.T) {
	var n atomic.Int32
	s := calltest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if n.Add(1) <= 2 {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, "at last")
	})
	c := calltest.Client(t)
	c.Sleep = func(context.Context, time.Duration) error { return nil }
	req := calltest.Request(t, s.URL)
	req.Method, req.Body, req.Retry.Max = "POST", call.BytesBody([]byte("x")), 5
	if a := calltest.Do(t, c, req); a.Status != 200 || a.Attempts != 3 {
		t.Errorf("status %d after %d attempts", a.Status, a.Attempts)
	}
}

func TestRetryEndsWithTheContext(t *testing.T) {
	s := calltest.Serve(t, failsTwice(503, nil))
	ctx, cancel := context.WithCancel(context.Background())
	c := calltest.Client(t)
	c.Sleep = func(ctx context.Context, _ time.Duration) error { cancel(); return ctx.Err() }
	req := calltest.Request(t, s.URL)
	req.Retry.Max = 3
	_, err := c.Do(ctx, req)
	var u *call.UnreachableError
	if !errors.As(err, &u) || u.Cause.Fault != transport.FaultCancelled || !errors.Is(err, context.Canceled) {
		t.Errorf("Do: %v", err)
	}
}

func TestRetryAfter(t *testing.T) {
	for value, want := range map[string]time.Duration{"": -1, "-1": -1, "soon": -1, "1.5": -1,
		"99999999999999999999": math.MaxInt64, "120": 2 * time.Minute,
		calltest.Now.Add(-time.Hour).Format(http.TimeFormat): 0} {
		a := &call.Answer{Header: http.Header{"Retry-After": {value}}, ReceivedAt: calltest.Now}
		d, ok := a.RetryAfter()
		if ok != (want >= 0) || ok && d != want {
			t.Errorf("Retry-After %q: %s, %v; want %s", value, d, ok, want)
		}
	}
}
