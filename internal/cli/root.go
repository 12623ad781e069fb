package cli

import (
	"context"
	"errors"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"m2m/internal/exit"
)

// Main runs the command line of a process, until it ends or a signal ends it,
// and returns the exit code.
func Main(env *Env, commands Commands) exit.Code {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	env.Signals = listenForSignals(cancel)
	return Run(ctx, env, commands)
}

// Run executes env.Args and returns the exit code. It reports an error on
// env.Stderr.
func Run(ctx context.Context, env *Env, commands Commands) exit.Code {
	env.Out, env.Done = &Output{w: env.Stdout}, ctx.Done()
	env.globals, env.JSONErrors, env.started = globals{}, false, false
	root := commandLine(env, commands)
	root.SetArgs(env.Args)
	err := misspelt(root, env.Args)
	if err == nil {
		err = root.ExecuteContext(ctx)
	}
	switch {
	case env.Out.Err != nil:
		err = env.Out.lost(err)
	case err != nil && !env.started && !errors.As(err, new(*exit.Error)):
		err = exit.Usagef("%v", err).Hint("see m2m --help").Wrap(err)
	}
	if !env.started {
		env.JSONErrors = asksForJSON(env.Args)
	}
	if cause := (exit.SignalError{}); err != nil && errors.As(context.Cause(ctx), &cause) && !errors.As(err, new(exit.Reported)) {
		err = cause // other errors are consequences of the signal
	}
	if err != nil {
		env.report(err, env.JSONErrors)
	}
	return CodeOf(err)
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

// commandLine makes the command that the first argument names, and the whole tree
// if it names none. The flags of all commands take a good part of the time in
// which m2m token answers from its cache.
func commandLine(env *Env, commands Commands) *cobra.Command {
	if len(env.Args) > 0 {
		for _, command := range commands.List {
			if command.Name == env.Args[0] {
				root := bareRoot(env)
				root.AddCommand(command.New(env))
				root.CompletionOptions.DisableDefaultCmd = true
				return root
			}
		}
	}
	root := Root(env, commands)
	addCompletion(root)
	return root
}

// Commands are the commands and help pages of m2m, made when they are needed.
type Commands struct {
	List   []Command               // in the order in which help lists them
	Topics func() []*cobra.Command // pages of help that belong to no command
	Help   func() *cobra.Command
}

// Command makes a command of this name.
type Command struct {
	Name string
	New  func(*Env) *cobra.Command
}

// Root makes the root command with every command below it.
func Root(env *Env, commands Commands) *cobra.Command {
	root := bareRoot(env)
	for _, command := range commands.List {
		root.AddCommand(command.New(env))
	}
	root.AddCommand(commands.Topics()...)
	root.SetHelpCommand(commands.Help())
	return root
}

// bareRoot makes the root command alone, with the flags of every command.
func bareRoot(env *Env) *cobra.Command {
	root := &cobra.Command{
		Use:           "m2m",
		Short:         "Machine-to-machine calls secured by Microsoft Entra ID",
		Long:          rootLong,
		Version:       Version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          unknownCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRun: func(*cobra.Command, []string) {
			env.started = true
		},
	}
	root.SetOut(env.Out)
	root.SetErr(env.Stderr)
	root.SetVersionTemplate("m2m {{.Version}}\n")
	root.SetFlagErrorFunc(flagError)
	root.SetUsageTemplate(usageTemplate)
	flags := root.PersistentFlags()
	flags.SortFlags = false
	flags.BoolVar(&env.Debug, "debug", false, "trace on stderr what is asked of whom, and why; secrets and tokens are left out")
	env.Color = ColorAuto
	flags.Var(&env.Color, "color", "colour the output: auto, always or never")
	flags.StringVar(&env.EnvFile, "env-file", "", "read settings from `PATH` in place of ./.env")
	return root
}

// usageTemplate is cobra's with our headings. It has no examples: the long text of
// each command begins with them.
const usageTemplate = `Usage:
{{- if and .Runnable .HasParent}}
  {{.UseLine}}{{end}}{{if .HasAvailableSubCommands}}
  {{.CommandPath}} [command]{{end}}{{if .HasAvailableSubCommands}}

Commands:{{range .Commands}}{{if (or .IsAvailableCommand (eq .Name "help"))}}
  {{rpad .Name .NamePadding }} {{.Short}}{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}

Flags:
{{.LocalFlags.FlagUsagesWrapped 100 | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableInheritedFlags}}

Flags of every command:
{{.InheritedFlags.FlagUsagesWrapped 100 | trimTrailingWhitespaces}}{{end}}{{if .HasHelpSubCommands}}

More help:{{range .Commands}}{{if .IsAdditionalHelpTopicCommand}}
  {{rpad (printf "m2m help %s" .Name) 21}} {{.Short}}{{end}}{{end}}
  m2m help AADSTS...    What an error code of Entra's means{{end}}{{if .HasAvailableSubCommands}}

"{{.CommandPath}} [command] --help" tells more about a command.{{end}}
`

// addCompletion adds cobra's completion command and makes it reject an unknown
// shell, for which cobra prints help and exits with 0.
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
			return exit.Usagef("there is no completion for the shell %s", Word(args[0])).
				Hint("the shells are bash, zsh, fish and powershell")
		}
		cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
}

// misspelt rejects a first argument that is not a command also where --help
// follows: cobra prints the help of the root then.
func misspelt(root *cobra.Command, args []string) error {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") || strings.HasPrefix(args[0], "__") || args[0] == "help" {
		return nil
	}
	if found, _, err := root.Find(args[:1]); err == nil && found != root {
		return nil
	}
	return unknownCommand(root, args[:1])
}

// unknownCommand rejects an argument that is not a command, and names the nearest.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hints := []string{"m2m --help lists the commands"}
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hints = []string{"did you mean " + strings.Join(near, " or ") + "?"}
	}
	return exit.Usagef("there is no command %s", Word(args[0])).Hint(hints...)
}

// flagError is the error of a flag that pflag rejects.
func flagError(cmd *cobra.Command, err error) error {
	return exit.Usagef("%v", err).Hintf("see %s --help", cmd.CommandPath()).Wrap(err)
}

// Version returns the module's version, or the commit of a build from a work tree,
// and the version of Go, as the go command wrote them into the binary.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	text := info.Main.Version
	if text == "" || text == "(devel)" {
		text = "development"
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	if revision := settings["vcs.revision"]; len(revision) >= 12 {
		text += " (" + revision[:12]
		if settings["vcs.modified"] == "true" {
			text += ", modified"
		}
		text += ")"
	}
	return text + " " + info.GoVersion
}
