package catalogue_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"m2m/internal/explain/catalogue"
)

// TestRowsAreComplete: knowledge has a source, a sentence and an expression that
// compiles.
func TestRowsAreComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, row := range catalogue.Rows() {
		if row.ID == "" || row.Cause == "" || row.About == "" || !strings.HasPrefix(row.Source, "https://") || seen[row.ID] {
			t.Errorf("%s is not complete, or there twice: %+v", row.ID, row)
		}
		seen[row.ID] = true
		if !slices.Contains([]catalogue.Certainty{catalogue.Certain, catalogue.Likely, catalogue.Possible}, row.Certainty) {
			t.Errorf("%s: certainty %q", row.ID, row.Certainty)
		}
		if len(row.Codes)+len(row.Status)+len(row.Words)+len(row.All)+len(row.Header)+len(row.Who) == 0 {
			t.Errorf("%s matches every response", row.ID)
		}
		for _, expression := range slices.Concat(row.Words, row.All, row.Not) {
			if _, err := regexp.Compile(expression); err != nil {
				t.Errorf("%s: %v", row.ID, err)
			}
		}
		for _, id := range row.Who {
			if _, ok := catalogue.ServiceByID(id); !ok {
				t.Errorf("%s: there is no service %q", row.ID, id)
			}
		}
		for _, line := range append([]string{row.Cause}, row.Fix...) {
			if strings.HasSuffix(line, ".") {
				t.Errorf("%s: a clause ends in a full stop: %q", row.ID, line)
			}
		}
	}
}

func TestServicesAreComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range catalogue.Services() {
		if s.ID == "" || s.Name == "" || seen[s.ID] || len(s.Hosts)+len(s.Headers)+len(s.Words) == 0 {
			t.Errorf("not complete, or there twice: %+v", s)
		}
		seen[s.ID] = true
		if _, err := regexp.Compile(s.Words); err != nil {
			t.Errorf("%s: %v", s.ID, err)
		}
		for _, header := range s.Headers {
			if header != strings.ToLower(header) {
				t.Errorf("%s: the header mark %q is compared in lower case", s.ID, header)
			}
		}
	}
}

func TestServiceByHost(t *testing.T) {
	for host, want := range map[string]string{
		"graph.microsoft.com": "graph", "GRAPH.microsoft.com": "graph", "a.vault.azure.net": "keyvault", "vault.azure.net": "keyvault",
		"notvault.azure.net": "", "dev.azure.com": "devops", "x.dev.azure.com": "devops", "api.example.org": "",
	} {
		if got, _ := catalogue.ServiceByHost(host); got.ID != want {
			t.Errorf("%s is %q, want %q", host, got.ID, want)
		}
	}
}

func TestLookup(t *testing.T) {
	for query, want := range map[string]string{
		"Graph 40001": "graph.40001", "ForbiddenByRbac": "keyvault.rbac", "keyvault.rbac": "keyvault.rbac",
		"TF400813: The user is not authorized": "devops.tf400813",
	} {
		found := catalogue.Lookup(query)
		if len(found) == 0 || found[0].ID != want {
			t.Errorf("%q finds %v, want %s", query, found, want)
		}
	}
	if found := catalogue.Lookup("no such error at all"); len(found) != 0 {
		t.Errorf("found %v", found)
	}
}
