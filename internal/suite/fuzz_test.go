package suite_test

import (
	"errors"
	"strings"
	"testing"

	"m2m/internal/suite"
)

// FuzzParseSuite: any file is read or refused, with a line of the file and a
// message of bounded length, and what is read can be planned.
func FuzzParseSuite(f *testing.F) {
	for _, text := range goodSuites() {
		f.Add([]byte(text))
	}
	for _, tt := range badSuites() {
		f.Add([]byte(tt.text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		parsed, err := suite.Parse("smoke.yaml", data)
		if err != nil {
			checkFaults(t, err, data)
			return
		}
		p, err := parsed.Plan(suite.Context{
			Base:   "https://api.example.com",
			Lookup: func(string) (string, bool) { return "the value of a variable", true },
		})
		if err != nil {
			checkFaults(t, err, data)
			if strings.Contains(err.Error(), "the value of a variable") && !strings.Contains(string(data), "the value") {
				t.Errorf("a variable is shown: %v", err)
			}
			return
		}
		for _, q := range p.Requests {
			if q.Request.URL == nil {
				continue // it waits for a captured value
			}
			if q.Request.URL.Scheme+"://"+q.Request.URL.Host != "https://api.example.com" &&
				!strings.EqualFold(q.Request.URL.Hostname(), "api.example.com") {
				t.Errorf("%q leads to %s", q.Name, q.Request.URL)
			}
		}
	})
}

func checkFaults(t *testing.T, err error, data []byte) {
	t.Helper()
	var faults *suite.Error
	if !errors.As(err, &faults) || len(faults.Faults) == 0 {
		t.Fatalf("not a *SuiteError with faults: %v", err)
	}
	lines := strings.Count(strings.ReplaceAll(string(data), "\r", "\n"), "\n") + 2
	for _, fault := range faults.Faults {
		if fault.Line < 0 || fault.Line > lines || len(fault.Text) > 1500 || strings.ContainsAny(fault.Text, "\n\x1b") {
			t.Errorf("line %d of %d: %q", fault.Line, lines, fault.Text)
		}
	}
}
