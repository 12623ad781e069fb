package tenantcmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"m2m/internal/cli"
	"m2m/internal/exit"
	"m2m/internal/local"
	"m2m/internal/tenant/control"
)

const faultExamples = `  m2m tenant fault token:429,retry-after=2,times=3   reject three token requests
  m2m tenant fault token:latency=500ms keys:503      late tokens, and no keys
  m2m tenant fault keys:withdraw                     a new key signs, the old ones are gone
  m2m tenant fault clock=+10m                        the tenant's clock is ten minutes ahead
  m2m tenant fault --list                            print the faults in force
  m2m tenant fault --clear                           end all faults`

const faultLong = `Makes the running local tenant misbehave, for the tests of programs that have to
cope with that. Under serve --local -- COMMAND it is COMMAND's own tenant; serve --local
--fault SPEC makes it misbehave from the start.

A fault is PLACE:FAULT[=VALUE][,OPTION=VALUE...]. Places are token, discovery, keys, instance
and identity (the endpoints of managed identities).

  429  500  502  503  504   this status; options retry-after=SECONDS (429: 60) and times=N
  latency=TIME              the right answer, late
  slow[=TIME]               the right answer, its body in drops (10s)
  reset                     the connection is reset
  html                      a page for people, with status 200
  oversized                 a body of 64 MiB
  redirect[=URL]            307, to a host that does not exist
  token:lifetime=TIME       tokens that live this long
  keys:roll                 a new key signs, the old ones stay
  keys:withdraw             a new key signs, the old ones are gone at once
  keys:flap                 a new key signs, and every other key set lacks it
  keys:empty                key sets without a key
  identity:not-found        the identity is not assigned to the machine
  identity:several          several identities are, and the request names none
  identity:410              the endpoint is being updated
  identity:vague            500 without a reason
  clock=OFFSET              a clock that is wrong

times=N ends a fault after N requests. Faults add up; of several at one place all latencies and
the first of the others count. --clear ends all of them but brings no key back.`

// faultOptions are the flags of tenant fault.
type faultOptions struct {
	clear, list bool
	form        string
}

// newFault makes the command that sets the faults of the running local tenant.
func newFault(env *cli.Env) *cobra.Command {
	var o faultOptions
	cmd := &cobra.Command{
		Use:   "fault [SPEC ...]",
		Short: "Make the running local tenant misbehave",
		Long:  faultLong, Example: faultExamples,
		ValidArgsFunction: cli.CompleteFault(),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runFault(env, cmd, args, o)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVar(&o.clear, "clear", false, "end every fault, before those given begin")
	flags.BoolVar(&o.list, "list", false, "print the faults in force")
	flags.StringVarP(&o.form, "output", "o", "text", "output `FORMAT` of --list: text or json")
	return cmd
}

func runFault(env *cli.Env, cmd *cobra.Command, specs []string, o faultOptions) error {
	if err := cli.CheckForm(o.form, []string{"text", "json"}); err != nil {
		return err
	}
	if len(specs) == 0 && !o.clear && !o.list {
		return exit.Usagef("no fault given").
			Hint("for example: m2m tenant fault token:429,times=3", "--list prints the faults in force, --clear ends them")
	}
	if _, err := local.ParseFaults(specs); err != nil {
		return err
	}
	tenant, err := cli.OpenControl(env, cmd)
	if err != nil {
		return err
	}
	state, err := tenant.SetFaults(cmd.Context(), control.FaultsRequest{Clear: o.clear, Add: specs})
	if err != nil || !o.list {
		return cli.ControlFault(err)
	}
	if o.form == "json" {
		return cli.WriteJSON(env.Out, state)
	}
	for _, f := range state.Faults {
		if _, err := fmt.Fprintf(env.Out, "%s\tanswered %d\n", f.Fault, f.Answered); err != nil {
			return err
		}
	}
	return nil
}
