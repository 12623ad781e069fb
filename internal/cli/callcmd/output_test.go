package callcmd

import (
	"testing"

	"m2m/internal/cli/clitest"
)

func TestJSONPage(t *testing.T) {
	clitest.CheckJSONPage(t, "## m2m call", document{})
}
