package main

import (
	"errors"
	"os"
	"os/exec"
	"regexp"

	"github.com/rogpeppe/go-internal/testscript"

	"m2m/internal/exit"
)

// unmet FILE COMMAND... runs a command whose answer is not as expected: exit
// code 6. What it says on stderr goes to FILE, with names instead of what
// differs from run to run, and the command that it says to run, as it is, to
// run.sh, which does not exist without one; stdout is as after exec.
func unmet(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: unmet FILE COMMAND...")
	}
	err := ts.Exec(args[1], args[2:]...)
	ended := (*exec.ExitError)(nil)
	if !errors.As(err, &ended) || ended.ExitCode() != int(exit.Unmet) {
		ts.Fatalf("%v, expected exit code %d", err, exit.Unmet)
	}
	ts.Check(os.RemoveAll(ts.MkAbs("run.sh")))
	if found := regexp.MustCompile(`(?m)^m2m: hint: run: (.*)$`).FindStringSubmatch(ts.ReadFile("stderr")); found != nil {
		ts.Check(os.WriteFile(ts.MkAbs("run.sh"), []byte(found[1]+"\n"), 0o600))
	}
	words := steady(ts.ReadFile("stderr"))
	for _, varying := range [][2]string{
		{`(begins in|expired|try again in) [0-9]+[0-9a-z]*( [0-9a-z]+)*`, "$1 TIME"},
		{`x-request-id [A-Z2-7]{26}`, "x-request-id ID"},
		{`for another [0-9dhms]+`, "for another TIME"},
		{`[0-9dhms]+ (ago|ahead of|behind)`, "TIME $1"},
	} {
		words = regexp.MustCompile(varying[0]).ReplaceAllString(words, varying[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(words), 0o600))
}

// suggested runs run.sh, what unmet found last, and checks that it is a command
// that can be given: how it ends is as it may be.
func suggested(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: suggested")
	}
	line := ts.ReadFile("run.sh")
	err := ts.Exec("sh", "run.sh")
	ended := (*exec.ExitError)(nil)
	switch {
	case err == nil:
	case !errors.As(err, &ended):
		ts.Fatalf("%v: %s", err, line)
	case ended.ExitCode() < int(exit.Rejected) || ended.ExitCode() > int(exit.Unverifiable):
		ts.Fatalf("%v: %s", err, line)
	}
}
