package cli

import (
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"m2m/internal/exit"
)

func AddLocalFlag(flags *pflag.FlagSet) {
	flags.Bool("local", false, "use the tenant and API of the running \"m2m serve --local\"")
}

// CheckFilled refuses flags with nothing in them, but for those that may be empty
// on purpose. A flag that was typed means something: an unset variable must not
// stand for what holds without the flag.
func CheckFilled(flags *pflag.FlagSet, mayBeEmpty ...string) (err error) {
	flags.Visit(func(f *pflag.Flag) {
		if err == nil && isEmptyFlag(f) && !slices.Contains(mayBeEmpty, f.Name) {
			err = exit.EmptyFlag(f.Name)
		}
	})
	return err
}

func isEmptyFlag(f *pflag.Flag) bool {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		return len(list.GetSlice()) == 0 || slices.Contains(list.GetSlice(), "")
	}
	return f.Value.Type() == "string" && f.Value.String() == ""
}

// AtMostOne refuses a second argument. what names the first.
func AtMostOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) <= 1 {
			return nil
		}
		return exit.Usagef("%s takes one argument, %s, but was given %d", cmd.CommandPath(), what, len(args)).
			Hint("put quotes around an argument that has a space in it")
	}
}
