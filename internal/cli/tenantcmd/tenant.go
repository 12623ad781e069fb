package tenantcmd

import (
	"github.com/spf13/cobra"

	"m2m/internal/cli"
)

const long = `Commands for the local tenant, which answers as Microsoft Entra ID does and runs on this
machine alone: "m2m tenant run" starts it, "m2m serve --local" together with a protected API.
In another terminal, or in a command that runs next to it, these commands show what it has
and did, print tokens, also wrong ones, and make it misbehave, for the tests of APIs and of
clients.`

const examples = `  m2m tenant run -- npm test             the tenant for the tests of a program
  m2m tenant status                      its apps, faults and last token requests
  m2m tenant mint --expired              a token that expired an hour ago
  m2m tenant fault token:429,times=3     reject three token requests
  m2m tenant init > tenant.yaml          the built-in tenant as a file to change`

// New makes m2m tenant.
func New(env *cli.Env) *cobra.Command {
	cmd := cli.Group("tenant", "Run the local tenant, print its tokens, make it misbehave", long, examples)
	cli.AddCommands(cmd, newRun(env), newStatus(env), newMint(env), newFault(env), newInit(env), newCheck(env), newSchema(env))
	return cmd
}
