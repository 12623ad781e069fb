package call

import (
	"errors"
	"net/http"
	"time"

	"m2m/internal/transport"
)

const (
	defaultWait = 500 * time.Millisecond
	longestWait = 30 * time.Second
)

// attemptOf says whether another attempt may succeed, and how long the answer
// asks to wait for it.
func attemptOf(req Request, a *Answer, err error) (ended transport.Attempt) {
	ended.Again = canRepeat(req) && mayPass(a, err)
	if a != nil {
		ended.After, ended.Asked = a.RetryAfter()
	}
	return ended
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

func (r Retry) backoff() transport.Backoff {
	if r.Wait <= 0 {
		return transport.Backoff{First: defaultWait, Longest: longestWait}
	}
	return transport.Backoff{First: r.Wait, Longest: longestWait}
}

// RetryAfter returns how long the server asks to wait; ok is false where it asks
// for nothing that can be read.
func (a *Answer) RetryAfter() (d time.Duration, ok bool) {
	return transport.RetryAfter(a.Header, a.ReceivedAt)
}
