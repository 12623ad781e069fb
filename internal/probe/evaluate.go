package probe

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"m2m/internal/probe/forge"
	"m2m/internal/text"
)

const (
	// slowFactor is how many times the baseline an answer may take.
	slowFactor = 10
	// slowFloor is the time below which no answer is slow, so that a machine under
	// load causes no findings.
	slowFloor = 500 * time.Millisecond
	// badTries is how many bad answers in a row make a finding.
	badTries = 3
)

const fixSlow = "do no work for a token before its form and size are checked, and fetch nothing, run nothing and look nothing " +
	"up for it but its key in a set that is at hand"

// trial is a case with the request that is sent for it.
type trial struct {
	forge.Case
	request forge.Request
}

// try sends a case and evaluates the answer. The error is a *StopError or that of
// the context.
func (p *run) try(ctx context.Context, c forge.Case) (Result, error) {
	result := Result{Case: c}
	r, err := c.Request(ctx, p.kit)
	if c.Family == forge.Issued {
		err = cmp.Or(p.minterErr, err)
	}
	if err != nil {
		result.Outcome, result.Got, result.NeedsKeys = NotTried, err.Error(), errors.Is(err, forge.ErrKeysAbsent)
		return result, ctx.Err()
	}
	p.last = c.Name
	result, err = p.ask(ctx, trial{c, r})
	list, possible := p.mcp.list(c, r, p.none)
	if err != nil || !possible {
		return result, err
	}
	if result.Outcome == Finding {
		result.Got = "initialize: " + result.Got
		return result, nil
	}
	second, err := p.ask(ctx, trial{c, list})
	if err != nil || second.Outcome != Finding {
		return result, err
	}
	second.Got = "tools/list: " + second.Got
	return second, nil
}

// ask sends the request of a case, again if the answer is bad, and evaluates what
// came.
func (p *run) ask(ctx context.Context, t trial) (Result, error) {
	a, err := p.send(ctx, t.request)
	if err == nil && p.isBad(t, a) {
		a, err = p.confirm(ctx, t, a)
	}
	if err != nil {
		return Result{Case: t.Case}, err
	}
	return p.evaluate(t, a), nil
}

// isBad reports whether an answer is a failure, which may pass.
func (p *run) isBad(t trial, a answer) bool {
	return a.status == 0 && !t.MayClose || a.timedOut || a.unreached || p.isServerError(t, a) || p.isSlow(a)
}

// confirm sends the case again until one answer is not bad, and checks the
// baseline between: the API may be slow today, or down.
func (p *run) confirm(ctx context.Context, t trial, a answer) (_ answer, err error) {
	for try := 1; try < badTries && p.isBad(t, a); try++ {
		if err := p.checkBaseline(ctx); err != nil {
			return a, err
		}
		if a, err = p.send(ctx, t.request); err != nil {
			return a, err
		}
	}
	return a, p.checkBaseline(ctx)
}

// evaluate compares an answer with what a safe API answers.
func (p *run) evaluate(t trial, a answer) Result {
	r := Result{Case: t.Case, Outcome: Rejected, Status: a.status, Took: a.took, Got: a.String()}
	found := func(risk forge.Risk, got, fix string) Result {
		r.Outcome, r.Risk, r.Got, r.Fix = Finding, risk, got, fix
		return r
	}
	flaw := ""
	if t.Flaw != nil {
		flaw = t.Flaw(p.kit, forge.Answer{Status: a.status, Header: a.header, Body: a.body})
	}
	switch {
	case flaw != "":
		return found(t.Risk, flaw, t.Fix)
	case p.grantsAccess(t, a):
		risk, got := t.Risk, statusText(a.status)
		if p.isContent(a) {
			got += ", with the content that the valid token gets"
			if risk == forge.AnybodyRuns {
				risk = forge.AnybodyIn
			}
		}
		return found(risk, got, t.Fix)
	case p.isContent(a) && t.Allows != forge.Anything:
		return found(t.Risk, statusText(a.status)+", but with the content that the valid token gets", t.Fix)
	case p.isServerError(t, a):
		return found(forge.AnybodyBreaks, statusText(a.status)+", a fault of the API's own", forge.FixCrash)
	case a.timedOut:
		return found(forge.AnybodyBreaks, "no answer in time", fixSlow)
	case a.status == 0 && !t.MayClose:
		return found(forge.AnybodyBreaks, "no answer: "+a.why(), forge.FixCrash)
	case p.isSlow(a):
		return found(forge.AnybodyBreaks, fmt.Sprintf("%s after %s, where the valid token takes %s",
			statusText(a.status), text.Duration(a.took.Round(10*time.Millisecond)), text.Duration(p.median())), fixSlow)
	case a.ok():
		r.Outcome = Allowed
	}
	return r
}

// grantsAccess reports whether a 2xx answer gives what only the valid token may
// get.
func (p *run) grantsAccess(t trial, a answer) bool {
	if !a.ok() {
		return false
	}
	switch t.Allows {
	case forge.Anything:
		return false
	case forge.Preflight:
		return p.isContent(a)
	case forge.OtherPage:
		return !p.baseline.anyPath || p.isContent(a)
	}
	return true
}

// isContent reports whether an answer has the content of the baseline.
func (p *run) isContent(a answer) bool {
	return len(a.body) > 0 && slices.Contains(p.baseline.bodies, sha256.Sum256(a.body))
}

// isServerError reports whether the API failed: 501 is a proper answer to a method
// that it does not know, and 505 to a version of HTTP.
func (p *run) isServerError(t trial, a answer) bool {
	proper := t.request.Method != p.none.Method && a.status == http.StatusNotImplemented ||
		t.Family == forge.Method && a.status == http.StatusHTTPVersionNotSupported
	return a.status/100 == 5 && !proper
}

// isSlow reports whether an answer took far longer than those of the baseline.
func (p *run) isSlow(a answer) bool {
	return a.status != 0 && a.took > max(p.config.SlowFloor, slowFactor*p.median())
}

// median is that of the baseline's last answers: an API can become slower.
func (p *run) median() time.Duration {
	times := p.baseline.times
	return median(times[max(0, len(times)-5):])
}
