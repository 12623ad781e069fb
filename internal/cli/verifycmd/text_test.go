package verifycmd

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"m2m/internal/cli"
	"m2m/internal/cli/verifycmd/minttest"
	"m2m/internal/explain"
	"m2m/internal/text"
	"m2m/internal/verify"
)

// oneScreen is how many lines a good token's report may have.
const oneScreen = 32

var escape = regexp.MustCompile("\x1b\\[[0-9;]*m")

// reportOf prints the report about a token as the command does.
func reportOf(v *verify.Verifier, token string, p cli.Palette, width int, t *testing.T) string {
	var out bytes.Buffer
	report := textReport{Page: cli.Page{Writer: &out, Palette: p, Width: width}, now: minttest.Noon}
	report.print(explain.Report(v.Report(t.Context(), token), explain.Judged{}))
	return out.String()
}

// TestReportFits: no line is wider than the terminal but one with a value that
// cannot be broken, such as an address; a good token needs one screen; and in a
// pipe a claim, a cause and a fix take one line each.
func TestReportFits(t *testing.T) {
	policy := verify.Policy{Tenants: []string{minttest.Tenant}, Audiences: []string{minttest.API},
		Roles: []string{"Data.Read"}}
	for name, token := range strangeTokens(t) {
		for _, width := range []int{0, 60, 80, 120} {
			report := reportOf(mintVerifier(t, policy), token, cli.Palette{}, width, t)
			for line := range strings.Lines(report) {
				line = strings.TrimSpace(line)
				if width > 0 && text.Columns(line) > width && strings.Contains(line, " ") {
					t.Errorf("%s: %d columns of %d: %q", name, text.Columns(line), width, line)
				}
				if width == 0 && strings.HasPrefix(line, "  ") {
					t.Errorf("%s: a line of a pipe is wrapped: %q", name, line)
				}
			}
			if lines := strings.Count(report, "\n"); name == "good" && lines > oneScreen {
				t.Errorf("the report of a good token has %d lines:\n%s", lines, report)
			}
		}
	}
}

// TestReportIsSeen: nothing that a token says moves the cursor or turns the
// direction of the report's own text.
func TestReportIsSeen(t *testing.T) {
	policy := verify.Policy{Tenants: []string{minttest.Tenant}, Audiences: []string{minttest.API}}
	for name, token := range strangeTokens(t) {
		report := reportOf(mintVerifier(t, policy), token, cli.Palette{}, 0, t)
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
		plain, painted := reportOf(v, token, cli.Palette{}, 0, t), reportOf(v, token, cli.Palette{Enabled: true}, 0, t)
		if painted == plain {
			t.Errorf("%s: there is no colour to test", name)
		}
		if got := escape.ReplaceAllString(painted, ""); got != plain {
			t.Errorf("%s: without its colours the report says\n%s\nwant\n%s", name, got, plain)
		}
	}
	words := map[string]bool{}
	for _, s := range []verify.Status{verify.Pass, verify.Fail, verify.Skip, verify.Unknown} {
		words[checkWord(s)] = true
	}
	if len(words) != 4 {
		t.Errorf("want four words for four statuses, got %v", words)
	}
}
