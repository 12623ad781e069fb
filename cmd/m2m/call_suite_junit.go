package main

import (
	"os"
	"strconv"
	"strings"

	"m2m/internal/call"
)

// writeJUnit writes the report of --junit; f is nil without it.
func (r *suiteRun) writeJUnit(f *os.File, results []call.SuiteResult) error {
	name := fileName(r.o.suite.file)
	suite := junitSuite{name: name, started: r.started, elapsed: r.env.now().Sub(r.started)}
	suite.properties = []junitProperty{{"jobs", strconv.Itoa(r.o.suite.jobs)}}
	if tags := r.o.suite.tags; len(tags) > 0 {
		suite.properties = append(suite.properties, junitProperty{"tags", strings.Join(tags, ",")})
	}
	if tags := r.o.suite.skipTags; len(tags) > 0 {
		suite.properties = append(suite.properties, junitProperty{"skipped tags", strings.Join(tags, ",")})
	}
	for _, result := range results {
		suite.cases = append(suite.cases, r.junitCase(name, result))
	}
	return junitReport{name: name, suites: []junitSuite{suite}}.finish(f)
}

func (r *suiteRun) junitCase(file string, result call.SuiteResult) junitCase {
	c := junitCase{
		class: file, name: result.Request.Name, file: file, line: result.Request.Line, elapsed: result.Duration,
		detail: strings.Join(suiteDetail(result), "\n"),
	}
	switch result.Verdict {
	case call.SuiteFailed:
		first := result.Unmet()[0]
		c.outcome, c.message, c.kind = junitFailed, first.String(), first.Name
	case call.SuiteUnknown:
		c.outcome, c.message, c.kind = junitError, result.Reason, "no answer"
	case call.SuiteSkipped:
		c.outcome, c.message = junitSkipped, result.Reason
	}
	return c
}

// notRun are the results of a run that sent nothing, for want of a token or of the
// CA file: CI systems that read the report must not take a file that is not there,
// or an older one, for success.
func (r *suiteRun) notRun(err error) []call.SuiteResult {
	var results []call.SuiteResult
	for _, q := range r.plan.Requests {
		results = append(results, call.SuiteResult{
			Request: q, Verdict: call.SuiteUnknown, Err: err,
			Reason: "not sent: " + redact(printable(r.plan.Hide(err.Error()))),
		})
	}
	return results
}
