// Package doctorcmd is m2m doctor: it checks everything between this machine and a
// successful call, in order, and names the first thing that is wrong.
package doctorcmd

import (
	"cmp"
	"context"

	"github.com/spf13/cobra"

	"m2m/internal/cli"
	"m2m/internal/exit"
	"m2m/internal/settings"
)

const long = `Checks everything between this machine and a successful call, in order: the settings and
where each comes from, the proxy or the name's address, TLS, the tenant's documents, the
clock, the signing keys, the credential, the token, its claims, and the API. Each step is
ok, warning, failed or not reached (what it needs has failed).

A new token is acquired; the cache is not used. Exits with 0 if no step failed, else with
the exit code of the first step that did.`

const examples = `  m2m doctor                              everything up to a token, and API_URL if it is set
  m2m doctor https://api.example.com/     and a GET request to this URL
  m2m doctor --local /secure-data         with the local tenant that runs here
  m2m doctor -o json                      for a program`

type options struct {
	form string
	how  cli.Acquisition
}

// New makes m2m doctor.
func New(env *cli.Env) *cobra.Command {
	o := options{}
	cmd := &cobra.Command{
		Use:     "doctor [URL]",
		Short:   "Check everything between this machine and a successful call",
		Long:    long,
		Example: examples,
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			env.JSONErrors = o.form == "json"
			return run(env, cmd, args, o)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVarP(&o.form, "output", "o", "text", "output `FORMAT`: text or json")
	o.how.AddUncached(flags)
	settings.AddFlags(flags, settings.Audiences, settings.RequiredRoles)
	return cmd
}

// document is the JSON of doctor -o json. Its keys are stable.
type document struct {
	OK    bool   `json:"ok"` // no step failed
	Steps []Step `json:"steps"`
}

// run makes the steps and prints each at once.
func run(env *cli.Env, cmd *cobra.Command, args []string, o options) error {
	if err := cmp.Or(cli.CheckForm(o.form, []string{"text", "json"}), o.how.Check()); err != nil {
		return err
	}
	steps := Steps{Shown: env.Shown}
	if o.form == "text" {
		steps.Report = func(step Step) { printStep(env, step) }
	}
	d := &doctor{env: env, cmd: cmd, o: o, steps: &steps}
	if len(args) > 0 {
		d.address = args[0]
	}
	d.run(cmd.Context())
	if o.form == "json" {
		if err := cli.WriteJSON(env.Out, document{steps.First() == nil, steps.List}); err != nil {
			return err
		}
	}
	if err := context.Cause(cmd.Context()); err != nil {
		return err
	}
	first := steps.First()
	if first == nil {
		if o.form == "text" {
			env.Say("no step failed")
		}
		return nil
	}
	if o.form == "text" {
		env.Say("the first step that failed: %s", first.Name)
	}
	return exit.Reported{Code: steps.ExitCode()}
}
