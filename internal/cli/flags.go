package cli

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"m2m/internal/exit"
	"m2m/internal/text"
)

// AddLocalFlag adds --local, which Resolve reads.
func AddLocalFlag(flags *pflag.FlagSet) {
	flags.Bool("local", false, "use the tenant and API of the running \"m2m serve --local\"")
	flags.String("as", "", "with --local: as the client or managed identity `NAME` (or ID) of that tenant")
}

// CheckFilled rejects given flags with an empty value, except the named ones. The
// value is mostly a variable that is not set, and does not mean the default.
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

// AtMostOne rejects a second argument. what names the first in the message.
func AtMostOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) <= 1 {
			return nil
		}
		return exit.Usagef("%s takes one argument, %s, but was given %d", cmd.CommandPath(), what, len(args)).
			Hint("put quotes around an argument that has a space in it")
	}
}

// ExactlyOne rejects any other number of arguments than one. what names it in the
// message.
func ExactlyOne(what, example string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return exit.Usagef("%s takes one argument, %s", cmd.CommandPath(), what).Hint("for example: " + example)
		}
		return AtMostOne(what)(cmd, args)
	}
}

// checkFlagGroups checks the flags against cobra's marks (MarkFlagsMutuallyExclusive,
// MarkFlagsRequiredTogether, MarkFlagsOneRequired), and words what it finds: cobra's
// own messages list whole groups.
func checkFlagGroups(cmd *cobra.Command) (err error) {
	unworded := cmd.ValidateFlagGroups()
	if unworded == nil {
		return nil
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		for annotation, word := range map[string]func(given, absent []string) error{
			"cobra_annotation_mutually_exclusive": func(given, _ []string) error {
				if len(given) < 2 {
					return nil
				}
				return exit.Conflict(given[0], given[1])
			},
			"cobra_annotation_required_if_others_set": func(given, absent []string) error {
				if len(given) == 0 || len(absent) == 0 {
					return nil
				}
				return exit.Usagef("%s needs %s", given[0], absent[0]).Hintf("add %s, or leave out %s", absent[0], given[0])
			},
			"cobra_annotation_one_required": func(given, absent []string) error {
				if len(given) > 0 {
					return nil
				}
				return exit.Usagef("one of %s is required", strings.Join(absent, ", ")).Hintf("see %s --help", cmd.CommandPath())
			},
		} {
			for _, group := range f.Annotations[annotation] {
				if err == nil {
					err = word(givenOf(cmd.Flags(), strings.Fields(group)))
				}
			}
		}
	})
	return cmp.Or(err, unworded)
}

// givenOf splits flags into those that were given and those that were not, with dashes.
func givenOf(flags *pflag.FlagSet, names []string) (given, absent []string) {
	for _, name := range names {
		if flags.Changed(name) {
			given = append(given, "--"+name)
		} else {
			absent = append(absent, "--"+name)
		}
	}
	return given, absent
}

// NoArguments rejects arguments of a command that takes only flags.
func NoArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return exit.Usagef("%s takes no argument, but was given %s", cmd.CommandPath(), Word(args[0])).
		Hintf("see %s --help", cmd.CommandPath())
}

// Word quotes an argument for a message if it is a letter and up to 11 letters,
// digits, - and _, or up to 5 digits. Anything else may be a secret in the wrong place.
func Word(argument string) string {
	if shortWord().MatchString(argument) {
		return fmt.Sprintf("%q", argument)
	}
	return fmt.Sprintf("(%d bytes, not shown: it may be a secret)", len(argument))
}

var shortWord = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(?:[A-Za-z][A-Za-z0-9_-]{0,11}|[0-9]{1,5})$`) })

// CheckForm rejects a value of -o that is not one of forms.
func CheckForm(form string, forms []string) error {
	for _, f := range forms {
		if f == form {
			return nil
		}
	}
	last := len(forms) - 1
	return exit.Usagef("unknown output format %s", text.Quote(form)).
		Hintf("-o takes %s or %s", strings.Join(forms[:last], ", "), forms[last])
}
