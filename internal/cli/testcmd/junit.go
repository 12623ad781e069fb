package testcmd

import (
	"os"
	"strconv"
	"strings"

	"m2m/internal/cli"
	"m2m/internal/suite"
	"m2m/internal/testreport"
	"m2m/internal/text"
)

// writeJUnit writes the report of --junit; f is nil without it.
func (r *run) writeJUnit(f *os.File, results []suite.Result) error {
	name := cli.FileName(r.o.file)
	cases := testreport.Suite{Name: name, Started: r.started, Elapsed: r.env.Now().Sub(r.started)}
	cases.Properties = []testreport.Property{{Name: "jobs", Value: strconv.Itoa(r.o.jobs)}}
	if tags := r.o.tags; len(tags) > 0 {
		cases.Properties = append(cases.Properties, testreport.Property{Name: "tags", Value: strings.Join(tags, ",")})
	}
	if tags := r.o.skipTags; len(tags) > 0 {
		cases.Properties = append(cases.Properties, testreport.Property{Name: "skipped tags", Value: strings.Join(tags, ",")})
	}
	for _, result := range results {
		cases.Cases = append(cases.Cases, r.junitCase(name, result))
	}
	return cli.WriteJUnit(f, testreport.Report{Name: name, Suites: []testreport.Suite{cases}})
}

func (r *run) junitCase(file string, result suite.Result) testreport.Case {
	c := testreport.Case{
		Class: file, Name: result.Request.Name, File: file, Line: result.Request.Line, Elapsed: result.Duration,
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
func (r *run) notRun(err error) []suite.Result {
	var results []suite.Result
	for _, q := range r.plan.Requests {
		results = append(results, suite.Result{
			Request: q, Verdict: suite.Unknown, Err: err,
			Reason: "not sent: " + text.Redact(text.Printable(r.plan.Hide(err.Error()))),
		})
	}
	return results
}
