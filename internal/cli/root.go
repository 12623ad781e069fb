package cli

import (
	"cmp"
	"context"
	"errors"
	"runtime/debug"
	"sync"

	"github.com/spf13/cobra"

	"m2m/internal/exit"
	"m2m/internal/text"
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
	env.globals, env.JSONErrors, env.Verbose, env.started = globals{}, false, false, false
	env.misplaced = sync.OnceValue(func() *text.Hidden { return misplaced(env) })
	root := commandLine(env, commands)
	all := func() *cobra.Command { return Root(env, commands) }
	root.SetArgs(env.Args)
	prepareFlags(root)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return flagError(cmd, err, env.Args, all)
	})
	err := misspelt(root, env.Args, all)
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
	env.holdNotes = false
	if err == nil || errors.As(err, new(exit.Reported)) {
		for _, note := range env.notes {
			env.Say("%s", note)
		}
	} else {
		env.report(err, env.JSONErrors)
	}
	return CodeOf(err)
}

const rootLong = `Machine-to-machine calls secured by Microsoft Entra ID: acquire an app-only token, call
an API with it, find out why one is rejected, and run a protected API. All of it also
works offline, against a local tenant.

    token -> call -> 401/403 -> why -> fix

Settings come from flags, then --local, then the environment, then .env:
TENANT_ID, CLIENT_ID, CLIENT_SECRET and API_SCOPE are enough to start with.`

const rootExamples = `  m2m serve --local -- m2m call /secure-data    the whole loop, without Azure

  m2m token                                     a token on stdout, nothing else
  m2m token | m2m verify                        every check and claim of it
  m2m call https://api.example.com/orders       a response, or why it was rejected
  m2m serve                                     a protected API on port 8000`

// commandLine makes the command that the first argument names, and the whole tree
// if it names none or one that needs all. The flags of all commands take a good part
// of the time in which m2m token answers from its cache.
func commandLine(env *Env, commands Commands) *cobra.Command {
	if len(env.Args) == 1 && env.Args[0] == "--version" {
		return bareRoot(env)
	}
	if len(env.Args) > 0 {
		for _, command := range commands.List {
			if command.Name == env.Args[0] && !command.NeedsAll {
				root := bareRoot(env)
				root.AddCommand(command.New(env))
				root.CompletionOptions.DisableDefaultCmd = true
				return root
			}
		}
	}
	root := Root(env, commands)
	if isCompleting(env.Args) {
		prepareCompletion(env, root)
	}
	return root
}

// Commands are the commands and help pages of m2m, made when they are needed.
type Commands struct {
	List   []Command               // in the order in which help lists them
	Topics func() []*cobra.Command // pages of help that belong to no command
	Help   func(*Env) *cobra.Command
}

// Command makes a command of this name.
type Command struct {
	Name string
	New  func(*Env) *cobra.Command
	// Group is the heading under which help lists the command.
	Group string
	// NeedsAll says that the command looks at all others.
	NeedsAll bool
}

// otherGroup is the heading of the commands without a Group.
const otherGroup = "Other commands"

// Root makes the root command with every command below it.
func Root(env *Env, commands Commands) *cobra.Command {
	root := bareRoot(env)
	add := func(cmd *cobra.Command, group string) {
		if group == "" {
			group = otherGroup
		}
		if !root.ContainsGroup(group) {
			root.AddGroup(&cobra.Group{ID: group, Title: group})
		}
		cmd.GroupID = group
		AddCommands(root, cmd)
	}
	for _, command := range commands.List {
		add(command.New(env), command.Group)
	}
	if commands.Topics != nil {
		root.AddCommand(commands.Topics()...)
	}
	if commands.Help != nil {
		help := commands.Help(env)
		root.SetHelpCommand(help)
		add(help, "")
	}
	addCompletion(root)
	return root
}

// bareRoot makes the root command alone, with the flags of every command.
func bareRoot(env *Env) *cobra.Command {
	root := &cobra.Command{
		Use:           "m2m",
		Short:         "Machine-to-machine calls secured by Microsoft Entra ID",
		Long:          rootLong,
		Example:       rootExamples,
		Version:       Version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          unknownCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, args []string) error {
			if err := cmp.Or(checkFlagGroups(cmd), checkPathFlags(cmd), checkStdin(cmd, args)); err != nil {
				return err
			}
			if err := env.readSettings(); err != nil {
				return err
			}
			env.JSONErrors = cmd.Flags().Lookup("output") != nil && cmd.Flag("output").Value.String() == "json"
			env.holdNotes = env.JSONErrors && cmd.Name() != "serve" && cmd.Name() != "run"
			env.started = true
			return nil
		},
	}
	root.SetOut(env.Out)
	root.SetErr(env.Stderr)
	root.SetVersionTemplate("m2m {{.Version}}\n")
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { printHelp(env.Page(), cmd) })
	flags := root.PersistentFlags()
	flags.SortFlags = false
	flags.BoolVar(&env.Debug, "debug", false, "log requests and decisions to stderr, secrets removed")
	env.Color = ColorAuto
	flags.Var(&env.Color, "color", "colour the output: auto, always or never")
	flags.StringVar(&env.EnvFile, "env-file", "", "read settings from `PATH` instead of ./.env")
	return root
}

// Group makes a command that only groups those below it.
func Group(name, short, long, examples string) *cobra.Command {
	return &cobra.Command{
		Use: name, Short: short, Long: long, Example: examples,
		Args: unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
}

// unknownCommand rejects an argument that is not a command.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return unknownCommandError(cmd, args)
}

// Version returns the module's version, or the commit of a build from a work tree,
// and the version of Go, as the go command wrote them into the binary.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	version := info.Main.Version
	if version == "" || version == "(devel)" {
		version = "development"
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	if revision := settings["vcs.revision"]; len(revision) >= 12 {
		version += " (" + revision[:12]
		if settings["vcs.modified"] == "true" {
			version += ", modified"
		}
		version += ")"
	}
	return version + " " + info.GoVersion
}
