package testreport_test

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"
	"testing"
	"unicode"

	"m2m/internal/testreport"
)

// FuzzStrangers: whatever a name, a message or a response holds, no form has a byte
// that a terminal obeys or a line that the text made; the XML can be read.
func FuzzStrangers(f *testing.F) {
	f.Add("name", "message", "detail")
	f.Add("a\nok 2 - forged", "\x1b]0;t\a\u202e", "x\r\n::error::forged\n##vso[task.complete]")
	f.Add("# SKIP", "]]><failure/>\u0085\u2028", "  ...\nnot ok 3\n---")
	f.Add("\xff\u009b31m", strings.Repeat("long ", 10000), "<script>\x00")
	f.Fuzz(func(t *testing.T, name, message, detail string) {
		report := testreport.Report{Name: name, Suites: []testreport.Suite{{
			Name: name, Properties: []testreport.Property{{Name: name, Value: message}},
			Cases: []testreport.Case{
				{Class: name, Name: name, File: name, Line: 1, Outcome: testreport.Failed, Message: message, Kind: name, Detail: detail,
					Subject: message, Result: message},
				{Name: message, Outcome: testreport.Skipped, Message: detail},
			},
		}}}
		for form, write := range map[string]func(io.Writer) error{
			"JUnit": report.WriteJUnit, "TAP": report.WriteTAP, "HTML": report.WriteHTML, "GitHub": report.WriteGitHub, "Azure": report.WriteAzure,
		} {
			var out bytes.Buffer
			if err := write(&out); err != nil {
				t.Fatal(err)
			}
			got := out.String()
			if i := strings.IndexFunc(got, func(r rune) bool { return !unicode.IsGraphic(r) && r != '\n' && r != '\t' && r != '\u200d' }); i >= 0 {
				t.Errorf("%s: what is not shown: %q", form, got[max(0, i-40):min(i+8, len(got))])
			}
			switch form {
			case "JUnit":
				if err := xml.Unmarshal(out.Bytes(), new(struct{})); err != nil {
					t.Errorf("not XML: %v", err)
				}
			case "TAP":
				if n := strings.Count("\n"+got, "\nok ") + strings.Count("\n"+got, "\nnot ok "); n != 2 {
					t.Errorf("%d results of 2 cases:\n%s", n, got)
				}
			case "GitHub", "Azure":
				if n := strings.Count(got, "\n"); n != 1 {
					t.Errorf("%s: %d lines for one case: %q", form, n, got)
				}
			}
		}
	})
}
