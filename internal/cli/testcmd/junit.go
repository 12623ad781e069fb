package testcmd

import (
	"strconv"
	"strings"

	"m2m/internal/cli"
	"m2m/internal/suite"
	"m2m/internal/testreport"
	"m2m/internal/text"
)

// writeJUnit writes the report of --junit; f is nil without it.
func writeJUnit(f *cli.Report, runs []*suiteRun, o options) error {
	report := testreport.Report{Name: runs[0].name()}
	if len(runs) > 1 {
		report.Name = "m2m test"
	}
	properties := []testreport.Property{{Name: "jobs", Value: strconv.Itoa(o.jobs)}}
	if len(o.tags) > 0 {
		properties = append(properties, testreport.Property{Name: "tags", Value: strings.Join(o.tags, ",")})
	}
	if len(o.skipTags) > 0 {
		properties = append(properties, testreport.Property{Name: "skipped tags", Value: strings.Join(o.skipTags, ",")})
	}
	for _, r := range runs {
		cases := testreport.Suite{Name: r.name(), Started: r.started, Elapsed: r.elapsed, Properties: properties}
		for _, result := range r.results {
			cases.Cases = append(cases.Cases, r.junitCase(result))
		}
		report.Suites = append(report.Suites, cases)
	}
	return f.WriteJUnit(report)
}

func (r *suiteRun) junitCase(result suite.Result) testreport.Case {
	c := testreport.Case{
		Class: r.name(), Name: result.Request.Name, File: r.name(), Line: result.Request.Line, Elapsed: result.Duration,
		Detail: strings.Join(detail(result), "\n"),
	}
	//exhaustive:enforce
	switch result.Verdict {
	case suite.Passed:
	case suite.Failed:
		first := result.Unmet()[0]
		c.Outcome, c.Message, c.Kind = testreport.Failed, first.String(), first.Name
	case suite.Unknown:
		c.Outcome, c.Message, c.Kind = testreport.Errored, result.Reason, "no answer"
	case suite.Skipped:
		c.Outcome, c.Message = testreport.Skipped, result.Reason
	}
	return c
}

// notRun are the results of a run that sent nothing because a token or the CA file was
// missing. A report is written also then: a CI system could take an older one, or
// none, for success.
func (r *suiteRun) notRun(err error) []suite.Result {
	var results []suite.Result
	for _, q := range r.plan.Requests {
		results = append(results, suite.Result{
			Request: q, Verdict: suite.Unknown, Err: err,
			Reason: "not sent: " + text.Redact(text.Printable(r.plan.Hide(err.Error()))),
		})
	}
	return results
}

// skipAll gives every request the result of one that --fail-fast left out.
func (r *suiteRun) skipAll() {
	r.started = r.env.Now()
	for _, q := range r.plan.Requests {
		r.results = append(r.results, suite.Result{Request: q, Verdict: suite.Skipped, Reason: "not sent: an earlier request did not pass"})
	}
}
