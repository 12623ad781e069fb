package verifycmd

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"m2m/internal/cli"
	"m2m/internal/entra"
	"m2m/internal/issuer"
	"m2m/internal/jwt"
	"m2m/internal/text"
	"m2m/internal/verify"
)

// Bounds of what a token says, where a report repeats it: in bytes, and for the
// column of names in columns.
const (
	maxName      = 60
	maxValue     = 1000
	maxWords     = 2000
	maxNameWidth = 24
)

// textReport prints a token, its checks, and in the last lines the verdict with
// its cause and its fix.
type textReport struct {
	cli.Page
	now     time.Time
	verbose bool // every check, and what was expected and found
	explain bool // what each claim means
}

func (r textReport) print(report *verify.Report) {
	r.token(report.Token)
	r.checks(report.Findings)
	r.verdict(report)
}

func (r textReport) token(t *jwt.Token) {
	if t == nil {
		return
	}
	family := issuer.Of(t)
	r.members("header", entra.InHeader, t.Header, family)
	r.members("claims", entra.InPayload, t.Claims, family)
}

func (r textReport) members(title string, where entra.ClaimPlace, o jwt.Object, family *issuer.Family) {
	if o.Len() == 0 {
		return
	}
	fmt.Fprintln(r, r.Bold(title))
	table := text.Table{Indent: 2, Most: maxNameWidth}
	for m := range o.All() {
		table.Row(nil, text.Bound(m.Name, maxName), r.value(m))
		if meaning := family.Explain(where, m.Name); r.explain && meaning != "" {
			table.Row(func(_ int, s string) string { return r.Faint(s) }, "", meaning)
		}
	}
	r.Table(&table)
	fmt.Fprintln(r)
}

// value shows a string without its quotes, a time as epoch and date, everything
// else as JSON.
func (r textReport) value(m jwt.Member) string {
	var s string
	if json.Unmarshal([]byte(m.Raw), &s) == nil {
		return text.Bound(s, maxValue)
	}
	switch m.Name {
	case "iat", "nbf", "exp", "auth_time", "xms_tcdt":
		if seconds, err := strconv.ParseInt(m.Raw, 10, 64); err == nil && seconds >= 0 && seconds <= 253402300799 {
			at := time.Unix(seconds, 0)
			return fmt.Sprintf("%d %s (%s)", seconds, text.Time(at), distance(at.Sub(r.now)))
		}
	}
	return text.Bound(m.Raw, maxValue)
}

// distance says how far a moment is from now, in whole seconds or larger units.
func distance(d time.Duration) string {
	d = d.Truncate(time.Second)
	if d < 0 {
		return text.Duration(-d) + " ago"
	}
	return "in " + text.Duration(d)
}

// checkWord is the word for a status, in reports for people.
func checkWord(s verify.Status) string {
	switch s {
	case verify.Pass:
		return "passed"
	case verify.Fail:
		return "FAILED" // in capitals, to be seen among the others
	case verify.Skip:
		return "skipped"
	}
	return string(s)
}

func (r textReport) paintStatus(s verify.Status, word string) string {
	switch s {
	case verify.Pass:
		return r.Green(word)
	case verify.Fail:
		return r.Red(word)
	case verify.Unknown:
		return r.Yellow(word)
	}
	return r.Faint(word)
}

// checks prints the checks: those that passed and those that were skipped in a line
// each, the others with what was expected and found. With -v each has its own.
func (r textReport) checks(findings []verify.Finding) {
	fmt.Fprintln(r, r.Bold("checks"))
	table := text.Table{Indent: 2}
	row := func(s verify.Status, cells ...string) {
		table.Row(func(i int, cell string) string {
			if i == 0 {
				return r.paintStatus(s, cell)
			}
			return cell
		}, append([]string{text.Pad(checkWord(s), len("skipped"))}, cells...)...)
	}
	if !r.verbose {
		for _, s := range []verify.Status{verify.Pass, verify.Skip} {
			if names := namesOf(findings, s); names != "" {
				row(s, names)
			}
		}
	}
	for _, f := range findings {
		switch f.Status {
		case verify.Pass:
			if r.verbose {
				row(f.Status, string(f.Check), text.Bound(passedWords(f), maxWords))
			}
		case verify.Skip:
			if r.verbose {
				row(f.Status, string(f.Check), text.Bound(cmp.Or(f.Cause, "not checked"), maxWords))
			}
		default:
			row(f.Status, r.compared(f)...)
		}
	}
	r.Table(&table)
	fmt.Fprintln(r)
}

// compared is a check that did not pass, with what was expected and found.
func (r textReport) compared(f verify.Finding) []string {
	var words []string
	if f.Expected != "" {
		words = append(words, "expected "+f.Expected)
	}
	if f.Found != "" {
		words = append(words, "found "+f.Found)
	}
	compared := text.Bound(strings.Join(words, "; "), maxWords)
	if r.verbose {
		return []string{string(f.Check), compared}
	}
	return []string{strings.TrimRight(string(f.Check)+": "+compared, ": ")}
}

// passedWords are what was found, and what was expected unless that is the same.
func passedWords(f verify.Finding) string {
	switch {
	case strings.Trim(f.Found, `"`) == f.Expected:
		return f.Expected + " (as expected)"
	case f.Expected == "":
		return f.Found
	case f.Found == "":
		return "as expected: " + f.Expected
	}
	return f.Found + "; expected " + f.Expected
}

// verdict prints the last lines: the verdict, then the cause and the fix of each
// check that did not pass. Checks with the same cause and fix are named together.
func (r textReport) verdict(report *verify.Report) {
	failed, unknown := namesOf(report.Findings, verify.Fail), namesOf(report.Findings, verify.Unknown)
	switch report.Verdict {
	case verify.Valid:
		fmt.Fprintln(r, r.Green("valid")+": every check passed")
		return
	case verify.Invalid:
		r.Line(r.Red("invalid") + ": " + failed)
	case verify.Undecided:
		r.Line(strings.TrimRight(r.Yellow("unknown")+": could not check "+unknown, " "))
	case verify.Unverifiable:
		r.Line(r.Yellow("unverifiable") + ": only its audience can validate this token")
	}
	type reason struct{ cause, fix string }
	var reasons []reason
	checks := map[reason][]string{}
	for _, s := range []verify.Status{verify.Fail, verify.Unknown} {
		for _, f := range report.Findings {
			why := reason{f.Cause, f.Fix}
			if f.Status != s || why == (reason{}) {
				continue
			}
			if checks[why] == nil {
				reasons = append(reasons, why)
			}
			checks[why] = append(checks[why], string(f.Check))
		}
	}
	for _, why := range reasons {
		of := ""
		if len(reasons) > 1 {
			of = " (" + strings.Join(checks[why], ", ") + ")"
		}
		if why.cause != "" {
			r.Hang(r.Bold("cause"+of+":"), text.Bound(why.cause, maxWords), 2)
		}
		if why.fix != "" {
			r.Hang(r.Cyan("fix"+of+":"), text.Bound(why.fix, maxWords), 2)
		}
	}
}

// namesOf names the checks with one status.
func namesOf(findings []verify.Finding, s verify.Status) string {
	var names []string
	for _, f := range findings {
		if f.Status == s {
			names = append(names, string(f.Check))
		}
	}
	return strings.Join(names, ", ")
}
