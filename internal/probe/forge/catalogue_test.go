package forge_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/probe/forge"
)

// TestTheCatalogue holds what users and scripts rely on: names that are unique
// and of one form, and words for everything.
func TestTheCatalogue(t *testing.T) {
	form := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	seen := map[string]bool{}
	var families []forge.Family
	for _, c := range forge.Catalogue() {
		if seen[c.Name] || !form.MatchString(c.Name) {
			t.Errorf("the name %q is taken, or of another form", c.Name)
		}
		seen[c.Name] = true
		if c.Tries == "" || c.Fix == "" || c.Risk.Severity() == "" || c.Safe == "" || strings.HasSuffix(c.Fix, ".") {
			t.Errorf("%s: a text is missing, or is no clause: %+v", c.Name, c)
		}
		if !slices.Contains(families, c.Family) {
			families = append(families, c.Family)
		}
	}
	if len(families) != 18 {
		t.Errorf("the catalogue has the families %q", families)
	}
}

func TestSelect(t *testing.T) {
	names := func(cases []forge.Case) (names []string) {
		for _, c := range cases {
			names = append(names, c.Name)
		}
		return names
	}
	for _, tt := range []struct {
		patterns, want, unmatched []string
	}{
		{[]string{"jku"}, []string{"jku"}, nil},
		{[]string{"jku*", "x5c"}, []string{"x5c", "jku", "jku-https"}, nil},
		{[]string{"jku", "no-such-case", "[", "jk?"}, []string{"jku"}, []string{"no-such-case", "["}},
	} {
		got, unmatched := forge.Select(forge.Catalogue(), tt.patterns)
		if diff := cmp.Diff(tt.want, names(got)); diff != "" {
			t.Errorf("%q selects (-want +got):\n%s", tt.patterns, diff)
		}
		if diff := cmp.Diff(tt.unmatched, unmatched); diff != "" {
			t.Errorf("%q leaves (-want +got):\n%s", tt.patterns, diff)
		}
	}
	if all, _ := forge.Select(forge.Catalogue(), nil); len(all) != len(forge.Catalogue()) {
		t.Errorf("no pattern selects %d cases", len(all))
	}
}
