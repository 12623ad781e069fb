package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSecurityPageNamesTests: every promise of docs/security.md names tests and scripts
// that exist.
func TestSecurityPageNamesTests(t *testing.T) {
	page, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	_, promises, _ := strings.Cut(string(page), "## What is promised\n")
	promises, _, _ = strings.Cut(promises, "\n## ")
	out, err := exec.Command("git", "-C", "../..", "grep", "-hoE", "^func (Test|Fuzz)[A-Za-z0-9_]+", "--", "*_test.go").Output()
	if err != nil {
		t.Skipf("not a git checkout: %v", err)
	}
	tests := string(out)
	named := 0
	for _, row := range strings.Split(promises, "\n") {
		cells := strings.Split(row, "|")
		if len(cells) < 4 {
			continue
		}
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[2], -1) {
			named++
			name := m[1]
			_, err := os.Stat(filepath.Join("testdata/script", name+".txtar"))
			switch {
			case err == nil, name == "bench/fire":
			case !regexp.MustCompile(`(?m)^func ` + regexp.QuoteMeta(name) + `$`).MatchString(tests):
				t.Errorf("there is no test or script %s", name)
			}
		}
	}
	if named < 40 {
		t.Errorf("found only %d names", named)
	}
}
