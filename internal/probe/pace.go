package probe

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

const (
	// maxRetryAfter is the longest wait that a rate limit is given.
	maxRetryAfter = 30 * time.Second
	// limitedWait is how long a rate limit is given that names no time.
	limitedWait = 2 * time.Second
	// maxLimited is how often one request is tried against a rate limit.
	maxLimited = 3
)

// send sends a request when its turn has come, and once more if the API says
// that there were too many. The error is a *StopError (ErrLimited), or that of
// the context.
func (p *prober) send(ctx context.Context, r request) (answer, error) {
	for try := 1; ; try++ {
		if err := p.turn(ctx); err != nil {
			return answer{}, err
		}
		a := p.exchange(ctx, r)
		switch {
		case ctx.Err() != nil:
			return a, context.Cause(ctx)
		case a.status != http.StatusTooManyRequests:
			return a, nil
		case try == maxLimited:
			return a, stopped(ErrLimited, []string{"send fewer requests a second: --probe-rate 1", "or switch the limit off while you probe"},
				"the API answers 429 (too many requests), also after a pause")
		}
		if err := p.config.Sleep(ctx, retryAfter(a.header)); err != nil {
			return a, err
		}
	}
}

// turn waits until the rate allows the next request.
func (p *prober) turn(ctx context.Context) error {
	now := p.config.Now()
	wait := p.next.Sub(now)
	p.next = now.Add(max(0, wait)).Add(time.Duration(float64(time.Second) / p.config.Rate))
	if wait <= 0 {
		return ctx.Err()
	}
	return p.config.Sleep(ctx, wait)
}

func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return limitedWait
	}
	return min(time.Duration(seconds)*time.Second, maxRetryAfter)
}

// sleep waits, or ends with the context.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
