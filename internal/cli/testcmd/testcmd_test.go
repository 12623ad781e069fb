package testcmd

import (
	"strings"
	"testing"

	"m2m/internal/cli/clitest"
	"m2m/internal/suite"
)

// TestReadmeSuites: the suites that the README shows can be run.
func TestReadmeSuites(t *testing.T) {
	found := 0
	for _, block := range strings.Split(clitest.Readme(t), "```yaml\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		if !strings.Contains(block, "requests:\n") {
			continue
		}
		found++
		if _, err := suite.Parse("README.md", []byte(block)); err != nil {
			t.Errorf("%v\nin:\n%s", err, block)
		}
	}
	if found != 2 {
		t.Errorf("found %d suites in the README, want 2", found)
	}
}

func TestJSONPage(t *testing.T) {
	clitest.CheckJSONPage(t, "## m2m test", documents{})
}
