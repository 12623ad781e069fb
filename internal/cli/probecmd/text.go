package probecmd

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"m2m/internal/cli"
	"m2m/internal/probe"
	"m2m/internal/probe/forge"
	"m2m/internal/text"
	"m2m/internal/transport"
)

// Bounds of what a report repeats, in bytes.
const (
	maxTarget = 500
	maxGot    = 500
)

// textReport prints a probe as text: a table of families, then the findings with their
// fixes, then the verdict.
type textReport struct {
	cli.Page
	all bool // a line for every case
}

func (t textReport) report(config probe.Config, report *probe.Report, stop error) {
	b := report.Baseline
	t.Hang(t.Bold("probe")+" ", text.OneLine(config.Target.Redacted(), maxTarget), 7)
	with := ""
	if b.Checks > 0 {
		with = fmt.Sprintf("with the valid token %d in %s, ", b.Valid, text.Duration(b.Median))
	}
	t.Line(fmt.Sprintf("%swithout a token %s; %s in %s\n", with, orNone(b.None), text.Plural(report.Requests, "request"),
		text.Duration(report.Duration)))
	t.table(report)
	if t.all {
		t.cases(report)
	}
	t.findings(report.Findings())
	t.missed(report)
	t.logged(report)
	if !transport.Loopback(config.Target.Hostname()) {
		t.Hang("not seen", "whether the API fetches what a token names: it is on another machine, and the probe listens on loopback", 11)
		fmt.Fprintln(t)
	}
	t.verdict(report, stop)
}

// table counts the results of each family.
func (t textReport) table(report *probe.Report) {
	if report.Tried() == 0 {
		return
	}
	rows := text.Table{Right: []int{1, 2, 3, 4}}
	rows.Row(nil, text.Pad("family", 20), " tried", "rejected", " allowed", "findings")
	var families []forge.Family
	for _, r := range report.Results {
		if !slices.Contains(families, r.Case.Family) {
			families = append(families, r.Case.Family)
		}
	}
	for _, family := range append(families, "") {
		counts := map[probe.Outcome]int{}
		for _, r := range report.Results {
			if r.Case.Family == family || family == "" {
				counts[r.Outcome]++
			}
		}
		tried := counts[probe.Rejected] + counts[probe.Allowed] + counts[probe.Finding]
		if tried == 0 {
			continue // listed below by reason
		}
		paint := func(_ int, s string) string { return s }
		if counts[probe.Finding] > 0 {
			paint = func(_ int, s string) string { return t.Red(s) }
		}
		rows.Row(paint, cmp.Or(string(family), "all"), dash(tried), dash(counts[probe.Rejected]), dash(counts[probe.Allowed]),
			dash(counts[probe.Finding]))
	}
	t.Table(&rows)
	fmt.Fprintln(t)
}

func dash(n int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n)
}

// cases prints a line for each case.
func (t textReport) cases(report *probe.Report) {
	var rows text.Table
	for _, r := range report.Results {
		rows.Row(nil, string(r.Outcome), r.Case.Name, text.Bound(r.Got, maxGot))
	}
	t.Table(&rows)
	fmt.Fprintln(t)
}

// shownCases is how many names a finding lists without -v.
const shownCases = 8

// findings groups those with the same cause and fix: an API that answers 500 to every
// forgery has one fault, not two hundred.
func (t textReport) findings(findings []probe.Result) {
	type group struct {
		risk            forge.Risk
		came, safe, fix string
	}
	var groups []group
	cases := map[group][]forge.Case{}
	for _, r := range findings {
		g := group{r.Risk, r.Got, r.Case.Safe, r.Fix}
		if cases[g] == nil {
			groups = append(groups, g)
		}
		cases[g] = append(cases[g], r.Case)
	}
	for _, g := range groups {
		row := g.risk.Row()
		t.Hang(t.severity(row.Severity)+" ", t.Bold(text.Bound(g.came, maxGot)), len(row.Severity)+2)
		t.tried(cases[g])
		t.Hang("  who:", row.Who, 9)
		t.Hang("  gives:", row.Gives, 9)
		t.Hang("  safe:", g.safe, 9)
		t.Hang("  fix:", g.fix, 9)
		fmt.Fprintln(t)
	}
}

func (t textReport) severity(s forge.Severity) string {
	if s == forge.Critical || s == forge.High {
		return t.Red(string(s))
	}
	return t.Yellow(string(s))
}

// tried lists cases and what they try.
func (t textReport) tried(cases []forge.Case) {
	shown := cases
	if !t.all {
		shown = cases[:min(shownCases, len(cases))]
	}
	rows := text.Table{Indent: 2}
	for _, c := range shown {
		rows.Row(nil, c.Name, text.Printable(c.Tries))
	}
	t.Table(&rows)
	if more := len(cases) - len(shown); more > 0 {
		fmt.Fprintf(t, "  and %d more; -v shows them all\n", more)
	}
}

// missed lists the cases that were not tried, by reason.
func (t textReport) missed(report *probe.Report) {
	var reasons []string
	names := map[string][]string{}
	for _, r := range report.Results {
		if r.Outcome == probe.NotTried {
			if names[r.Got] == nil {
				reasons = append(reasons, r.Got)
			}
			names[r.Got] = append(names[r.Got], r.Case.Name)
		}
	}
	for _, reason := range reasons {
		which := names[reason]
		cases := strings.Join(which[:min(3, len(which))], ", ")
		if more := len(which) - 3; more > 0 {
			cases += fmt.Sprintf(" and %d more", more)
		}
		t.Hang("not tried", cases+": "+text.Bound(reason, maxGot), 11)
	}
	if len(reasons) > 0 {
		fmt.Fprintln(t)
	}
}

// logged lists the cases that put the valid token where servers log it.
func (t textReport) logged(report *probe.Report) {
	var names []string
	for _, r := range report.Results {
		if r.Case.InLog && r.Outcome != probe.NotTried {
			names = append(names, r.Case.Name)
		}
	}
	if names != nil {
		t.Hang("token in log", "the valid token was in the address of "+strings.Join(names, ", ")+
			", and may now be in the log of the API or of a proxy, as long as it is valid", 14)
		fmt.Fprintln(t)
	}
}

func (t textReport) verdict(report *probe.Report, stop error) {
	switch verdict := verdictOf(report, stop); verdict {
	case verdictLocked:
		t.Line("verdict: " + t.Green("no hole found") + " in " + text.Plural(report.Tried(), "case"))
	case verdictHoles:
		t.Line("verdict: " + t.Red(text.Plural(len(report.Findings()), "hole")+" found") + bySeverity(report.Findings()))
	default:
		t.Line("verdict: " + t.Yellow("unknown"))
	}
}

// bySeverity counts findings, the worst first.
func bySeverity(findings []probe.Result) string {
	var counts []string
	for _, severity := range []forge.Severity{forge.Critical, forge.High, forge.Medium, forge.Low} {
		n := 0
		for _, r := range findings {
			if r.Risk.Severity() == severity {
				n++
			}
		}
		if n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, severity))
		}
	}
	if counts == nil {
		return ""
	}
	return ": " + strings.Join(counts, ", ")
}

func orNone(status int) string {
	if status == 0 {
		return "nothing"
	}
	return fmt.Sprint(status)
}

// progressLine reports the progress of a probe on a terminal.
type progressLine struct {
	env                *cli.Env
	live               bool
	total, done, found int
}

func (r *run) progress() *progressLine {
	return &progressLine{env: r.session.Env, live: r.session.Env.IsLive(), total: len(r.config.Cases)}
}

func (p *progressLine) result(r probe.Result) {
	p.done++
	if r.Outcome == probe.Finding {
		p.found++
	}
	p.env.Trace("probe: " + r.Case.Name + ": " + string(r.Outcome) + ": " + r.Got)
	if p.live {
		line := fmt.Sprintf("%d of %d cases, %s: %s", p.done, p.total, text.Plural(p.found, "finding"), r.Case.Name)
		fmt.Fprint(p.env.Stderr, "\r"+text.Fit(line, cli.Width(p.env.Stderr)-1)+"\x1b[K")
	}
}

// end clears the line, so that the report begins on an empty one.
func (p *progressLine) end() {
	if p.live {
		fmt.Fprint(p.env.Stderr, "\r\x1b[K")
	}
}
