package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"m2m/internal/exit"
	"m2m/internal/local"
	"m2m/internal/settings"
	"m2m/internal/tenant/control"
	"m2m/internal/text"
	"m2m/internal/transport"
)

// OpenControl returns a client for the local tenant: that of the environment in a
// child command of serve --local, else the one that runs on this machine.
func OpenControl(env *Env, cmd *cobra.Command) (*control.Client, error) {
	access, err := controlAccessOf(env, cmd)
	if err != nil {
		return nil, err
	}
	var trace func(transport.Exchange)
	if env.Debug {
		trace = func(e transport.Exchange) { env.Say("debug: %s", e) }
	}
	client, err := control.NewClient(access, trace)
	if err != nil {
		return nil, exit.Usagef("%s is not an https address of this machine: %s", local.ControlURLVariable, text.Quote(access.URL)).
			Hint("take it as serve --local -- COMMAND gave it").Wrap(err)
	}
	return client, nil
}

func controlAccessOf(env *Env, cmd *cobra.Command) (control.Access, error) {
	address, _ := env.Lookup(local.ControlURLVariable)
	key, _ := env.Lookup(local.ControlKeyVariable)
	switch {
	case address != "" && key != "":
		ca, _ := env.Lookup("M2M_CA_FILE")
		return control.Access{URL: address, Key: key, CAFile: ca}, nil
	case address != "" || key != "":
		return control.Access{}, exit.Usagef("%s and %s go together, but only one is set", local.ControlURLVariable, local.ControlKeyVariable).
			Hint("take both as serve --local -- COMMAND gave them, or neither")
	}
	access, err := local.RunningControl(SettingsInput(env, cmd, settings.Uses{}))
	return access, withOwnTenant(env, err)
}

// ControlFault returns the error of a command whose request to the local tenant
// failed; nil for nil.
func ControlFault(err error) error {
	var (
		refused     *control.Error
		unreachable *transport.Error
		strange     *control.StrangeError
	)
	switch {
	case errors.As(err, &refused):
		fault := exit.Usagef("the local tenant rejected the request: %s", text.OneLine(refused.Reason, 400)).Wrap(refused)
		if refused.Word == control.WrongKey {
			fault.Hint("the key belongs to another tenant, or to one that has ended: leave " + local.ControlKeyVariable +
				" as serve --local -- COMMAND set it")
		}
		return fault
	case errors.As(err, &unreachable): // mostly because it ended
		return exit.Errorf(exit.Unknown, "the local tenant did not respond: %v", unreachable).
			Hint("see whether m2m serve --local still runs").Wrap(unreachable)
	case errors.As(err, &strange):
		return exit.Errorf(exit.Unknown, "%v", strange).Hint("stop m2m serve --local and start it again with this version").Wrap(strange)
	}
	return err
}
