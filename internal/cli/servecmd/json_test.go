package servecmd

import (
	"testing"

	"m2m/internal/cli/clitest"
)

func TestJSONPage(t *testing.T) {
	clitest.CheckJSONPage(t, "## m2m serve --local", localDocument{})
	clitest.CheckJSONPage(t, "## Errors", startCheck{})
}
