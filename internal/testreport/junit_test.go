package testreport_test

import (
	"bytes"
	"encoding/xml"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/testreport"
)

// TestJUnit pins the XML: CI systems read attributes by name.
func TestJUnit(t *testing.T) {
	report := testreport.Report{Name: "smoke.yaml", Suites: []testreport.Suite{{
		Name:       "smoke.yaml",
		Started:    time.Date(2026, 11, 23, 13, 0, 0, 0, time.FixedZone("CET", 3600)),
		Elapsed:    1500 * time.Millisecond,
		Properties: []testreport.Property{{Name: "tags", Value: "fast"}},
		Cases: []testreport.Case{
			{Class: "smoke.yaml", Name: "an open address", File: "smoke.yaml", Line: 3, Elapsed: 20 * time.Millisecond},
			{
				Class: "smoke.yaml", Name: `<"&>`, Outcome: testreport.Failed,
				Message: "expected a 2xx status, got 403 Forbidden", Kind: "status", Detail: "a\nb\x00\x1b]]>",
			},
			{Class: "smoke.yaml", Name: "away", Outcome: testreport.Errored, Message: "no answer", Kind: "unreachable"},
			{Class: "smoke.yaml", Name: "later", Outcome: testreport.Skipped, Message: "stopped", Kind: "never shown"},
		},
	}}}
	const want = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="smoke.yaml" tests="4" failures="1" errors="1" skipped="1" time="1.500">
  <testsuite name="smoke.yaml" tests="4" failures="1" errors="1" skipped="1" time="1.500" timestamp="2026-11-23T12:00:00">
    <properties>
      <property name="tags" value="fast"></property>
    </properties>
    <testcase classname="smoke.yaml" name="an open address" file="smoke.yaml" line="3" time="0.020"></testcase>
    <testcase classname="smoke.yaml" name="&lt;&#34;&amp;&gt;" time="0.000">
      <failure message="expected a 2xx status, got 403 Forbidden" type="status">a&#xA;b\x00\x1b]]&gt;</failure>
    </testcase>
    <testcase classname="smoke.yaml" name="away" time="0.000">
      <error message="no answer" type="unreachable"></error>
    </testcase>
    <testcase classname="smoke.yaml" name="later" time="0.000">
      <skipped message="stopped"></skipped>
    </testcase>
  </testsuite>
</testsuites>
`
	var got bytes.Buffer
	if err := report.WriteJUnit(&got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if err := xml.Unmarshal(got.Bytes(), new(struct{})); err != nil {
		t.Errorf("it is not XML: %v", err)
	}
}
