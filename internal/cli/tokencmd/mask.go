package tokencmd

import (
	"io"
	"strings"

	"m2m/internal/cli"
	"m2m/internal/entra"
	"m2m/internal/exit"
)

// maskCommand is what --mask prints before the token: a command to the runner
// of a CI job that hides the token wherever the job's log would show it.
type maskCommand struct{ prefix string }

// runnerMask finds out which runner reads the log, from the variables by which
// runners say that they are there.
//
//   - GitHub Actions: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
//   - Azure Pipelines: https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands
func runnerMask(env *cli.Env) (maskCommand, error) {
	says := func(name string) bool {
		value, _ := env.Lookup(name)
		return strings.EqualFold(value, "true")
	}
	switch {
	case says("GITHUB_ACTIONS"):
		return maskCommand{"::add-mask::"}, nil
	case says("TF_BUILD"):
		return maskCommand{"##vso[task.setsecret]"}, nil
	}
	return maskCommand{}, exit.Usagef("--mask is for a job of GitHub Actions or Azure Pipelines, and neither GITHUB_ACTIONS nor TF_BUILD is true").
		Hint(
			"leave --mask out: anywhere else the token would be printed in the clear",
			"in a container of a job, pass GITHUB_ACTIONS or TF_BUILD on to it",
		)
}

// print writes the command on stderr, because stdout belongs to the token, and
// the runners read both. It is the one deliberate exception to "no token in a
// log": a runner can only hide what it has been shown, and it leaves the line
// out of the log. That is why a known runner has to be there to read it. The
// command starts its line, as runners want it; a token holds no character that
// they treat specially (RFC 6750 section 2.1, checked when it came).
func (m maskCommand) print(stderr io.Writer, token entra.Secret) error {
	return cli.WriteLine(stderr, m.prefix+token.Reveal())
}
