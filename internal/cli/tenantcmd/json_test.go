package tenantcmd

import (
	"testing"

	"m2m/internal/cli/clitest"
	"m2m/internal/tenant/control"
)

func TestJSONPage(t *testing.T) {
	clitest.CheckJSONPage(t, "## m2m tenant status, m2m tenant fault --list", control.State{})
}
