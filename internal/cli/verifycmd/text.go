package verifycmd

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"m2m/internal/cli"
	"m2m/internal/entra"
	"m2m/internal/jwt"
	"m2m/internal/text"
	"m2m/internal/verify"
)

// reportWidth is the width of reports, in columns.
const reportWidth = 100

// textReport prints a token, every check and, in the last line, the verdict.
type textReport struct {
	w       io.Writer
	paint   cli.Palette
	now     time.Time
	explain map[string]entra.Claim // by claimKey; nil without --explain
}

func claimKey(where entra.ClaimPlace, name string) string { return string(where) + " " + name }

// claimSentences are what --explain says about claims, by claimKey.
func claimSentences() map[string]entra.Claim {
	sentences := map[string]entra.Claim{}
	for _, c := range entra.ClaimCatalogue() {
		sentences[claimKey(c.Where, c.Name)] = c
	}
	return sentences
}

func (r textReport) token(t *jwt.Token) {
	if t == nil {
		return
	}
	r.members("header", entra.InHeader, t.Header)
	r.members("claims", entra.InPayload, t.Claims)
}

func (r textReport) members(title string, where entra.ClaimPlace, o jwt.Object) {
	if o.Len() == 0 {
		return
	}
	fmt.Fprintln(r.w, r.paint.Bold(title))
	width := 0
	for m := range o.All() {
		width = max(width, len(text.Printable(m.Name)))
	}
	for m := range o.All() {
		label := "  " + text.Printable(m.Name)
		fmt.Fprintln(r.w, text.Hang(label, r.value(m), width+4, reportWidth))
		if c, ok := r.explain[claimKey(where, m.Name)]; ok {
			fmt.Fprintln(r.w, r.paint.Faint(text.Hang("", strings.TrimSpace(c.Sentence+" "+c.Hint), width+4, reportWidth)))
		}
	}
	fmt.Fprintln(r.w)
}

// value shows a string without its quotes, a time as epoch and date, everything
// else as JSON.
func (r textReport) value(m jwt.Member) string {
	var s string
	if json.Unmarshal([]byte(m.Raw), &s) == nil {
		return text.Printable(strings.ReplaceAll(s, "\n", "\\n"))
	}
	switch m.Name {
	case "iat", "nbf", "exp", "auth_time", "xms_tcdt":
		if seconds, err := strconv.ParseInt(m.Raw, 10, 64); err == nil && seconds >= 0 && seconds <= 253402300799 {
			at := time.Unix(seconds, 0).UTC()
			return fmt.Sprintf("%d  %s  (%s)", seconds, at.Format("2006-01-02 15:04:05 UTC"), distance(at.Sub(r.now)))
		}
	}
	return text.Printable(m.Raw)
}

// distance says how far a moment is from now, in whole seconds or larger units.
func distance(d time.Duration) string {
	d = d.Truncate(time.Second)
	if d < 0 {
		return text.Duration(-d) + " ago"
	}
	return "in " + text.Duration(d)
}

func (r textReport) checks(findings []verify.Finding) {
	fmt.Fprintln(r.w, r.paint.Bold("checks"))
	for _, f := range findings {
		r.check(f)
	}
	fmt.Fprintln(r.w)
}

// checkIndent is the column where the words of a check begin.
const checkIndent = 22

// check prints one check: one line if it passed, all that is known if it did not.
func (r textReport) check(f verify.Finding) {
	head := fmt.Sprintf("  %s %-11s", r.status(f.Status), f.Check)
	switch f.Status {
	case verify.Pass:
		fmt.Fprintln(r.w, head+r.wrapped(passedWords(f)))
	case verify.Skip:
		fmt.Fprintln(r.w, head+r.wrapped(cmp.Or(f.Cause, "not checked")))
	default:
		r.failed(head, f)
	}
}

// failed prints a check that did not pass, one row for each thing known.
func (r textReport) failed(head string, f verify.Finding) {
	rows := [][2]string{{"expected", f.Expected}, {"found", f.Found}, {"cause", f.Cause}, {"fix", f.Fix}}
	for _, row := range rows {
		if row[1] == "" {
			continue
		}
		label := fmt.Sprintf("%-10s", row[0])
		wrapped := text.Hang("", text.Printable(row[1]), checkIndent+len(label), reportWidth)
		fmt.Fprintln(r.w, head+label+strings.TrimLeft(wrapped, " "))
		head = strings.Repeat(" ", checkIndent)
	}
}

// wrapped wraps words that follow the head of a check.
func (r textReport) wrapped(words string) string {
	return strings.TrimLeft(text.Hang("", text.Printable(words), checkIndent, reportWidth), " ")
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

// status pads to eight columns.
func (r textReport) status(s verify.Status) string {
	padded := fmt.Sprintf("%-8s", s)
	switch s {
	case verify.Pass:
		return r.paint.Green(padded)
	case verify.Fail:
		return r.paint.Red(strings.ToUpper(padded))
	case verify.Unknown:
		return r.paint.Yellow(padded)
	}
	return r.paint.Faint(padded)
}

// verdict prints the last line.
func (r textReport) verdict(report *verify.Report) {
	words := map[verify.Verdict]string{
		verify.Valid:        r.paint.Green("valid") + ": every check passed",
		verify.Invalid:      r.paint.Red("invalid") + ": " + r.checksOf(report, verify.Fail),
		verify.Undecided:    r.paint.Yellow("unknown") + ": could not tell about " + r.checksOf(report, verify.Unknown),
		verify.Unverifiable: r.paint.Yellow("unverifiable") + ": only its audience can validate this token",
	}
	fmt.Fprintln(r.w, words[report.Verdict])
}

// checksOf names the checks with one status.
func (r textReport) checksOf(report *verify.Report, s verify.Status) string {
	var names []string
	for _, f := range report.Findings {
		if f.Status == s {
			names = append(names, string(f.Check))
		}
	}
	return strings.Join(names, ", ")
}
