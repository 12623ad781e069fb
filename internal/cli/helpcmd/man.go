package helpcmd

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"m2m/internal/cli"
	"m2m/internal/exit"
	"m2m/internal/text"
)

// NewMan makes m2m man. The pages are written here and not with cobra/doc: the packages
// that it needs cost every start of m2m more than all else.
func NewMan(env *cli.Env) *cobra.Command {
	var folder string
	cmd := &cobra.Command{
		Use:   "man [COMMAND...]",
		Short: "Print a man page, or write all of them",
		Long: `Prints the man page of a command, or of m2m itself, on stdout. --output-dir writes the pages
of all commands into a folder that exists, for packages.`,
		Example: `  m2m man token | man -l -                        read a page
  m2m man --output-dir /usr/local/share/man/man1  install all pages`,
		ValidArgsFunction: func(cmd *cobra.Command, args []string, given string) ([]string, cobra.ShellCompDirective) {
			return cli.WithPrefix(commandNames(cmd.Root(), args), given), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := cli.CheckFilled(cmd.Flags()); err != nil {
				return err
			}
			if folder != "" {
				return writePages(env, cmd.Root(), args, folder)
			}
			found, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 || found.IsAdditionalHelpTopicCommand() {
				return exit.Usagef("no man page about %s", text.QuoteGiven(strings.Join(args, " "))).Hint("m2m help lists the commands")
			}
			_, err = fmt.Fprint(env.Out, manPage(found))
			return err
		},
	}
	cmd.Flags().StringVar(&folder, "output-dir", "", "write the pages of all commands into the folder `PATH`")
	return cmd
}

// writePages writes a page for each command.
func writePages(env *cli.Env, root *cobra.Command, args []string, folder string) error {
	if len(args) > 0 {
		return exit.Usagef("--output-dir writes all pages, and takes no command").Hint("leave out " + cli.Word(args[0]))
	}
	pages := pagesOf(root)
	for _, cmd := range pages {
		to, err := cli.OpenDestinationOf(env, "--output-dir", filepath.Join(folder, pageName(cmd)+".1"), 0)
		if err != nil {
			return err
		}
		_, err = fmt.Fprint(to, manPage(cmd))
		if err := to.End(err); err != nil {
			return err
		}
	}
	env.Say("wrote %s to %s", text.Plural(len(pages), "man page"), text.Printable(folder))
	return nil
}

// pagesOf lists a command and those below it that have a page.
func pagesOf(cmd *cobra.Command) []*cobra.Command {
	if cmd.IsAdditionalHelpTopicCommand() {
		return nil
	}
	list := []*cobra.Command{cmd}
	for _, below := range cli.InOrder(cmd.Commands()) {
		list = append(list, pagesOf(below)...)
	}
	return list
}

func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// manPage is the page of a command in the language of man(7).
func manPage(cmd *cobra.Command) string {
	var b strings.Builder
	version, _, _ := strings.Cut(cli.Version(), " ")
	fmt.Fprintf(&b, ".TH %s 1 \"\" \"m2m %s\" \"m2m\"\n", strings.ToUpper(pageName(cmd)), roff(version))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", roff(pageName(cmd)), roff(cmd.Short))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\n", roff(cmd.UseLine()))
	b.WriteString(".SH DESCRIPTION\n" + paragraphs(cmd.Long))
	if cmd.Example != "" {
		b.WriteString(".SH EXAMPLES\n.nf\n" + lines(cmd.Example) + ".fi\n")
	}
	if cmd.HasAvailableSubCommands() {
		b.WriteString(".SH COMMANDS\n")
		for _, below := range cli.InOrder(cmd.Commands()) {
			if !below.IsAdditionalHelpTopicCommand() {
				fmt.Fprintf(&b, ".TP\n.BR %s (1)\n%s\n", roff(pageName(below)), roff(below.Short))
			}
		}
	}
	for _, section := range cli.FlagSections(cmd) {
		fmt.Fprintf(&b, ".SH %s\n", strings.ToUpper(roff(section.Heading)))
		section.Flags.VisitAll(func(f *pflag.Flag) { b.WriteString(flagEntry(f)) })
	}
	b.WriteString(".SH FLAGS OF EVERY COMMAND\n")
	cmd.Root().PersistentFlags().VisitAll(func(f *pflag.Flag) { b.WriteString(flagEntry(f)) })
	b.WriteString(".SH EXIT STATUS\n.nf\n" + lines(ExitCodes) + ".fi\n")
	if cmd.HasParent() {
		fmt.Fprintf(&b, ".SH SEE ALSO\n.BR %s (1)\n", roff(pageName(cmd.Parent())))
	}
	return b.String()
}

// flagEntry is a flag with its value and what it does.
func flagEntry(f *pflag.Flag) string {
	value, usage := pflag.UnquoteUsage(f)
	name := `\fB` + roff("--"+f.Name) + `\fR`
	if f.Shorthand != "" {
		name = `\fB` + roff("-"+f.Shorthand) + `\fR, ` + name
	}
	if value != "" {
		name += ` \fI` + roff(value) + `\fR`
	}
	if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" && f.DefValue != "0" && f.DefValue != "0s" {
		usage += " (default " + f.DefValue + ")"
	}
	return ".TP\n" + name + "\n" + roff(usage) + "\n"
}

// paragraphs are filled; lines with white space in front stay as they are.
func paragraphs(s string) string {
	var b strings.Builder
	fixed := false
	for line := range strings.SplitSeq(strings.TrimSpace(s), "\n") {
		isFixed := strings.HasPrefix(line, " ")
		switch {
		case isFixed && !fixed:
			b.WriteString(".nf\n")
		case !isFixed && fixed:
			b.WriteString(".fi\n")
		}
		fixed = isFixed
		if line == "" {
			b.WriteString(".PP\n")
			continue
		}
		b.WriteString(roff(line) + "\n")
	}
	if fixed {
		b.WriteString(".fi\n")
	}
	return b.String()
}

// lines are printed as they are.
func lines(s string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(strings.TrimRight(s, "\n"), "\n") {
		b.WriteString(roff(line) + "\n")
	}
	return b.String()
}

// roff escapes a text: backslashes, hyphens, which man would make typographic, and a
// first character that would make the line a request.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", "\\(ga", "^", `\(ha`, "~", `\(ti`).Replace(s)
	if strings.HasPrefix(s, ".") {
		s = `\&` + s
	}
	return s
}
