package testcmd

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"m2m/internal/cli"
	"m2m/internal/suite"
	"m2m/internal/testreport"
	"m2m/internal/text"
)

// reports are the files that a run writes, and the annotations.
type reports struct {
	env         *cli.Env
	o           options
	junit, html *cli.Report // nil where none is asked for
}

// openReports opens the files before anything is sent.
func openReports(env *cli.Env, o options) (reports, error) {
	out := reports{env: env, o: o}
	var err error
	if out.junit, err = cli.OpenReport(env, "--junit", o.junit); err != nil {
		return out, err
	}
	out.html, err = cli.OpenReport(env, "--html", o.html)
	return out, err
}

// write writes every report that is asked for.
func (w reports) write(runs []*suiteRun) error {
	r := reportOf(runs, w.o)
	var annotated error
	switch w.system() {
	case "github":
		annotated = r.WriteGitHub(w.env.Stderr)
	case "azure":
		annotated = r.WriteAzure(w.env.Stderr)
	}
	return errors.Join(w.junit.Write(r.WriteJUnit), w.html.Write(r.WriteHTML), annotated)
}

// system is the CI system to annotate files for; empty for none.
func (w reports) system() string {
	if w.o.annotate != "auto" {
		return w.o.annotate
	}
	for variable, system := range map[string]string{"GITHUB_ACTIONS": "github", "TF_BUILD": "azure"} {
		if value, _ := w.env.Lookup(variable); strings.EqualFold(value, "true") {
			return system
		}
	}
	return ""
}

// reportOf is the report of a run, in the form that all files are written from.
func reportOf(runs []*suiteRun, o options) testreport.Report {
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
			cases.Cases = append(cases.Cases, r.caseOf(result))
		}
		report.Suites = append(report.Suites, cases)
	}
	return report
}

func (r *suiteRun) caseOf(result suite.Result) testreport.Case {
	q := result.Request
	c := testreport.Case{
		Class: r.name(), Name: q.Name, File: r.name(), Line: q.Line, Elapsed: result.Duration,
		Detail:  text.Printable(strings.Join(detail(result), "\n")),
		Subject: fmt.Sprintf("%s %s, %s", result.Method, text.Printable(q.URL), sentAs(q.As)),
	}
	if result.Status > 0 {
		c.Result = strings.TrimSpace(fmt.Sprintf("%d %s", result.Status, http.StatusText(result.Status)))
	}
	//exhaustive:enforce
	switch result.Verdict {
	case suite.Passed:
	case suite.Failed:
		first := result.Unmet()[0]
		c.Outcome, c.Message, c.Kind = testreport.Failed, text.Printable(first.String()), first.Name
	case suite.Unknown:
		c.Outcome, c.Message, c.Kind = testreport.Errored, text.Printable(result.Reason), "no answer"
	case suite.Skipped:
		c.Outcome, c.Message = testreport.Skipped, text.Printable(result.Reason)
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
