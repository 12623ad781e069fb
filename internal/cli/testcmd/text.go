package testcmd

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"m2m/internal/call"
	"m2m/internal/cli"
	"m2m/internal/suite"
	"m2m/internal/text"
)

// Widths of the table, in columns.
const (
	nameWidth     = 48
	suiteBarWidth = 20
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
	t := table{w: env.Out, paint: env.Palette(env.Stdout), bars: cli.IsTerminal(env.Stdout)}
	for i, r := range runs {
		if len(runs) > 1 {
			fmt.Fprintf(t.w, "%s%s\n", strings.Repeat("\n", min(i, 1)), t.paint.Bold(text.Printable(r.name())))
		}
		t.print(r.results)
		t.failures(r.name(), r.results)
		t.summary(r.results, r.elapsed)
	}
	return env.Out.Err
}

// table prints the results as text.
type table struct {
	w     io.Writer
	paint cli.Palette
	bars  bool // a bar chart of the times, for a terminal
}

// print writes a line for each request.
func (t table) print(results []suite.Result) {
	width := len("request")
	for _, result := range results {
		width = max(width, min(utf8.RuneCountInString(result.Request.Name), nameWidth))
	}
	longest := suite.LatencyOf(results).Max
	fmt.Fprintln(t.w, t.paint.Bold(fmt.Sprintf("%-*s  %6s  %8s  %s", width, "request", "status", "time", "outcome")))
	for _, result := range results {
		status, took, bar := "-", "-", ""
		if result.Status > 0 {
			status = strconv.Itoa(result.Status)
		}
		if result.Duration > 0 {
			took = text.Duration(result.Duration)
			bar = t.bar(result.Duration, longest)
		}
		line := fmt.Sprintf("%-*s  %6s  %8s  %s", width, text.Fit(result.Request.Name, nameWidth), status, took, t.outcome(result.Verdict))
		fmt.Fprintln(t.w, strings.TrimRight(line+bar, " "))
	}
}

// bar draws a duration as a part of the longest one, in eighths of a column.
func (t table) bar(d, longest time.Duration) string {
	if !t.bars || longest == 0 {
		return ""
	}
	eighths := max(1, int(d*suiteBarWidth*8/longest))
	bar := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		bar += string([]rune("▏▎▍▌▋▊▉")[rest-1])
	}
	return "  " + t.paint.Faint(bar)
}

// outcome is a verdict as a coloured column.
func (t table) outcome(v suite.Verdict) string {
	word := fmt.Sprintf("%-7s", verdictWord(v))
	switch v {
	case suite.Passed:
		return t.paint.Green(word)
	case suite.Failed:
		return t.paint.Red(word)
	case suite.Unknown:
		return t.paint.Yellow(word)
	}
	return t.paint.Faint(word)
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
		fmt.Fprintf(t.w, "\n%s %s\n", t.outcome(result.Verdict), t.paint.Bold(q.Name))
		fmt.Fprintf(t.w, "  %s:%d: %s %s, %s\n", file, q.Line, result.Method, text.Printable(q.URL), sentAs(q.As))
		for _, line := range detail(result) {
			fmt.Fprintln(t.w, "  "+text.Printable(line))
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
	fmt.Fprintf(t.w, "\n%d %s in %s: %d passed", len(results), requests, text.Duration(took), counts[suite.Passed])
	for _, v := range []suite.Verdict{suite.Failed, suite.Unknown, suite.Skipped} {
		if counts[v] > 0 {
			fmt.Fprintf(t.w, ", %d %s", counts[v], v)
		}
	}
	fmt.Fprintln(t.w)
	if l := suite.LatencyOf(results); l.Count > 0 {
		fmt.Fprintf(t.w, "latency p50 %s, p95 %s, max %s\n", text.Duration(l.P50), text.Duration(l.P95), text.Duration(l.Max))
	}
}
