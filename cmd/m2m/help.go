package main

import (
	"strings"

	"github.com/spf13/cobra"

	"m2m/internal/entra"
	"m2m/internal/exit"
)

const exitCodesHelp = `Every command ends with one of these:

    0  done; the token is believed; the answer is as expected
    1  unexpected
    2  usage, settings, a file that cannot be read
    3  the token is refused by verify, or the input is no token
    4  the identity provider refused (AADSTS...)
    5  could not tell: network, TLS, time-out, the identity provider answered 429 or 5xx or
       not in JSON, keys out of reach, a check that is not configured
    6  the HTTP status or another expectation of call is not met; a probe found a hole
    7  unverifiable by design: tokens for Microsoft Graph
  130  interrupted

With 1, 2 and 4 stdout is empty. With 3 it holds the report. With 5 it is empty except for
the reports of verify, of a suite and of a probe, and the part of a body that broke off.
With 6 it holds the body or the report.
Where several apply, 7 wins over 3 over 5, and for a suite and a probe 6 over 5.
serve --local -- COMMAND ends with the code of COMMAND.`

// helpTopics are the pages of help that belong to no command.
func helpTopics() []*cobra.Command {
	return []*cobra.Command{
		{Use: "environment", Short: "Every setting: its variable, its flag, where it may come from", Long: environmentHelp()},
		{Use: "exit-codes", Short: "What each exit code means", Long: exitCodesHelp},
	}
}

// helpCommand replaces cobra's, which says nothing and ends with 0 for a topic
// that does not exist. It also explains AADSTS codes.
func helpCommand() *cobra.Command {
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
				return exit.Usagef("there is no help about %q", strings.Join(args, " ")).
					Hint("m2m help lists the commands and topics")
			}
			found.InitDefaultHelpFlag()
			return found.Help()
		},
	}
}
