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
	// time. A body that the rejection has too is left out.
	bodies  [][sha256.Size]byte
	common  []byte // a short body that the rejection has too
	times   []time.Duration
	anyPath bool // a path that does not exist gets a 2xx answer too
}

const fixNoToken = "put the check of the token in front of this address, before any content is made"

// baselineTries is how often the valid token is sent at the beginning: one
// answer does not show how long answers take, nor whether the content changes.
const baselineTries = 3

// measureBaseline sends the honest requests. The one without a token comes first:
// a cache must not answer it with what the valid token got. The error is a
// *StopError.
func (p *run) measureBaseline(ctx context.Context) error {
	a, err := p.send(ctx, p.none)
	if err != nil {
		return err
	}
	p.report.Baseline.None = a.status
	if err := checkNone(a); err != nil {
		return err
	}
	for range baselineTries {
		a, err := p.send(ctx, p.valid)
		if err != nil {
			return err
		}
		p.report.Baseline.Valid = a.status
		if err := p.checkValid(a); err != nil {
			return err
		}
		p.addBaseline(a)
	}
	if err := p.compareContent(a); err != nil {
		return err
	}
	if err := p.openSession(ctx); err != nil {
		return err
	}
	return p.checkAbsentPath(ctx)
}

// leastContent is the length in bytes from which a body identifies the content:
// {} and OK may stand in any answer.
const leastContent = 8

// compareContent stops the run if the rejection has the content in it.
func (p *run) compareContent(none answer) error {
	if !p.isContent(none) {
		return nil
	}
	if len(none.body) < leastContent {
		p.baseline.bodies, p.baseline.common = nil, none.body
		return nil
	}
	return stop(ErrOpen, nil,
		"a request without a token got %s, but with the content that the valid token gets", statusText(none.status))
}

// addBaseline keeps the content and the time of a good answer to the valid token.
func (p *run) addBaseline(a answer) {
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

// checkValid returns why nothing can be decided if the valid token is rejected.
func (p *run) checkValid(a answer) error {
	switch {
	case a.err != nil:
		return stop(ErrNoBaseline, nil, "the valid token got no answer: %s", a.why())
	case a.ok():
		return nil
	case a.rpcError:
		return stop(ErrNoBaseline, []Advice{ExplainRejection}, "the valid token got an error of JSON-RPC: there is nothing to compare with")
	case p.kit.Expired():
		return stop(ErrExpired, []Advice{RefreshToken}, "the token has expired, and got %s", statusText(a.status))
	case a.status/100 == 3:
		return stop(ErrNoBaseline, []Advice{FollowRedirect},
			"the valid token got %s, a redirect, not a 2xx answer: there is nothing to compare with", statusText(a.status))
	}
	return stop(ErrNoBaseline, []Advice{ExplainRejection},
		"the valid token got %s, not a 2xx answer: there is nothing to compare with", statusText(a.status))
}

// checkNone returns why nothing can be decided if no token is not rejected.
func checkNone(a answer) error {
	switch {
	case a.err != nil:
		return stop(ErrNoBaseline, nil, "a request without a token got no answer: %s", a.why())
	case a.ok():
		return stop(ErrOpen, []Advice{ProbeProtected},
			"a request without a token got %s: it accepts requests without a token", statusText(a.status))
	case a.rpcError:
		return nil
	case a.status/100 == 3:
		return stop(ErrNoBaseline, []Advice{ProbeBearer}, "a request without a token got %s, a redirect, not 401", statusText(a.status))
	case a.status == http.StatusUnauthorized, a.status == http.StatusForbidden, a.status == http.StatusBadRequest:
		return nil
	}
	return stop(ErrNoBaseline, []Advice{ProbeRejecting},
		"a request without a token got %s, not 401: a rejection looks the same", statusText(a.status))
}

// checkAbsentPath requests a path that does not exist: some APIs have a page for
// every path.
func (p *run) checkAbsentPath(ctx context.Context) error {
	a, err := p.send(ctx, p.none.WithTarget(p.none.Path()+"-m2m-probe-"+strings.ToLower(rand.Text()[:8])))
	p.baseline.anyPath = a.ok()
	return err
}

// checkBaseline tests whether the baseline still holds. The error is a *StopError
// (ErrExpired, ErrLost, ErrLimited).
func (p *run) checkBaseline(ctx context.Context) error {
	var last answer
	for range 2 { // one answer may get lost
		a, err := p.send(ctx, p.valid)
		if err != nil {
			return err
		}
		if a.ok() {
			p.addBaseline(a)
			p.sinceCheck = 0
			return nil
		}
		last = a
	}
	if p.kit.Expired() {
		return stop(ErrExpired, []Advice{RefreshToken}, "the token expired during the run")
	}
	return stop(ErrLost, []Advice{CheckAPI, LowerRate},
		"after %s, the valid token gets %s, no longer a 2xx answer", p.last, last)
}

// String says what the API answered, as one clause.
func (a answer) String() string {
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
