package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"m2m/internal/exit"
	"m2m/internal/local"
	"m2m/internal/tenant/fault"
	"m2m/internal/text"
)

// addCompletion adds cobra's completion command and makes it reject an unknown
// shell, for which cobra prints help and exits with 0.
func addCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() != "completion" {
			continue
		}
		cmd.GroupID, cmd.Short = otherGroup, "Print the completion script of a shell"
		cmd.Args = func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return exit.Usagef("no completion for the shell %s", Word(args[0])).
				Hint("the shells are bash, zsh, fish and powershell")
		}
		cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
}

// isCompleting reports whether a shell asks for completions.
func isCompleting(args []string) bool {
	return len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) // and the one without descriptions
}

// prepareCompletion gives every flag and argument without a completion of its own one
// that follows from its usage: the values that it lists, files where it names a PATH,
// else nothing, for which a shell offers files otherwise.
func prepareCompletion(env *Env, cmd *cobra.Command) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) { prepareFlag(env, cmd, f) })
	cmd.PersistentFlags().VisitAll(func(f *pflag.Flag) { prepareFlag(env, cmd, f) })
	if cmd.ValidArgsFunction == nil && cmd.ValidArgs == nil && !strings.Contains(cmd.Use, "COMMAND") {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	for _, below := range cmd.Commands() {
		prepareCompletion(env, below)
	}
}

func prepareFlag(env *Env, cmd *cobra.Command, f *pflag.Flag) {
	value, usage := pflag.UnquoteUsage(f)
	f.Usage = usage // without backquotes, which shells show
	if _, ok := cmd.GetFlagCompletionFunc(f.Name); ok {
		return
	}
	complete := cobra.NoFileCompletions
	values := listedValues(usage)
	switch {
	case f.Name == "as":
		complete = completeClients(env)
	case values != nil:
		complete = cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)
	case f.Name == "output-dir":
		complete = cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs)
	case strings.Contains(value, "PATH"), strings.Contains(value, "FILE"):
		complete = cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault)
	}
	_ = cmd.RegisterFlagCompletionFunc(f.Name, complete) // the flag exists and has none
}

// listedValues are those with which a usage ends: "the FORMAT: text or json".
func listedValues(usage string) []string {
	found := valueList().FindStringSubmatch(usage)
	if found == nil {
		return nil
	}
	return strings.Split(strings.Replace(found[1], " or ", ", ", 1), ", ")
}

var valueList = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`: ([a-z0-9-]+(?:, [a-z0-9-]+)* or [a-z0-9-]+)$`)
})

// Completion is a function that completes a value or an argument.
type Completion = cobra.CompletionFunc

// CompleteList completes the values that list returns, each with a tab and a description
// behind it or without. They are made when a shell asks for them.
func CompleteList(list func() []string) Completion {
	return func(_ *cobra.Command, _ []string, given string) ([]string, cobra.ShellCompDirective) {
		return WithPrefix(list(), given), cobra.ShellCompDirectiveNoFileComp
	}
}

// WithPrefix keeps the completions that begin as what is typed.
func WithPrefix(names []string, given string) []string {
	return slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, given) })
}

// CompleteFault completes a fault of the local tenant.
func CompleteFault() Completion { return CompleteList(fault.Examples) }

// CompleteFiles completes the names of files with one of the extensions, all for none,
// behind a prefix such as "@". A file without the prefix is left to other completions.
func CompleteFiles(prefix string, extensions ...string) Completion {
	return func(_ *cobra.Command, _ []string, given string) ([]string, cobra.ShellCompDirective) {
		path, ok := strings.CutPrefix(given, prefix)
		if !ok {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		folder, name := filepath.Split(path)
		entries, err := os.ReadDir(filepath.Clean(folder + "."))
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var names []string
		directive := cobra.ShellCompDirectiveNoFileComp
		for _, entry := range entries {
			switch {
			case !strings.HasPrefix(entry.Name(), name), name == "" && strings.HasPrefix(entry.Name(), "."):
			case entry.IsDir():
				names = append(names, prefix+folder+entry.Name()+"/")
				directive |= cobra.ShellCompDirectiveNoSpace
			case len(extensions) == 0, slices.Contains(extensions, filepath.Ext(entry.Name())):
				names = append(names, prefix+folder+entry.Name())
			}
		}
		return names, directive
	}
}

// completeClients completes the clients of the tenant file that --tenant-file names, or
// of the built-in tenant.
func completeClients(env *Env) Completion {
	return func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		path := ""
		if f := cmd.Flag("tenant-file"); f != nil {
			path = f.Value.String()
		}
		file, err := local.Tenants(path, env.ReadFile)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var names []string
		for _, tenant := range file.Tenants {
			for _, client := range tenant.Clients {
				if client.Name != "" {
					names = append(names, text.Printable(client.Name))
				} else {
					names = append(names, client.ID)
				}
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}
