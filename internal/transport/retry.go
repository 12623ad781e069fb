package transport

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// RetryAfter returns how long a server asks to wait (RFC 9110 section 10.2.3):
// a number of seconds, or a date, which is compared with the server's own Date
// where it sent one and else with the time at which the response came. ok is
// false if there is no such header or it cannot be read. The duration is not
// negative; it has no upper bound, which is for the caller to set.
func RetryAfter(h http.Header, received time.Time) (d time.Duration, ok bool) {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if value != "" && strings.Trim(value, "0123456789") == "" {
		seconds, err := strconv.ParseInt(value, 10, 64)
		if err != nil || seconds > int64(math.MaxInt64/time.Second) {
			return math.MaxInt64, true // more than anybody waits
		}
		return time.Duration(seconds) * time.Second, true
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		received = date
	}
	return max(0, at.Sub(received)), true
}

// Sleep waits for d, or until ctx ends; then it returns the error of ctx.
func Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Backoff is how long to wait between attempts: First after the first one, twice
// as long after each following one, Longest at most. The zero value waits not at
// all.
type Backoff struct{ First, Longest time.Duration }

// Pause returns how long to wait after an attempt, counted from 1. The second
// half of it is random, so that many clients do not come back at once.
func (b Backoff) Pause(attempt int) time.Duration {
	d := b.First
	for i := 1; i < attempt && d < b.Longest; i++ {
		d *= 2
	}
	d = min(d, b.Longest)
	if d <= 0 {
		return 0
	}
	return d/2 + rand.N(d/2+1)
}

// ErrNoTimeToRetry says that the pause before the next attempt would outlast the
// context.
var ErrNoTimeToRetry = errors.New("the next attempt would come too late")

// Retry repeats what may succeed the next time.
type Retry struct {
	// Attempts is how many there are in all; 0 means one.
	Attempts int
	// Backoff is the pause after an attempt that asks for none.
	Backoff Backoff
	// Sleep waits; nil means the function Sleep.
	Sleep func(ctx context.Context, d time.Duration) error
	// Now is the clock that the context's deadline is compared with; nil means
	// time.Now.
	Now func() time.Time
	// BeforePause is called with the number of the attempt that failed and the
	// pause that follows; nil for nothing.
	BeforePause func(attempt int, pause time.Duration)
}

// Attempt is how one attempt ended. The zero value ends the repetition.
type Attempt struct {
	// Again says that another attempt may succeed.
	Again bool
	// After is how long the server asks to wait; counted only if Asked.
	After time.Duration
	Asked bool
}

// Do calls try with the numbers 1, 2, 3, … until an attempt is not to be repeated
// or was the last one, and returns nil then. The error is ErrNoTimeToRetry, at
// once, if the pause would outlast ctx, and else that of ctx or of Sleep.
func (r Retry) Do(ctx context.Context, try func(attempt int) Attempt) error {
	for n := 1; ; n++ {
		ended := try(n)
		if !ended.Again || n >= r.Attempts || ctx.Err() != nil {
			return nil
		}
		pause := ended.After
		if !ended.Asked {
			pause = r.Backoff.Pause(n)
		}
		if deadline, ok := ctx.Deadline(); ok && pause >= deadline.Sub(r.now()) {
			return ErrNoTimeToRetry
		}
		if r.BeforePause != nil {
			r.BeforePause(n, pause)
		}
		if err := r.sleep(ctx, pause); err != nil {
			return err
		}
	}
}

func (r Retry) now() time.Time {
	if r.Now == nil {
		return time.Now()
	}
	return r.Now()
}

func (r Retry) sleep(ctx context.Context, d time.Duration) error {
	if r.Sleep == nil {
		return Sleep(ctx, d)
	}
	return r.Sleep(ctx, d)
}
