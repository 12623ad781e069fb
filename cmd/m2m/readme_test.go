package main

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"m2m/internal/cli"
	"m2m/internal/cli/helpcmd"
	"m2m/internal/settings"
)

const readme = "../../README.md"

// TestReadmeTables holds the README's tables of flags and settings against the
// program. UPDATE_README=1 writes them.
func TestReadmeTables(t *testing.T) {
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	want := text
	for name, table := range map[string]string{"flags": flagTables(t), "settings": settingsTable(),
		"exit codes": helpcmd.ExitCodes} {
		want = replaceBlock(t, want, name, table)
	}
	if os.Getenv("UPDATE_README") != "" {
		if err := os.WriteFile(readme, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(want), string(text)); diff != "" {
		t.Errorf("README.md differs from the program; UPDATE_README=1 go test ./cmd/m2m -run ReadmeTables writes it (-want +got):\n%s", diff)
	}
}

// replaceBlock puts a table between the markers that name it.
func replaceBlock(t *testing.T, text []byte, name, table string) []byte {
	t.Helper()
	begin := []byte("<!-- " + name + ": written by the tests -->\n")
	end := []byte("<!-- end of " + name + " -->")
	head, rest, ok := bytes.Cut(text, begin)
	_, tail, closed := bytes.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("README.md has no block %q", name)
	}
	if name == "exit codes" {
		table = "```\n" + table + "\n```\n"
	}
	return slices.Concat(head, begin, []byte(table), end, tail)
}

func flagTables(t *testing.T) string {
	t.Helper()
	root := cli.Root(&cli.Env{}, commands)
	var b strings.Builder
	for _, cmd := range ownCommands(root) {
		if cmd.LocalNonPersistentFlags().HasAvailableFlags() {
			fmt.Fprintf(&b, "#### `%s`\n\n%s\n", cmd.CommandPath(), flagTable(cmd.LocalNonPersistentFlags()))
		}
	}
	fmt.Fprintf(&b, "#### Every command\n\n%s", flagTable(root.PersistentFlags()))
	return b.String()
}

// everyCommand lists a command and those below it.
func everyCommand(cmd *cobra.Command) []*cobra.Command {
	list := []*cobra.Command{cmd}
	for _, below := range cmd.Commands() {
		list = append(list, everyCommand(below)...)
	}
	return list
}

func flagTable(flags *pflag.FlagSet) string {
	var b strings.Builder
	b.WriteString("| flag | |\n|---|---|\n")
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		argument, usage := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", strings.TrimSpace(name+" "+argument), strings.ReplaceAll(usage, "|", `\|`))
	})
	return b.String()
}

func settingsTable() string {
	var b strings.Builder
	b.WriteString("| setting | names | flags | |\n|---|---|---|---|\n")
	code := func(prefix string, names []string) string {
		var quoted []string
		for _, name := range names {
			quoted = append(quoted, "`"+prefix+name+"`")
		}
		return strings.Join(quoted, " ")
	}
	for _, row := range settings.Rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", row.Setting, code("", row.Variables), code("--", row.FlagNames()),
			row.Help)
	}
	return b.String()
}

// TestHelpPages: every command says what it is and has examples of itself, and no
// line is wider than help is wrapped at.
func TestHelpPages(t *testing.T) {
	root := cli.Root(&cli.Env{}, commands)
	for _, cmd := range ownCommands(root) {
		if cmd.Short == "" || cmd.Long == "" {
			t.Errorf("the help of %q does not say what it is", cmd.CommandPath())
		}
		if cmd.Runnable() && !strings.Contains(cmd.Example, cmd.CommandPath()) {
			t.Errorf("the help of %q has no example of it", cmd.CommandPath())
		}
		for line := range strings.Lines(cmd.Long + "\n" + cmd.Example) {
			if len(line) > 101 && !cmd.IsAdditionalHelpTopicCommand() { // whose rows are laid out
				t.Errorf("the help of %q has a line of %d columns: %q", cmd.CommandPath(), len(line), line)
			}
		}
	}
}

// ownCommands are all commands and topics except cobra's completion.
func ownCommands(root *cobra.Command) []*cobra.Command {
	return slices.DeleteFunc(everyCommand(root), func(cmd *cobra.Command) bool {
		return strings.HasPrefix(cmd.CommandPath(), "m2m completion")
	})
}
