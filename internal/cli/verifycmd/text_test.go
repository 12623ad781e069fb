package verifycmd

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"m2m/internal/cli"
	"m2m/internal/cli/verifycmd/minttest"
	"m2m/internal/explain"
	"m2m/internal/verify"
)

// oneScreen is how many lines a good token's report may have.
const oneScreen = 40

var escape = regexp.MustCompile("\x1b\\[[0-9;]*m")

// reportOf prints the report about a token as the command does.
func reportOf(v *verify.Verifier, token string, p cli.Palette, t *testing.T) string {
	var out bytes.Buffer
	text := textReport{w: &out, paint: p, now: minttest.Noon}
	report := explain.Report(v.Report(t.Context(), token))
	text.token(report.Token)
	text.checks(report.Findings)
	text.verdict(report)
	return out.String()
}

// TestReportFits: no line is wider than 100 columns but for one word that
// cannot be broken, such as an address, and a good token needs one screen.
func TestReportFits(t *testing.T) {
	policy := verify.Policy{Tenants: []string{minttest.Tenant}, Audiences: []string{minttest.API},
		Roles: []string{"Data.Read"}}
	for name, token := range strangeTokens(t) {
		report := reportOf(mintVerifier(t, policy), token, cli.Palette{}, t)
		for line := range strings.Lines(report) {
			line = strings.TrimRight(line, "\n")
			words := strings.Fields(strings.TrimLeft(line, " "))
			if utf8.RuneCountInString(line) > reportWidth && len(words) > 4 {
				t.Errorf("%s: %d columns: %q", name, utf8.RuneCountInString(line), line)
			}
		}
		if lines := strings.Count(report, "\n"); name == "good" && lines > oneScreen {
			t.Errorf("the report of a good token has %d lines:\n%s", lines, report)
		}
	}
}

// TestReportIsSeen: nothing that a token says moves the cursor or turns the
// direction of the report's own text.
func TestReportIsSeen(t *testing.T) {
	policy := verify.Policy{Tenants: []string{minttest.Tenant}, Audiences: []string{minttest.API}}
	for name, token := range strangeTokens(t) {
		report := reportOf(mintVerifier(t, policy), token, cli.Palette{}, t)
		unseen := func(r rune) bool { return !unicode.IsGraphic(r) && r != '\n' }
		if i := strings.IndexFunc(report, unseen); i >= 0 {
			t.Errorf("%s: what is not seen reaches the terminal: %q", name, report[max(0, i-40):min(i+4, len(report))])
		}
	}
}

// TestColourOnlyRepeats: with the colours taken away, a report is the one that
// has none, so that no meaning is lost; and statuses are told apart by words.
func TestColourOnlyRepeats(t *testing.T) {
	v := mintVerifier(t,
		verify.Policy{Tenants: []string{minttest.Tenant}, Audiences: []string{minttest.API}, Roles: []string{"Data.Read"}})
	for name, token := range strangeTokens(t) {
		plain, painted := reportOf(v, token, cli.Palette{}, t), reportOf(v, token, cli.Palette{Enabled: true}, t)
		if painted == plain {
			t.Errorf("%s: there is no colour to test", name)
		}
		if got := escape.ReplaceAllString(painted, ""); got != plain {
			t.Errorf("%s: without its colours the report says\n%s\nwant\n%s", name, got, plain)
		}
	}
	words := map[string]bool{}
	for _, s := range []verify.Status{verify.Pass, verify.Fail, verify.Skip, verify.Unknown} {
		words[strings.TrimSpace(textReport{}.status(s))] = true
	}
	if len(words) != 4 {
		t.Errorf("want four words for four statuses, got %v", words)
	}
}
