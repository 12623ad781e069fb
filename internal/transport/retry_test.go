package transport_test

import (
	"context"
	"errors"
	"math"
	"net/http"
	"slices"
	"testing"
	"time"

	"m2m/internal/transport"
)

func TestRetryAfter(t *testing.T) {
	received := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		value, date string
		want        time.Duration
		ok          bool
	}{
		{"", "", 0, false},
		{"0", "", 0, true},
		{" 7 ", "", 7 * time.Second, true},
		{"120", "Mon, 30 Nov 2026 11:00:00 GMT", 2 * time.Minute, true},
		{"9223372036", "", 9223372036 * time.Second, true},
		{"9223372037", "", math.MaxInt64, true},
		{"99999999999999999999", "", math.MaxInt64, true},
		{"-1", "", 0, false},
		{"+1", "", 0, false},
		{"1.5", "", 0, false},
		{"soon", "", 0, false},
		{"Mon, 30 Nov 2026 12:00:30 GMT", "", 30 * time.Second, true},
		{"Mon, 30 Nov 2026 12:00:30 GMT", "Mon, 30 Nov 2026 11:59:30 GMT", time.Minute, true},
		{"Mon, 30 Nov 2026 12:00:30 GMT", "yesterday", 30 * time.Second, true},
		{"Monday, 30-Nov-26 12:00:30 GMT", "", 30 * time.Second, true},
		{"Mon Nov 30 12:00:30 2026", "", 30 * time.Second, true},
		{"Mon, 30 Nov 2026 11:00:00 GMT", "", 0, true},
	} {
		h := http.Header{"Retry-After": {tt.value}, "Date": {tt.date}}
		if got, ok := transport.RetryAfter(h, received); got != tt.want || ok != tt.ok {
			t.Errorf("RetryAfter(%q, Date %q) = %v, %v; want %v, %v", tt.value, tt.date, got, ok, tt.want, tt.ok)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("120", "")
	f.Add("99999999999999999999", "Mon, 30 Nov 2026 11:00:00 GMT")
	f.Add("Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT")
	f.Fuzz(func(t *testing.T, value, date string) {
		h := http.Header{"Retry-After": {value}, "Date": {date}}
		if d, ok := transport.RetryAfter(h, time.Unix(0, 0)); d < 0 || !ok && d != 0 {
			t.Errorf("RetryAfter(%q, Date %q) = %v, %v", value, date, d, ok)
		}
	})
}

func TestSleep(t *testing.T) {
	if err := transport.Sleep(t.Context(), time.Millisecond); err != nil {
		t.Error(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, d := range []time.Duration{-1, 0, time.Hour} {
		if err := transport.Sleep(ended, d); !errors.Is(err, context.Canceled) {
			t.Errorf("Sleep(%v) after the end = %v", d, err)
		}
	}
}

func TestBackoff(t *testing.T) {
	b := transport.Backoff{First: 100 * time.Millisecond, Longest: time.Second}
	for attempt, whole := range map[int]time.Duration{
		1: 100 * time.Millisecond, 2: 200 * time.Millisecond, 4: 800 * time.Millisecond, 5: time.Second, 1000: time.Second,
	} {
		for range 100 {
			if d := b.Pause(attempt); d < whole/2 || d > whole {
				t.Fatalf("Pause(%d) = %v, want %v to %v", attempt, d, whole/2, whole)
			}
		}
	}
	if d := (transport.Backoff{}).Pause(3); d != 0 {
		t.Errorf("the zero value waits %v", d)
	}
}

func TestRetry(t *testing.T) {
	now := time.Now()
	again, asked := transport.Attempt{Again: true}, transport.Attempt{Again: true, After: 5 * time.Second, Asked: true}
	for _, tt := range []struct {
		name   string
		ends   []transport.Attempt
		left   time.Duration // until the context's deadline; 0: it has none
		pauses []time.Duration
		want   error
	}{
		{"at once", []transport.Attempt{{}}, 0, nil, nil},
		{"the second time", []transport.Attempt{again, {}}, 0, []time.Duration{0}, nil},
		{"never", []transport.Attempt{again, asked, again}, 0, []time.Duration{0, 5 * time.Second}, nil},
		{"too late", []transport.Attempt{again, asked}, 5 * time.Second, []time.Duration{0}, transport.ErrNoTimeToRetry},
		{"in time", []transport.Attempt{asked, {}}, 6 * time.Second, []time.Duration{5 * time.Second}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx := t.Context()
			if tt.left > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithDeadline(ctx, now.Add(time.Hour))
				defer cancel()
			}
			var slept, announced []time.Duration
			calls := 0
			retry := transport.Retry{
				Attempts:    3,
				Sleep:       func(_ context.Context, d time.Duration) error { slept = append(slept, d); return nil },
				Now:         func() time.Time { return now.Add(time.Hour - tt.left) },
				BeforePause: func(_ int, d time.Duration) { announced = append(announced, d) },
			}
			err := retry.Do(ctx, func(n int) transport.Attempt {
				calls++
				if n != calls {
					t.Errorf("call %d has the number %d", calls, n)
				}
				return tt.ends[n-1]
			})
			if !errors.Is(err, tt.want) || calls != len(tt.ends) {
				t.Errorf("%d calls, error %v; want %d, %v", calls, err, len(tt.ends), tt.want)
			}
			if !slices.Equal(slept, tt.pauses) || !slices.Equal(announced, tt.pauses) {
				t.Errorf("slept %v, announced %v; want %v", slept, announced, tt.pauses)
			}
		})
	}
}

func TestRetryEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	err := transport.Retry{Attempts: 5, Backoff: transport.Backoff{First: time.Hour, Longest: time.Hour}}.Do(ctx,
		func(int) transport.Attempt {
			calls++
			time.AfterFunc(time.Millisecond, cancel)
			return transport.Attempt{Again: true}
		})
	if !errors.Is(err, context.Canceled) || calls != 1 {
		t.Errorf("%d calls, error %v", calls, err)
	}
}
