package main

import (
	"errors"
	"os"
	"strconv"
	"strings"

	"m2m/internal/call"
)

// openJUnit makes the file before anything is sent: a path that cannot be
// written is told at once, and no report of an earlier run is left in its place.
func (r *suiteRun) openJUnit() (*os.File, error) {
	if r.o.suite.junit == "" {
		return nil, nil
	}
	f, err := os.Create(absolute(r.dir, r.o.suite.junit))
	if err != nil {
		return nil, &usageError{reason: "--junit: the report cannot be written: " + err.Error(), err: err}
	}
	return f, nil
}

// writeJUnit writes the report of --junit; f is nil without it.
func (r *suiteRun) writeJUnit(f *os.File, results []call.SuiteResult) error {
	if f == nil {
		return nil
	}
	name := fileName(r.o.suite.file)
	suite := junitSuite{name: name, started: r.started, elapsed: r.now().Sub(r.started)}
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
	if err := errors.Join(junitReport{name: name, suites: []junitSuite{suite}}.write(f), f.Close()); err != nil {
		return &failure{code: exitUnexpected, reason: "--junit: the report could not be written: " + rootCause(err).Error(), err: err}
	}
	return nil
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
