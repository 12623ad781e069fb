package doctorcmd

import (
	"testing"

	"m2m/internal/cli/clitest"
)

func TestJSONPage(t *testing.T) {
	clitest.CheckJSONPage(t, "## m2m doctor", document{})
	clitest.CheckJSONPage(t, "## m2m doctor", Step{})
}
