package testreport

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"time"
)

// Outcome is the result of a test case.
type Outcome int

// The outcomes of a case. The zero value is one that passed.
const (
	Passed  Outcome = iota
	Failed          // it ran, and the thing tested is wrong
	Errored         // it could not be decided
	Skipped         // it did not run
)

// Report is the result of a run.
type Report struct {
	Name   string
	Suites []Suite
}

// Suite is a list of cases that ran together.
type Suite struct {
	Name       string
	Started    time.Time // zero: not written
	Elapsed    time.Duration
	Properties []Property
	Cases      []Case
}

// Property is a fact about a suite.
type Property struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

// Case is one test.
type Case struct {
	// Class groups cases in the pages of CI systems; most show it before the name.
	Class, Name string
	// Subject is what was tested, such as "GET /orders", and Result what came of it,
	// such as "201 Created"; only the page shows them.
	Subject, Result string
	// File and Line are where the case is written; an empty File: nowhere.
	File    string
	Line    int
	Elapsed time.Duration
	Outcome Outcome
	// Message is one line on what went wrong, Kind a word for its sort, and
	// Detail all that is known. They are written unless the case passed.
	Message, Kind, Detail string
}

// WriteJUnit writes the report as the JUnit XML that Jenkins, GitLab, GitHub's
// reporters and Azure Pipelines have in common. What is not printable is escaped, as
// everywhere; the error is the writer's.
func (r Report) WriteJUnit(w io.Writer) error {
	r = r.shown()
	document := junitXML{Name: r.Name}
	var total time.Duration
	for _, suite := range r.Suites {
		x := suite.xml()
		document.Suites = append(document.Suites, x)
		document.Tests += x.Tests
		document.Failures += x.Failures
		document.Errors += x.Errors
		document.Skipped += x.Skipped
		total += suite.Elapsed
	}
	document.Time = junitSeconds(total)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(document); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// junitCounts are attributes that the whole report and each suite have.
type junitCounts struct {
	Tests    int    `xml:"tests,attr"`
	Failures int    `xml:"failures,attr"`
	Errors   int    `xml:"errors,attr"`
	Skipped  int    `xml:"skipped,attr"`
	Time     string `xml:"time,attr"`
}

type junitXML struct {
	XMLName xml.Name `xml:"testsuites"`
	Name    string   `xml:"name,attr"`
	junitCounts
	Suites []junitSuiteXML `xml:"testsuite"`
}

type junitSuiteXML struct {
	Name string `xml:"name,attr"`
	junitCounts
	Timestamp  string              `xml:"timestamp,attr,omitempty"`
	Properties *junitPropertiesXML `xml:"properties"`
	Cases      []junitCaseXML      `xml:"testcase"`
}

type junitPropertiesXML struct {
	Properties []Property `xml:"property"`
}

type junitCaseXML struct {
	Class   string          `xml:"classname,attr"`
	Name    string          `xml:"name,attr"`
	File    string          `xml:"file,attr,omitempty"`
	Line    string          `xml:"line,attr,omitempty"`
	Time    string          `xml:"time,attr"`
	Failure *junitReasonXML `xml:"failure"`
	Error   *junitReasonXML `xml:"error"`
	Skipped *junitReasonXML `xml:"skipped"`
}

type junitReasonXML struct {
	Message string `xml:"message,attr,omitempty"`
	Type    string `xml:"type,attr,omitempty"`
	Detail  string `xml:",chardata"`
}

func (s Suite) xml() junitSuiteXML {
	x := junitSuiteXML{Name: s.Name}
	x.Tests, x.Time = len(s.Cases), junitSeconds(s.Elapsed)
	if !s.Started.IsZero() {
		x.Timestamp = s.Started.UTC().Format("2006-01-02T15:04:05")
	}
	if len(s.Properties) > 0 {
		x.Properties = &junitPropertiesXML{s.Properties}
	}
	for _, c := range s.Cases {
		x.Cases = append(x.Cases, c.xml())
		//exhaustive:enforce
		switch c.Outcome {
		case Passed:
		case Failed:
			x.Failures++
		case Errored:
			x.Errors++
		case Skipped:
			x.Skipped++
		}
	}
	return x
}

func (c Case) xml() junitCaseXML {
	x := junitCaseXML{Class: c.Class, Name: c.Name, Time: junitSeconds(c.Elapsed)}
	if c.File != "" {
		x.File, x.Line = c.File, strconv.Itoa(c.Line)
	}
	reason := &junitReasonXML{c.Message, c.Kind, c.Detail}
	//exhaustive:enforce
	switch c.Outcome {
	case Passed:
	case Failed:
		x.Failure = reason
	case Errored:
		x.Error = reason
	case Skipped:
		// The schemas of Jenkins and Surefire give it a message alone.
		x.Skipped = &junitReasonXML{Message: c.Message}
	}
	return x
}

// junitSeconds writes a duration in seconds: seconds with a point, no exponent.
func junitSeconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
