package testreport_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/testreport"
)

// hostile are texts that would end what they stand in.
const hostile = "a\n::error::forged ##vso[task.complete]] \x1b[31m <script> # SKIP ...\n  ---"

func forms() testreport.Report {
	return testreport.Report{Name: "smoke.yaml", Suites: []testreport.Suite{{
		Name: "smoke.yaml", Started: time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC), Elapsed: 3 * time.Second,
		Cases: []testreport.Case{
			{Name: "works", Subject: "GET /a", Result: "200 OK", Elapsed: 12 * time.Millisecond},
			{Name: "fails #1", File: "smoke.yaml", Line: 7, Outcome: testreport.Failed, Message: "expected 200, got 500",
				Detail: "expected 200, got 500\nhint: look: into, the 100% log", Elapsed: time.Second},
			{Name: "no answer", File: "smoke.yaml", Line: 9, Outcome: testreport.Errored, Message: "out of reach"},
			{Name: "left out", Outcome: testreport.Skipped, Message: "not sent"},
		},
	}}}
}

func write(t *testing.T, to func(*bytes.Buffer) error) string {
	t.Helper()
	var out bytes.Buffer
	if err := to(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestWriteTAP(t *testing.T) {
	want := `TAP version 14
1..4
ok 1 - works
not ok 2 - fails \#1
  ---
  message: "expected 200, got 500"
  severity: fail
  at:
    file: "smoke.yaml"
    line: 7
  duration_ms: 1000.000
  detail:
    - "expected 200, got 500"
    - "hint: look: into, the 100% log"
  ...
not ok 3 - no answer
  ---
  message: "out of reach"
  severity: error
  at:
    file: "smoke.yaml"
    line: 9
  duration_ms: 0.000
  ...
ok 4 - left out # SKIP not sent
`
	got := write(t, func(b *bytes.Buffer) error { return forms().WriteTAP(b) })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAnnotations(t *testing.T) {
	want := `::error file=smoke.yaml,line=7,title=fails #1::expected 200, got 500%0Ahint: look: into, the 100%25 log
::error file=smoke.yaml,line=9,title=no answer::out of reach
`
	if diff := cmp.Diff(want, write(t, func(b *bytes.Buffer) error { return forms().WriteGitHub(b) })); diff != "" {
		t.Error(diff)
	}
	want = `##vso[task.logissue type=error;sourcepath=smoke.yaml;linenumber=7]fails #1: ` +
		`expected 200, got 500%0Ahint: look: into, the 100%AZP25 log
##vso[task.logissue type=error;sourcepath=smoke.yaml;linenumber=9]no answer: out of reach
`
	if diff := cmp.Diff(want, write(t, func(b *bytes.Buffer) error { return forms().WriteAzure(b) })); diff != "" {
		t.Error(diff)
	}
}

// TestStrangersText: nothing of a case begins a line, a command, a directive or an
// element of its own.
func TestStrangersText(t *testing.T) {
	r := testreport.Report{Name: hostile, Suites: []testreport.Suite{{Name: hostile, Cases: []testreport.Case{{
		Name: hostile, File: hostile, Line: 1, Subject: hostile, Result: hostile, Outcome: testreport.Failed,
		Message: hostile, Detail: hostile,
	}}}}}
	tap := write(t, func(b *bytes.Buffer) error { return r.WriteTAP(b) })
	if strings.Contains(tap, "\x1b") || strings.Count(tap, "\n  ---") != 1 || strings.Contains(strings.Split(tap, "\n")[2], " # ") ||
		strings.Contains(tap, "\n::error") {
		t.Errorf("TAP: %q", tap)
	}
	for name, form := range map[string]func(*bytes.Buffer) error{
		"github": func(b *bytes.Buffer) error { return r.WriteGitHub(b) },
		"azure":  func(b *bytes.Buffer) error { return r.WriteAzure(b) },
	} {
		if got := write(t, form); strings.Count(got, "\n") != 1 || strings.Contains(got, "\n::") {
			t.Errorf("%s: %q", name, got)
		}
	}
	page := write(t, func(b *bytes.Buffer) error { return r.WriteHTML(b) })
	if strings.Contains(page, "<script") {
		t.Errorf("the page has an element of the case: %s", page)
	}
}

func TestWriteHTML(t *testing.T) {
	page := write(t, func(b *bytes.Buffer) error { return forms().WriteHTML(b) })
	for _, want := range []string{
		"<title>smoke.yaml</title>", "1 passed, 1 failed, 1 unknown, 1 skipped on <time",
		"<b>works</b><br><code>GET /a</code><td>200 OK<td>12ms<td><i style=\"width:1.2%\">",
		"hint: look: into, the 100% log", "width:100.0%",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in the page", want)
		}
	}
	for _, other := range []string{"http://", "https://", "src=", "<link", "<script"} {
		if strings.Contains(page, other) {
			t.Errorf("the page needs another file: %q", other)
		}
	}
}
