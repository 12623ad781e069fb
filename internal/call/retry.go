package call

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	defaultWait = 500 * time.Millisecond
	longestWait = 30 * time.Second
)

// retryAfter decides whether there is another attempt, and how long to wait
// before it. An answer whose Retry-After ends after the context does is
// returned as it is: waiting could only end in a time-out that hides it.
func (c *Client) retryAfter(ctx context.Context, req Request, attempt int, a *Answer, err error) (time.Duration, bool) {
	if attempt > req.Retry.Max || !canRepeat(req) || ctx.Err() != nil || !mayPass(a, err) {
		return 0, false
	}
	wait := req.Retry.backoff(attempt)
	if a != nil {
		if asked, ok := a.RetryAfter(); ok {
			wait = asked
		}
	}
	deadline, bounded := ctx.Deadline()
	return wait, !bounded || c.now().Add(wait).Before(deadline)
}

func canRepeat(req Request) bool { return req.Body.IsZero() || req.Body.replayable }

// mayPass reports whether a failure is one that another attempt can mend.
func mayPass(a *Answer, err error) bool {
	var u *UnreachableError
	switch {
	case errors.As(err, &u):
		return !u.Cause.Fault.Lasting()
	case err != nil || a == nil:
		return false
	}
	return a.Status == http.StatusTooManyRequests || a.Status >= 500
}

// backoff doubles from attempt to attempt. The second half of each pause is
// random, so that many clients do not come back together.
func (r Retry) backoff(attempt int) time.Duration {
	wait := r.Wait
	if wait <= 0 {
		wait = defaultWait
	}
	for i := 1; i < attempt && wait < longestWait; i++ {
		wait *= 2
	}
	wait = min(wait, longestWait)
	return wait/2 + rand.N(wait/2+1)
}

// RetryAfter returns how long the server asks to wait (RFC 9110 section
// 10.2.3): seconds, or a date held against the server's own Date where it gave
// one. ok is false where it asks for nothing that can be read.
func (a *Answer) RetryAfter() (d time.Duration, ok bool) {
	value := strings.TrimSpace(a.Header.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	from := a.ReceivedAt
	if date, err := http.ParseTime(a.Header.Get("Date")); err == nil {
		from = date
	}
	return max(0, at.Sub(from)), true
}
