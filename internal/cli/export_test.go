package cli

import (
	"strings"

	"github.com/spf13/cobra"
)

// FlagGuess and CommandGuess are rows of the tables of guesses, for the tests.
type (
	FlagGuess    = flagGuess
	CommandGuess = commandGuess
)

// The tables.
var (
	FlagGuesses    = flagGuesses
	CommandGuesses = commandGuesses
	Exists         = exists

	PrepareFlags = prepareFlags
)

// Lines are the command lines with each guess of the row, and the values in them.
func (g flagGuess) Lines(commands []*cobra.Command) (lines [][]string, value string) {
	value = "5"
	switch {
	case g.isSecret:
		value = "hunter2Zx"
	case strings.Contains(g.use, "--color"):
		value = "never"
	}
	for _, command := range commands {
		if !g.fits(command) || g.on == "" && len(lines) > 2*len(strings.Fields(g.names)) {
			continue
		}
		for _, name := range strings.Fields(g.names) {
			if found, ok := guessFlag(command, name); !ok || found != g {
				continue // an earlier row has it
			}
			dashes := "--"
			if len(name) == 1 {
				dashes = "-"
			}
			line := append(strings.Fields(command.CommandPath())[1:], dashes+name)
			if g.hasValue || strings.Contains(g.use, "VALUE") {
				line = append(line, value)
			}
			lines = append(lines, line)
		}
	}
	return lines, value
}

// IsSecret reports whether the value of the flag is never repeated.
func (g flagGuess) IsSecret() bool { return g.isSecret }

// Lines are the command lines with each guess of the row.
func (g commandGuess) Lines() (lines [][]string) {
	for _, word := range strings.Fields(g.words) {
		line := append(strings.Fields(g.under), word)
		if g.withMore {
			line = append(line, "x")
		}
		lines = append(lines, line)
	}
	return lines
}

// Run is what the row says to run.
func (g commandGuess) Run() string { return g.run }
