package probe

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// baseline is what honest requests got.
type baseline struct {
	// bodies are digests of the content, because it may be another megabyte each
	// time; what says nothing is left out.
	bodies   [][sha256.Size]byte
	common   []byte // a body too short to say anything, which the refusal has too
	times    []time.Duration
	anywhere bool // an address that is not there gets a 2xx answer too
}

const fixDoor = "put the check of the token in front of this address, before any content is made"

// baselineTries is how often the valid token is sent at the beginning: one
// answer is no measure of time, and shows no content that changes.
const baselineTries = 3

// establish finds the baseline. What a cache keeps of the valid token must not
// spoil the answer to none, which therefore comes first. The error is a *StopError.
func (p *prober) establish(ctx context.Context) error {
	a, err := p.send(ctx, p.kit.base)
	if err != nil {
		return err
	}
	p.report.Baseline.None = a.status
	if err := p.judgeNone(a); err != nil {
		return err
	}
	for range baselineTries {
		a, err := p.send(ctx, p.kit.base.bearing(p.kit.valid.Reveal()))
		if err != nil {
			return err
		}
		p.report.Baseline.Valid = a.status
		if err := p.judgeValid(a); err != nil {
			return err
		}
		p.remember(a)
	}
	if err := p.compareContent(a); err != nil {
		return err
	}
	return p.lookElsewhere(ctx)
}

// leastContent is how long a body is at the least that says anything, in bytes:
// {} and OK may stand in any answer.
const leastContent = 8

// compareContent sees whether the refusal has the content in it all the same.
func (p *prober) compareContent(none answer) error {
	if !p.isContent(none) {
		return nil
	}
	if len(none.body) < leastContent {
		p.baseline.bodies, p.baseline.common = nil, none.body
		return nil
	}
	return stopped(ErrOpen, nil,
		"a request without a token got %s, but with the content that the valid token gets", statusText(none.status))
}

// remember keeps what a good answer to the valid token was like.
func (p *prober) remember(a answer) {
	b := &p.baseline
	if len(a.body) > 0 && !bytes.Equal(a.body, b.common) && !p.isContent(a) {
		b.bodies = append(b.bodies, sha256.Sum256(a.body))
	}
	b.times = append(b.times, a.took)
	p.report.Baseline.Median, p.report.Baseline.Checks = median(b.times), p.report.Baseline.Checks+1
}

func median(times []time.Duration) time.Duration {
	if len(times) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(times))
	return sorted[len(sorted)/2]
}

// judgeValid says why nothing can be told if the valid token does not open.
func (p *prober) judgeValid(a answer) error {
	see := []string{"m2m call with the same address and token says why"}
	switch {
	case a.err != nil:
		return stopped(ErrNoBaseline, nil, "the valid token got no answer: %s", a.why())
	case a.ok():
		return nil
	case p.kit.expired():
		return stopped(ErrExpired, []string{"get a new one: --refresh"}, "the token has expired, and got %s", statusText(a.status))
	case a.status/100 == 3:
		return stopped(ErrNoBaseline, []string{"probe the address that it leads to, if it is the API"}, "the valid token got %s, a redirect, not a 2xx answer: there is nothing to compare with", statusText(a.status))
	}
	return stopped(ErrNoBaseline, see, "the valid token got %s, not a 2xx answer: there is nothing to compare with", statusText(a.status))
}

// judgeNone says why nothing can be told if no token is not refused.
func (p *prober) judgeNone(a answer) error {
	switch {
	case a.err != nil:
		return stopped(ErrNoBaseline, nil, "a request without a token got no answer: %s", a.why())
	case a.ok():
		return stopped(ErrOpen, []string{"if the address is for everybody, probe one that is not"},
			"a request without a token got %s: there is no door here", statusText(a.status))
	case a.status/100 == 3:
		return stopped(ErrNoBaseline, []string{"probe an address that takes bearer tokens, not one for browsers"}, "a request without a token got %s, a redirect, not 401", statusText(a.status))
	case a.status == http.StatusUnauthorized, a.status == http.StatusForbidden, a.status == http.StatusBadRequest:
		return nil
	}
	return stopped(ErrNoBaseline, []string{"probe an address that answers 401 without a token"}, "a request without a token got %s, not 401: a refusal cannot be told from it", statusText(a.status))
}

// lookElsewhere asks for an address that is not there: some APIs have a page
// for every address.
func (p *prober) lookElsewhere(ctx context.Context) error {
	a, err := p.send(ctx, p.kit.base.to(p.kit.base.path()+"-m2m-probe-"+strings.ToLower(rand.Text()[:8])))
	p.baseline.anywhere = a.ok()
	return err
}

// recheck asks whether the baseline still holds. The error is a *StopError
// (ErrExpired, ErrLost, ErrLimited).
func (p *prober) recheck(ctx context.Context) error {
	var last answer
	for range 2 { // one answer that got lost is not the end
		a, err := p.send(ctx, p.kit.base.bearing(p.kit.valid.Reveal()))
		if err != nil {
			return err
		}
		if a.ok() {
			p.remember(a)
			p.sinceCheck = 0
			return nil
		}
		last = a
	}
	if p.kit.expired() {
		return stopped(ErrExpired, []string{"get a new one: --refresh"}, "the token expired during the run")
	}
	return stopped(ErrLost, []string{"see whether the API still runs, and what it logged", "it may count failures and have locked the caller out: try a lower --probe-rate"},
		"after %s, the valid token gets %s, no longer a 2xx answer", p.last, last.what())
}

// what says what came, as one clause.
func (a answer) what() string {
	if a.status == 0 {
		return "no answer: " + a.why()
	}
	return statusText(a.status)
}

// why says why there was no answer.
func (a answer) why() string {
	switch {
	case a.timedOut:
		return "the time ran out"
	case a.unreached:
		return "no connection could be made"
	}
	return "the connection was closed"
}

func statusText(status int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
}
