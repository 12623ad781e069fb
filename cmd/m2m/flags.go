package main

import (
	"slices"

	"github.com/spf13/pflag"

	"m2m/internal/exit"
)

func addLocalFlag(flags *pflag.FlagSet) {
	flags.Bool("local", false, "use the tenant and API of the running \"m2m serve --local\"")
}

// checkFilled refuses flags with nothing in them, but for those that may be empty
// on purpose. A flag that was typed means something: an unset variable must not
// stand for what holds without the flag.
func checkFilled(flags *pflag.FlagSet, mayBeEmpty ...string) (err error) {
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
