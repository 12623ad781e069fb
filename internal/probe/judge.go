package probe

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"slices"
	"time"
)

const (
	// slowFactor is how many times the baseline an answer may take.
	slowFactor = 10
	// slowFloor is what no answer is called slow below, so that a machine under
	// load makes no findings.
	slowFloor = 500 * time.Millisecond
	// suspectTries is how often a fault or a slow answer must come in a row.
	suspectTries = 3
)

const (
	fixSlow  = "do no work for a token before its form and size are checked, and fetch nothing, run nothing and look nothing up for it but its key in a set that is at hand"
	fixFetch = "fetch keys from the configured issuer alone: " + fixNamed
)

// try sends a case and judges the answer. The error is a *StopError or that of
// the context.
func (p *prober) try(ctx context.Context, c Case) (Result, error) {
	result := Result{Case: c}
	r, err := c.send(ctx, p.kit)
	if err != nil {
		result.Outcome, result.Came, result.NeedsKeys = NotTried, err.Error(), errors.Is(err, errKeysAbsent)
		return result, ctx.Err()
	}
	p.last, c.otherMethod = c.Name, r.method != p.kit.base.method
	a, err := p.send(ctx, r)
	if err != nil {
		return result, err
	}
	if p.suspect(c, a) {
		if a, err = p.confirm(ctx, c, r, a); err != nil {
			return result, err
		}
	}
	return p.judge(c, a), nil
}

// suspect reports whether an answer may be a fault of the moment.
func (p *prober) suspect(c Case, a answer) bool {
	return a.status == 0 && !c.mayClose || a.timedOut || a.unreached || p.faulty(c, a) || p.slow(a)
}

// confirm sends the case again until one answer is not suspect, with the
// baseline between: the API may be slow today, or gone.
func (p *prober) confirm(ctx context.Context, c Case, r request, first answer) (answer, error) {
	a := first
	for try := 1; try < suspectTries && p.suspect(c, a); try++ {
		if err := p.recheck(ctx); err != nil {
			return a, err
		}
		var err error
		if a, err = p.send(ctx, r); err != nil {
			return a, err
		}
	}
	if err := p.recheck(ctx); err != nil {
		return a, err
	}
	return a, nil
}

// judge holds an answer against what a safe API answers.
func (p *prober) judge(c Case, a answer) Result {
	r := Result{Case: c, Outcome: Refused, Status: a.status, Took: a.took, Came: a.what()}
	found := func(severity Severity, came, fix string) Result {
		r.Outcome, r.Severity, r.Came, r.Fix = Finding, severity, came, fix
		return r
	}
	switch {
	case p.opened(c, a):
		came := statusText(a.status)
		if p.isContent(a) {
			came += ", with the content that the valid token gets"
		}
		return found(c.Severity, came, c.Fix)
	case p.isContent(a) && c.allows != anything:
		return found(c.Severity, statusText(a.status)+", but with the content that the valid token gets", c.Fix)
	case p.faulty(c, a):
		return found(Medium, statusText(a.status)+", a fault of the API's own", fixCrash)
	case a.timedOut:
		return found(Medium, "no answer in time", fixSlow)
	case a.status == 0 && !c.mayClose:
		return found(Medium, "no answer: "+a.why(), fixCrash)
	case p.slow(a):
		return found(Medium, statusText(a.status)+" after "+a.took.Round(10*time.Millisecond).String()+", where the valid token takes "+p.median().String(), fixSlow)
	case a.ok():
		r.Outcome = Allowed
	}
	return r
}

// opened reports whether a 2xx answer means that the door opened.
func (p *prober) opened(c Case, a answer) bool {
	if !a.ok() {
		return false
	}
	switch c.allows {
	case anything:
		return false
	case preflight:
		return p.isContent(a)
	case otherPage:
		return !p.baseline.anywhere || p.isContent(a)
	}
	return true
}

// isContent reports whether an answer has the content of the baseline.
func (p *prober) isContent(a answer) bool {
	return len(a.body) > 0 && slices.Contains(p.baseline.bodies, sha256.Sum256(a.body))
}

// faulty reports whether the API failed: 501 is a proper answer to a method that
// it does not know, and 505 to a version of HTTP.
func (p *prober) faulty(c Case, a answer) bool {
	proper := c.otherMethod && a.status == http.StatusNotImplemented || c.Family == Method && a.status == http.StatusHTTPVersionNotSupported
	return a.broken() && !proper
}

// slow reports whether an answer took far longer than those of the baseline.
func (p *prober) slow(a answer) bool {
	return a.status != 0 && a.took > max(p.config.SlowFloor, slowFactor*p.median())
}

// median is that of the baseline's last answers: an API can become slower.
func (p *prober) median() time.Duration {
	times := p.baseline.times
	return median(times[max(0, len(times)-5):])
}
