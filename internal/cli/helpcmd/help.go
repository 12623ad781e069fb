package helpcmd

import (
	"strings"

	"github.com/spf13/cobra"

	"m2m/internal/entra"
	"m2m/internal/exit"
	"m2m/internal/text"
)

// New makes m2m help, which also explains AADSTS codes. Cobra's own exits with 0 for a
// topic that does not exist.
func New() *cobra.Command {
	return &cobra.Command{
		Use:   "help [command | topic | AADSTS code]",
		Short: "Help about a command, a topic or an AADSTS code",
		Long: `m2m help token              about a command
m2m help environment        about a topic: environment, exit-codes
m2m help AADSTS7000215      what an error of Entra's means and what to do about it`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				if code, ok := entra.ParseAADSTS(args[0]); ok {
					return explainAADSTS(cmd, code)
				}
			}
			found, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return exit.Usagef("there is no help about %s", text.Quote(strings.Join(args, " "))).
					Hint("m2m help lists the commands and topics")
			}
			found.InitDefaultHelpFlag()
			return found.Help()
		},
	}
}
