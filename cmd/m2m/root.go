package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"m2m/internal/exit"
)

// globals are the flags that every command takes.
type globals struct {
	debug   bool
	noColor bool
	envFile string
	// started says that a command's own code has begun: an error before that is
	// a fault in the command line.
	started bool
	// jsonErrors is set by a command whose -o is json.
	jsonErrors bool
}

// app is one run of the command line: what is outside, and the global flags.
type app struct {
	*system
	globals
	out  *checkedWriter  // where data goes: stdout
	done <-chan struct{} // closed when a signal asks the process to end
}

// run executes the command line and returns the exit code.
func (sys *system) run(ctx context.Context) exit.Code {
	a := &app{system: sys, out: &checkedWriter{w: sys.stdout}, done: ctx.Done()}
	root := a.commandLine()
	root.SetArgs(sys.args)
	err := misspelt(root, sys.args)
	if err == nil {
		err = root.ExecuteContext(ctx)
	}
	switch {
	case a.out.err != nil:
		err = a.out.lost(err)
	case err != nil && !a.started && !errors.As(err, new(*exit.Error)):
		err = exit.Usagef("%v", err).Hint("see m2m --help").Wrap(err)
	}
	if !a.started {
		a.jsonErrors = asksForJSON(sys.args)
	}
	if cause := (exit.SignalError{}); err != nil && errors.As(context.Cause(ctx), &cause) && !errors.As(err, new(exit.Reported)) {
		err = cause // whatever else failed, failed because of it
	}
	if err != nil {
		a.report(err, a.jsonErrors)
	}
	return codeOf(err)
}

const rootLong = `Machine-to-machine calls secured by Microsoft Entra ID: acquire an app-only token,
find out why one is refused, call an API with it, and run a protected API. All of
it also works offline, against a local tenant.

  m2m serve --local -- m2m call /secure-data    the whole loop, with no Azure at all

  m2m token                                     a token on stdout, nothing else
  m2m token | m2m verify                        every check and claim of it
  m2m call https://api.example.com/orders       an answer, or why it was refused
  m2m serve                                     a protected API on port 8000

Settings come from flags, then --local, then the environment, then .env:
TENANT_ID, CLIENT_ID, CLIENT_SECRET and API_SCOPE are enough for all four commands.
"m2m help environment" lists them all, "m2m help exit-codes" what the exit codes mean.`

// commandLine makes what the arguments need: where they begin with the name of
// a command, that command alone. Making every flag of the others, for each run
// of m2m token in a loop, is a fair part of the time that it takes.
func (a *app) commandLine() *cobra.Command {
	if len(a.args) > 0 {
		if command, ok := a.commands()[a.args[0]]; ok {
			root := a.bareRoot()
			root.AddCommand(command())
			root.CompletionOptions.DisableDefaultCmd = true
			return root
		}
	}
	root := a.rootCommand()
	addCompletion(root)
	return root
}

// commands are the functions that make the commands, by name.
func (a *app) commands() map[string]func() *cobra.Command {
	return map[string]func() *cobra.Command{
		"token": a.tokenCommand, "verify": a.verifyCommand, "call": a.callCommand, "serve": a.serveCommand,
	}
}

// rootCommand makes the whole tree.
func (a *app) rootCommand() *cobra.Command {
	root := a.bareRoot()
	for _, name := range []string{"token", "verify", "call", "serve"} {
		root.AddCommand(a.commands()[name]())
	}
	root.AddCommand(helpTopics()...)
	root.SetHelpCommand(helpCommand())
	return root
}

// bareRoot makes m2m itself, with the flags that every command takes.
func (a *app) bareRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "m2m",
		Short:         "Machine-to-machine calls secured by Microsoft Entra ID",
		Long:          rootLong,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          unknownCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRun: func(*cobra.Command, []string) {
			a.started = true
		},
	}
	root.SetOut(a.out)
	root.SetErr(a.stderr)
	root.SetVersionTemplate("m2m {{.Version}}\n")
	root.SetFlagErrorFunc(flagError)
	root.SetUsageTemplate(usageTemplate)
	flags := root.PersistentFlags()
	flags.SortFlags = false
	flags.BoolVar(&a.debug, "debug", false, "trace on stderr what is asked of whom, and why; secrets and tokens are left out")
	flags.BoolVar(&a.noColor, "no-color", false, "never colour the output")
	flags.StringVar(&a.envFile, "env-file", "", "read settings from `PATH` in place of ./.env")
	return root
}

// addCompletion adds cobra's command, which shows its help and ends with 0 for
// a shell that it does not know.
func addCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() != "completion" {
			continue
		}
		cmd.Args = func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return exit.Usagef("there is no completion for the shell %s", word(args[0])).
				Hint("the shells are bash, zsh, fish and powershell")
		}
		cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
}

// misspelt refuses a first word that is no command even where --help follows,
// which cobra takes for a question about the root.
func misspelt(root *cobra.Command, args []string) error {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") || strings.HasPrefix(args[0], "__") || args[0] == "help" {
		return nil
	}
	if found, _, err := root.Find(args[:1]); err == nil && found != root {
		return nil
	}
	return unknownCommand(root, args[:1])
}

// unknownCommand refuses a word that is no command and names the nearest ones.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hints := []string{"m2m --help lists the commands"}
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hints = []string{"did you mean " + strings.Join(near, " or ") + "?"}
	}
	return exit.Usagef("there is no command %s", word(args[0])).Hint(hints...)
}

// flagError says which flag is wrong and where its command's flags are listed.
func flagError(cmd *cobra.Command, err error) error {
	return exit.Usagef("%v", err).Hintf("see %s --help", cmd.CommandPath()).Wrap(err)
}

// noArguments refuses what is left on the command line of a command that takes
// only flags.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return exit.Usagef("%s takes no argument, but was given %s", cmd.CommandPath(), word(args[0])).
		Hintf("see %s --help", cmd.CommandPath())
}

// word quotes an argument for a message if it is a short plain word. Anything
// else may be a token or a secret that was pasted in the wrong place.
func word(argument string) string {
	if regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,11}$`).MatchString(argument) {
		return fmt.Sprintf("%q", argument)
	}
	return fmt.Sprintf("(%d bytes, not shown: it may be a secret)", len(argument))
}

// checkedWriter remembers the first failure to write, so that a full disk or a
// closed pipe is not taken for success.
type checkedWriter struct {
	w   io.Writer
	err error
}

func (c *checkedWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	if err != nil && c.err == nil {
		c.err = err
	}
	return n, err
}

// lost is the error of a command whose output is not all there, whatever else
// became of it. Its own error is told beside that, unless it is the same one, or
// relies on the output to have told it.
func (c *checkedWriter) lost(own error) error {
	lost := exit.Errorf(exit.Unexpected, "the output could not be written: %v", exit.RootCause(c.err)).
		Hint("do not use what was written: it is not all").
		Wrap(c.err)
	if own != nil && !errors.Is(own, c.err) && !errors.As(own, new(exit.Reported)) {
		lost.Addf("%v", own).Hint(exit.HintsOf(own)...)
	}
	return lost
}
