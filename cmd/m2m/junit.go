package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"time"
)

// junitOutcome says what became of a test case.
type junitOutcome int

// The outcomes of a case. The zero value is one that passed.
const (
	junitPassed  junitOutcome = iota
	junitFailed               // it ran, and what it looked at is wrong
	junitError                // it could not be told
	junitSkipped              // it did not run
)

// junitReport is what CI systems read of a run: the JUnit XML that Jenkins,
// GitLab, GitHub's reporters and Azure Pipelines have in common.
type junitReport struct {
	name   string
	suites []junitSuite
}

// junitSuite is a list of cases that ran together.
type junitSuite struct {
	name       string
	started    time.Time
	elapsed    time.Duration
	properties []junitProperty
	cases      []junitCase
}

// junitProperty is a fact about a suite.
type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

// junitCase is one thing that was looked at.
type junitCase struct {
	// class groups cases in the pages of CI systems; most show it before the name.
	class, name string
	// file and line are where the case is written; an empty file is nowhere.
	file    string
	line    int
	elapsed time.Duration
	outcome junitOutcome
	// message is one line on what went wrong, kind a word for its sort, and
	// detail all there is to say. They count where the case did not pass.
	message, kind, detail string
}

// write prints the report as XML. Characters that XML cannot hold become
// replacement characters; the error is the writer's.
func (r junitReport) write(w io.Writer) error {
	document := junitXML{Name: r.name}
	var total time.Duration
	for _, suite := range r.suites {
		x := suite.xml()
		document.Suites = append(document.Suites, x)
		document.Tests += x.Tests
		document.Failures += x.Failures
		document.Errors += x.Errors
		document.Skipped += x.Skipped
		total += suite.elapsed
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
	Properties []junitProperty `xml:"property"`
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

func (s junitSuite) xml() junitSuiteXML {
	x := junitSuiteXML{Name: s.name}
	x.Tests, x.Time = len(s.cases), junitSeconds(s.elapsed)
	if !s.started.IsZero() {
		x.Timestamp = s.started.UTC().Format("2006-01-02T15:04:05")
	}
	if len(s.properties) > 0 {
		x.Properties = &junitPropertiesXML{s.properties}
	}
	for _, c := range s.cases {
		x.Cases = append(x.Cases, c.xml())
		switch c.outcome {
		case junitFailed:
			x.Failures++
		case junitError:
			x.Errors++
		case junitSkipped:
			x.Skipped++
		}
	}
	return x
}

func (c junitCase) xml() junitCaseXML {
	x := junitCaseXML{Class: c.class, Name: c.name, Time: junitSeconds(c.elapsed)}
	if c.file != "" {
		x.File, x.Line = c.file, strconv.Itoa(c.line)
	}
	reason := &junitReasonXML{c.message, c.kind, c.detail}
	switch c.outcome {
	case junitFailed:
		x.Failure = reason
	case junitError:
		x.Error = reason
	case junitSkipped:
		// The schemas of Jenkins and Surefire give it a message alone.
		x.Skipped = &junitReasonXML{Message: c.message}
	}
	return x
}

// junitSeconds is a duration as JUnit has it: seconds with a point, no exponent.
func junitSeconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
