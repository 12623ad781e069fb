package helpcmd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"m2m/internal/cli"
	"m2m/internal/entra"
	"m2m/internal/exit"
	"m2m/internal/text"
)

// NewVersion makes m2m version.
func NewVersion(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Long:    "Prints the version of m2m, the commit of a build from source, and the version of Go.",
		Example: "  m2m version",
		Args:    cli.NoArguments,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(env.Out, "m2m "+cli.Version())
			return err
		},
	}
}

// New makes m2m help, which also explains AADSTS codes. Cobra's own exits with 0 for a
// topic that does not exist.
func New(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "help [command | topic | error]",
		Short: "Help about a command, a topic or an error",
		Long:  "Prints the help page of a command or a topic, or what an error of Entra, an API or a gateway means.",
		Example: `  m2m help token              about a command
  m2m help environment        about a topic: environment, exit-codes
  m2m help AADSTS7000215      the meaning of an error code, and what to do
  m2m help ForbiddenByRbac    the same for an error of an API; 'Graph 40001' names the service
  m2m help errors             which errors of APIs are known`,
		ValidArgsFunction: func(cmd *cobra.Command, args []string, given string) ([]string, cobra.ShellCompDirective) {
			names := commandNames(cmd.Root(), args)
			if len(args) == 0 {
				names = append(names, errorsTopic+"\tWhich errors of APIs are explained")
			}
			if len(args) == 0 && (strings.HasPrefix(strings.ToUpper(given), "A") || given != "" && strings.Trim(given, "0123456789") == "") {
				names = append(names, codes(given)...)
			}
			return cli.WithPrefix(names, given), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				if code, ok := entra.ParseAADSTS(args[0]); ok {
					return explainAADSTS(env, code)
				}
			}
			if len(args) == 1 && args[0] == errorsTopic {
				listErrors(env.Page())
				return nil
			}
			found, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				if areCommands(cmd.Root(), args) {
					return exit.Usagef("m2m help takes one command at a time, but was given %s", text.Quote(strings.Join(args, " "))).
						Hint("run: m2m help " + args[0])
				}
				if explainErrors(env.Page(), strings.Join(args, " ")) {
					return nil
				}
				return exit.Usagef("no help about %s", text.Quote(strings.Join(args, " "))).
					Hint(cli.HelpHint(cmd.Root(), args))
			}
			found.InitDefaultHelpFlag()
			return found.Help()
		},
	}
}

// areCommands reports whether each of some words is the name of a command.
func areCommands(root *cobra.Command, words []string) bool {
	return !slices.ContainsFunc(words, func(word string) bool {
		found, _, err := root.Find([]string{word})
		return err != nil || found == root
	})
}

// commandNames are the commands and topics below the one that args name, for completion.
func commandNames(root *cobra.Command, args []string) (names []string) {
	found, rest, err := root.Find(args)
	if err != nil || len(rest) > 0 {
		return nil
	}
	for _, cmd := range cli.InOrder(found.Commands()) {
		if !cmd.Hidden { // as cobra's own for completion is
			names = append(names, cmd.Name()+"\t"+cmd.Short)
		}
	}
	return names
}

// codes are the AADSTS codes that can be explained, written as the given beginning is.
func codes(given string) (names []string) {
	prefix := "AADSTS"
	if given[0] >= '0' && given[0] <= '9' {
		prefix = ""
	}
	for _, entry := range entra.KnownAADSTS() {
		names = append(names, fmt.Sprintf("%s%d\t%s", prefix, entry.Code, entry.Name))
	}
	return names
}
