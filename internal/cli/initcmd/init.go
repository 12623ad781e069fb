package initcmd

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"m2m/internal/cli"
	"m2m/internal/exit"
	"m2m/internal/settings"
)

const long = `Writes .env into the working directory, readable only by you, with the settings to fill in.
It never writes over a file or a link. On stdout it prints the az commands that create what
the settings name: the API's registration with an app role, the client, its secret and the
admin consent. Nothing is sent to Azure: read the commands and run them in bash.`

const examples = `  m2m init                                   write .env, print the az commands
  m2m init --name orders --role Orders.Read  with names of your own
  m2m init > register.sh                     the commands as a file
  m2m init --stdout > prod.env               only the settings, as a file of another name`

// options are the flags of init.
type options struct {
	stdout bool
	registration
}

// New makes m2m init.
func New(env *cli.Env) *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a .env to fill in; print the az commands that register API and client",
		Long:  long, Example: examples,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := cmp.Or(cli.CheckFilled(cmd.Flags()), o.check()); err != nil {
				return err
			}
			if o.stdout {
				_, err := io.WriteString(env.Out, settings.Template)
				return err
			}
			return run(env, o)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVar(&o.stdout, "stdout", false, "print the .env to stdout, and write no file")
	flags.StringVar(&o.name, "name", "m2m-api", "register the API as `NAME`, and the client as NAME-client")
	flags.StringVar(&o.role, "role", "Data.Read", "the app `ROLE` of the API that the client gets")
	cmd.MarkFlagsMutuallyExclusive("stdout", "name")
	cmd.MarkFlagsMutuallyExclusive("stdout", "role")
	return cmd
}

// run writes the .env and prints the commands.
func run(env *cli.Env, o options) error {
	script, err := o.script()
	if err != nil {
		return err
	}
	if err := writeNew(filepath.Join(env.Dir, settings.EnvFileName), settings.Template); err != nil {
		return err
	}
	if _, err := io.WriteString(env.Out, script); err != nil {
		return err
	}
	env.Say("wrote %s: fill in its first four values", settings.EnvFileName)
	env.Say("hint: the commands on stdout create what they name; their last lines print the values")
	return nil
}

// writeNew writes a file that only its owner can read and that was not there before.
// With O_EXCL a link is not followed, not even one that leads nowhere.
func writeNew(path, content string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return exit.Usagef("%s exists, and m2m init never writes over a file", settings.EnvFileName).
			Hint("to see what it would write: m2m init --stdout", "for the az commands alone, run m2m init in an empty folder").
			Wrap(err)
	}
	if err != nil {
		return unwritten(err)
	}
	_, err = io.WriteString(f, content)
	if err := errors.Join(err, f.Close()); err != nil {
		return unwritten(errors.Join(err, os.Remove(path)))
	}
	return nil
}

func unwritten(err error) error {
	return exit.Usagef("m2m cannot write %s: %v", settings.EnvFileName, exit.RootCause(err)).
		Hint("run m2m init in a folder that you can write to").
		Wrap(err)
}
