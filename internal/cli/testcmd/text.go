package testcmd

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"m2m/internal/call"
	"m2m/internal/cli"
	"m2m/internal/suite"
	"m2m/internal/text"
)

// Widths of the table, in columns: the most that a name takes where there is no
// terminal, the longest bar, and what the other columns and the gaps take.
const (
	nameWidth     = 48
	suiteBarWidth = 20
	restWidth     = 6 + 8 + 7 + 3*2
)

// report prints the results, as text or JSON.
func report(env *cli.Env, runs []*suiteRun, o options) error {
	switch {
	case o.form == "json":
		return writeJSON(env, runs)
	case o.form == "tap":
		return reportOf(runs, o).WriteTAP(env.Out)
	case o.junit == "-" || o.html == "-":
		return nil
	}
	t := table{Page: env.Page()}
	for i, r := range runs {
		name := text.Bound(r.name(), maxShownName)
		if len(runs) > 1 {
			fmt.Fprintf(t, "%s%s\n", strings.Repeat("\n", min(i, 1)), t.Bold(name))
		}
		t.print(r.results)
		t.failures(name, r.results)
		t.summary(r.results, r.elapsed)
	}
	return env.Out.Err
}

// maxShownName bounds the name of a file or a request, in bytes.
const maxShownName = 200

// table prints the results as text.
type table struct{ cli.Page }

// print writes a line for each request.
func (t table) print(results []suite.Result) {
	rows := text.Table{Most: nameWidth, Right: []int{1, 2}}
	rows.Row(func(_ int, s string) string { return t.Bold(s) }, "request", "status", "    time", "outcome")
	longest := suite.LatencyOf(results).Max
	barWidth := suiteBarWidth
	if t.Width < 80 { // also where there is no terminal
		barWidth = 0
	}
	for _, result := range results {
		status, took := "-", "-"
		if result.Status > 0 {
			status = strconv.Itoa(result.Status)
		}
		if result.Duration > 0 {
			took = text.Duration(result.Duration)
		}
		name := text.Bound(result.Request.Name, maxShownName)
		if t.Width > 0 {
			name = text.Fit(name, min(nameWidth, max(t.Width-restWidth-barWidth-2, 10)))
		}
		cells := []string{name, status, took, text.Pad(verdictWord(result.Verdict), len("outcome"))}
		if bar := bar(result.Duration, longest, barWidth); bar != "" {
			cells = append(cells, bar)
		}
		rows.Row(func(i int, s string) string {
			switch i {
			case 3:
				return t.outcome(result.Verdict, s)
			case 4:
				return t.Faint(s)
			}
			return s
		}, cells...)
	}
	t.Table(&rows)
}

// bar draws a duration as a part of the longest one, in eighths of a column.
func bar(d, longest time.Duration, width int) string {
	if width == 0 || longest == 0 || d == 0 {
		return ""
	}
	eighths := max(1, int(d*time.Duration(width)*8/longest))
	bar := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		bar += string([]rune("▏▎▍▌▋▊▉")[rest-1])
	}
	return bar
}

// outcome colours the word for a verdict.
func (t table) outcome(v suite.Verdict, word string) string {
	switch v {
	case suite.Passed:
		return t.Green(word)
	case suite.Failed:
		return t.Red(word)
	case suite.Unknown:
		return t.Yellow(word)
	}
	return t.Faint(word)
}

func verdictWord(v suite.Verdict) string {
	if v == suite.Failed {
		return "FAILED" // in capitals, to be seen among the others
	}
	return string(v)
}

// failures prints, for each request that did not pass, what was expected and received,
// and the explanation.
func (t table) failures(file string, results []suite.Result) {
	for _, result := range results {
		if result.Verdict != suite.Failed && result.Verdict != suite.Unknown {
			continue
		}
		q := result.Request
		word := text.Pad(verdictWord(result.Verdict), len("unknown"))
		t.Line("")
		t.Hang(t.outcome(result.Verdict, word), t.Bold(text.Bound(q.Name, maxShownName)), len(word)+1)
		t.Hang(" ", fmt.Sprintf("%s:%d: %s %s, %s", file, q.Line, result.Method, text.OneLine(q.URL, maxShownName), sentAs(q.As)), 2)
		for _, line := range detail(result) {
			t.Hang(" ", text.Printable(line), 2)
		}
	}
}

// sentAs says as whom a request was sent.
func sentAs(as string) string {
	switch as {
	case suite.AsNone:
		return "without a token"
	case suite.AsDefault:
		return "as the default client"
	}
	return "as " + as
}

// detail says why a request did not pass, as m2m call does.
func detail(result suite.Result) []string {
	var lines []string
	if result.Reason != "" {
		lines = append(lines, result.Reason)
	}
	var unmet error
	if list := result.Unmet(); len(list) > 0 {
		unmet = &call.ExpectationError{Unmet: list}
	}
	why, _, fixes := cli.Explained(unmet, result.Explanation)
	lines = append(lines, why...)
	for _, hint := range slices.Concat(result.Hints, fixes) {
		lines = append(lines, "hint: "+hint)
	}
	return lines
}

// summary counts the verdicts and prints the latencies.
func (t table) summary(results []suite.Result, took time.Duration) {
	counts := countVerdicts(results)
	requests := "requests"
	if len(results) == 1 {
		requests = "request"
	}
	fmt.Fprintf(t, "\n%d %s in %s: %d passed", len(results), requests, text.Duration(took), counts[suite.Passed])
	for _, v := range []suite.Verdict{suite.Failed, suite.Unknown, suite.Skipped} {
		if counts[v] > 0 {
			fmt.Fprintf(t, ", %d %s", counts[v], v)
		}
	}
	fmt.Fprintln(t)
	if l := suite.LatencyOf(results); l.Count > 0 {
		fmt.Fprintf(t, "latency p50 %s, p95 %s, max %s\n", text.Duration(l.P50), text.Duration(l.P95), text.Duration(l.Max))
	}
}
