package callcmd

import (
	"testing"

	"m2m/internal/cli/clitest"
)

func TestReadmeNamesCallJSONKeys(t *testing.T) {
	clitest.CheckReadmeKeys(t, "## Call an API", document{})
}
