package main

import (
	"errors"
	"os"
	"os/exec"
	"regexp"

	"github.com/rogpeppe/go-internal/testscript"
)

// unmet FILE COMMAND... runs a command whose answer is not as expected: exit
// code 6. What it says on stderr goes to FILE, with names in place of what
// differs from run to run; stdout is as after exec.
func unmet(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: unmet FILE COMMAND...")
	}
	err := ts.Exec(args[1], args[2:]...)
	exit := (*exec.ExitError)(nil)
	if !errors.As(err, &exit) || exit.ExitCode() != int(exitAnswer) {
		ts.Fatalf("%v, expected exit code %d", err, exitAnswer)
	}
	words := steady(ts.ReadFile("stderr"))
	for _, varying := range [][2]string{
		{`for another [0-9hms]+`, "for another TIME"},
		{`[0-9hms]+ (ago|ahead of|behind)`, "TIME $1"},
		{`kid "[A-Za-z0-9_-]{27}"`, `kid "KID"`},
	} {
		words = regexp.MustCompile(varying[0]).ReplaceAllString(words, varying[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(words), 0o600))
}
