package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"m2m/internal/settings"
	"m2m/internal/text"
)

// printHelp prints the page of a command: what it is, examples, commands, flags. It
// is laid out for the terminal that it goes to; elsewhere a flag takes one line.
func printHelp(p Page, cmd *cobra.Command) {
	section := func(heading, body string) {
		if body != "" {
			fmt.Fprintf(p, "\n%s\n%s\n", p.Bold(heading+":"), text.Reflow(strings.TrimRight(body, "\n"), p.Width))
		}
	}
	fmt.Fprintln(p, text.Reflow(strings.TrimSpace(cmd.Long), p.Width))
	section("Examples", cmd.Example)
	if cmd.Runnable() && cmd.HasParent() && !isGroup(cmd) {
		section("Usage", "  "+cmd.UseLine())
	}
	for _, group := range commandGroups(cmd) {
		section(group.heading, group.body)
	}
	if cmd.IsAdditionalHelpTopicCommand() {
		return
	}
	for _, group := range FlagSections(cmd) {
		section(group.Heading, group.Flags.FlagUsages())
	}
	section("Flags of every command", "  -h, --help            print this page\n"+cmd.Root().PersistentFlags().FlagUsages())
	section("More help", moreHelp(cmd))
}

// isGroup reports whether a command only groups those below it.
func isGroup(cmd *cobra.Command) bool {
	return cmd.HasAvailableSubCommands() && !strings.Contains(cmd.Use, " ")
}

// helpSection is a part of a help page.
type helpSection struct{ heading, body string }

// AddCommands adds commands that help lists in this order; cobra alone sorts them.
func AddCommands(to *cobra.Command, commands ...*cobra.Command) {
	for _, cmd := range commands {
		if cmd.Annotations == nil {
			cmd.Annotations = map[string]string{}
		}
		cmd.Annotations[positionAnnotation] = fmt.Sprintf("%03d", len(to.Commands()))
		to.AddCommand(cmd)
	}
}

const positionAnnotation = "m2m_position"

// InOrder sorts commands as they were added.
func InOrder(commands []*cobra.Command) []*cobra.Command {
	return slices.SortedStableFunc(slices.Values(commands), func(a, b *cobra.Command) int {
		return strings.Compare(a.Annotations[positionAnnotation], b.Annotations[positionAnnotation])
	})
}

// commandGroups lists the commands below cmd under their headings.
func commandGroups(cmd *cobra.Command) (sections []helpSection) {
	headings := []string{""}
	for _, group := range cmd.Groups() {
		headings = append(headings, group.ID)
	}
	for _, heading := range headings {
		var lines []string
		for _, c := range InOrder(cmd.Commands()) {
			if (c.IsAvailableCommand() || c.Name() == "help") && c.GroupID == heading {
				lines = append(lines, fmt.Sprintf("  %-12s%s", c.Name(), c.Short))
			}
		}
		if lines != nil {
			if heading == "" {
				heading = "Commands"
			}
			sections = append(sections, helpSection{heading, strings.Join(lines, "\n")})
		}
	}
	return sections
}

// sharedFlags are the groups of flags that several commands have, in the order of
// their help pages. The other flags of a command come before them.
func sharedFlags() []flagGroup {
	acquisition := []string{
		"token-file", "no-token", "min-ttl", "refresh", "no-cache", "clear-cache", "claims", "region", "agent", "timeout", "mask",
	}
	setting := func(which ...settings.Setting) (names []string) {
		for _, row := range settings.Rows {
			if slices.Contains(which, row.Setting) {
				names = append(names, row.FlagNames()...)
			}
		}
		return names
	}
	return []flagGroup{
		{"Request", []string{"request", "header", "data", "json", "location", "retry", "insecure-http", "print-curl"}},
		{"Expectations", []string{"expect", "expect-header", "expect-body", "expect-jq", "max-time"}},
		{"Token", acquisition},
		{"Tenant and API", append([]string{"local", "as"}, setting(append(settings.AuthorityFlags, settings.Scope)...)...)},
		{"Client and its credential", setting(settings.CredentialFlags...)},
		{"Who may call", append(setting(settings.PolicyFlags...),
			"require-all", "client", "allow-user", "any-audience", "any-tenant", "leeway")},
	}
}

// flagGroup is a heading and the flags, without dashes, that stand below it.
type flagGroup struct {
	heading string
	names   []string
}

// FlagSection is a heading and the flags below it.
type FlagSection struct {
	Heading string
	Flags   *pflag.FlagSet
}

// FlagSections lists the flags of a command under their headings, in the order of help,
// without those of every command.
func FlagSections(cmd *cobra.Command) (sections []FlagSection) {
	shared := sharedFlags()
	sets := make([]*pflag.FlagSet, len(shared)+1) // the first has the flags that no group names
	for i := range sets {
		sets[i] = pflag.NewFlagSet("", pflag.ContinueOnError)
		sets[i].SortFlags = false
	}
	own := cmd.LocalNonPersistentFlags()
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if own.Lookup(f.Name) == nil || f.Name == "help" {
			return
		}
		at := slices.IndexFunc(shared, func(g flagGroup) bool { return slices.Contains(g.names, f.Name) })
		sets[at+1].AddFlag(f)
	})
	for i, set := range sets {
		heading := "Flags"
		if i > 0 {
			heading = shared[i-1].heading
		}
		if set.HasAvailableFlags() {
			sections = append(sections, FlagSection{heading, set})
		}
	}
	return sections
}

// moreHelp names the pages of help that belong to no command, on the page of the root.
func moreHelp(cmd *cobra.Command) string {
	if cmd.HasParent() {
		return ""
	}
	var lines []string
	for _, c := range cmd.Commands() {
		if c.IsAdditionalHelpTopicCommand() {
			lines = append(lines, fmt.Sprintf("  %-22s%s", "m2m help "+c.Name(), c.Short))
		}
	}
	lines = append(lines, fmt.Sprintf("  %-22s%s", "m2m help AADSTS...", "what an error code of Entra means"),
		fmt.Sprintf("  %-22s%s", "m2m COMMAND --help", "examples and flags of a command"))
	return strings.Join(lines, "\n")
}
