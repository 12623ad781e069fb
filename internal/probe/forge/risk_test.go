package forge_test

import (
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/entra"
	"m2m/internal/probe/forge"
)

// riskTable is the table of docs/probe.md.
func riskTable() string {
	var table strings.Builder
	for _, row := range forge.Risks() {
		var families, cases []string
		for _, c := range forge.Catalogue() {
			switch family := string(c.Family); {
			case c.Risk != row.Risk || slices.Contains(families, family):
			case c.Family == forge.Issued || c.Family == forge.Metadata:
				cases = append(cases, "`"+c.Name+"`")
			default:
				families = append(families, family)
			}
		}
		table.WriteString("| " + strings.Join([]string{
			string(row.Severity), "`" + string(row.Risk) + "`", row.Who, row.Gives, strings.Join(append(families, cases...), ", "),
		}, " | ") + " |\n")
	}
	return table.String()
}

// TestTheManualHasTheRisks compares the table in the manual with the one here.
func TestTheManualHasTheRisks(t *testing.T) {
	manual, err := os.ReadFile("../../../docs/probe.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(manual), "|---|---|---|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	if diff := cmp.Diff(riskTable(), table+"\n"); diff != "" || !found {
		t.Errorf("the table in docs/probe.md is not that of the code (-code +manual):\n%s", diff)
	}
}

// TestWhatOnlyTheIssuerSigns is never critical.
func TestWhatOnlyTheIssuerSigns(t *testing.T) {
	if s := forge.IssuerOnly.Severity(); s == forge.Critical || s == "" {
		t.Errorf("the severity is %q", s)
	}
	for _, c := range forge.Catalogue() {
		if c.Name == "time-no-expiry" && c.Risk != forge.IssuerOnly {
			t.Errorf("%s has the risk %s", c.Name, c.Risk)
		}
	}
}

// TestWhatIsLogged compares InLog with the address of each request.
func TestWhatIsLogged(t *testing.T) {
	target := &url.URL{Scheme: "http", Host: "127.0.0.1:1", Path: "/stock"}
	const payload = "eyJhIjoxfQ"
	kit, err := forge.New(forge.Config{Token: entra.NewSecret("eyJhIjoxfQ." + payload + ".AAAA"), Base: forge.NewRequest("GET", target, nil, nil)})
	if err != nil {
		t.Fatal(err)
	}
	defer kit.Close()
	for _, c := range forge.Catalogue() {
		r, err := c.Request(t.Context(), kit)
		if err == nil && strings.Contains(r.Target, payload) != c.InLog {
			t.Errorf("%s: the address is %q, and InLog is %t", c.Name, r.Target, c.InLog)
		}
	}
}
