package probecmd

import (
	"errors"
	"time"

	"m2m/internal/probe"
	"m2m/internal/probe/forge"
	"m2m/internal/testreport"
	"m2m/internal/text"
)

// The verdicts of a probe.
const (
	verdictLocked  = "no_hole_found" // every case was rejected
	verdictHoles   = "holes"         // there are findings, or no token is needed
	verdictUnknown = "unknown"       // not all cases were decided
)

func verdictOf(report *probe.Report, stop error) string {
	switch {
	case len(report.Findings()) > 0:
		return verdictHoles
	case stop != nil, len(notTried(report)) > 0, report.Tried() == 0:
		return verdictUnknown
	}
	return verdictLocked
}

// document is the JSON of `probe -o json`. Its keys are stable.
type document struct {
	URL        string           `json:"url"`
	Verdict    string           `json:"verdict"`
	Reason     string           `json:"reason,omitempty"` // why the probe stopped early
	Baseline   baseline         `json:"baseline"`
	Findings   int              `json:"findings"`
	Requests   int              `json:"requests"`
	DurationMS float64          `json:"duration_ms"`
	Cases      []resultDocument `json:"cases"`
}

type baseline struct {
	WithToken    int     `json:"with_token"`
	WithoutToken int     `json:"without_token"`
	MedianMS     float64 `json:"median_ms"`
	Checks       int     `json:"checks"`
}

// caseDocument is a case without its result.
type caseDocument struct {
	Name   string       `json:"name"`
	Family forge.Family `json:"family"`
	Tries  string       `json:"tries"`
	Safe   string       `json:"safe"`
	// InLog: the case puts the valid token into the address, which servers log.
	InLog bool `json:"token_in_log,omitempty"`
}

type resultDocument struct {
	caseDocument
	Outcome    probe.Outcome  `json:"outcome"`
	Severity   forge.Severity `json:"severity,omitempty"` // this and the next three: of a finding
	Risk       forge.Risk     `json:"risk,omitempty"`
	Who        string         `json:"who,omitempty"`
	Gives      string         `json:"gives,omitempty"`
	Status     int            `json:"status,omitempty"` // absent without a response
	Came       string         `json:"came,omitempty"`
	Fix        string         `json:"fix,omitempty"`
	DurationMS float64        `json:"duration_ms"`
}

func describeCase(c forge.Case) caseDocument {
	return caseDocument{c.Name, c.Family, c.Tries, c.Safe, c.InLog}
}

func (r *run) document(report *probe.Report, stop error) document {
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	b := report.Baseline
	document := document{
		URL: r.config.Target.Redacted(), Verdict: verdictOf(report, stop),
		Baseline: baseline{b.Valid, b.None, ms(b.Median), b.Checks},
		Findings: len(report.Findings()), Requests: report.Requests, DurationMS: ms(report.Duration),
		Cases: make([]resultDocument, len(report.Results)),
	}
	if stop != nil {
		document.Reason = stop.Error()
	}
	for i, one := range report.Results {
		risk := one.Risk.Row()
		document.Cases[i] = resultDocument{
			caseDocument: describeCase(one.Case), Outcome: one.Outcome, Severity: risk.Severity, Risk: risk.Risk, Who: risk.Who, Gives: risk.Gives,
			Status: one.Status, Came: one.Got, Fix: one.Fix, DurationMS: ms(one.Took),
		}
	}
	return document
}

// writeJUnit writes a test case for each case of the probe.
func (r *run) writeJUnit(report *probe.Report, stop error) error {
	suite := testreport.Suite{Started: r.started, Elapsed: report.Duration}
	if stop != nil && !errors.Is(stop, probe.ErrOpen) { // which is a finding
		suite.Cases = append(suite.Cases, stopCase(stop))
	}
	for _, one := range report.Results {
		suite.Cases = append(suite.Cases, junitOf(one))
	}
	return r.finishJUnit(suite)
}

func junitOf(r probe.Result) testreport.Case {
	c := testreport.Case{Class: "probe." + string(r.Case.Family), Name: r.Case.Name, Elapsed: r.Took}
	switch r.Outcome {
	case probe.Finding:
		c.Outcome, c.Message, c.Kind = testreport.Failed, r.Got, string(r.Risk.Severity())
		risk := r.Risk.Row()
		c.Detail = "tried: " + r.Case.Tries + "\ncame:  " + r.Got + "\nwho:   " + risk.Who + "\ngives: " + risk.Gives +
			"\nsafe:  " + r.Case.Safe + "\nfix:   " + r.Fix
	case probe.NotTried:
		c.Outcome, c.Message = testreport.Skipped, r.Got
		if r.NeedsKeys {
			c.Outcome, c.Kind = testreport.Errored, "not tried"
		}
	}
	return c
}

// stopCase is a test case that says why the probe stopped.
func stopCase(err error) testreport.Case {
	why := text.Redact(text.Printable(err.Error()))
	return testreport.Case{Class: "probe", Name: "baseline", Outcome: testreport.Errored, Message: why, Kind: "baseline", Detail: why}
}

// writeFault writes the report of a probe that did not begin.
func (r *run) writeFault(err error) {
	_ = r.finishJUnit(testreport.Suite{Started: r.started, Elapsed: r.session.Env.Now().Sub(r.started),
		Cases: []testreport.Case{stopCase(err)}}) // the command returns err
}

func (r *run) finishJUnit(suite testreport.Suite) error {
	suite.Name = "probe of " + r.config.Target.Redacted()
	return r.junit.Write(testreport.Report{Name: "m2m probe", Suites: []testreport.Suite{suite}}.WriteJUnit)
}
