package testcmd

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"m2m/internal/cli"
	"m2m/internal/exit"
	"m2m/internal/settings"
	"m2m/internal/suite"
	"m2m/internal/text"
)

// maxJobs bounds the requests in parallel.
const maxJobs = 100

// Flags are the flags of call about a suite.
type Flags struct {
	file     string
	schema   bool
	jobs     int
	failFast bool
	tags     []string
	skipTags []string
	origins  []string
	JUnit    string
}

// Add adds the flags.
func (s *Flags) Add(flags *pflag.FlagSet) {
	flags.StringVar(&s.file, "suite", "", "send the requests in `FILE` and hold each answer against what it expects; - is stdin")
	flags.IntVar(&s.jobs, "jobs", 1, "of a suite: have `N` requests under way at once")
	flags.BoolVar(&s.failFast, "fail-fast", false, "of a suite: send nothing more after a request that did not pass")
	flags.StringSliceVar(&s.tags, "tag", nil, "of a suite: only requests with this `TAG` (repeatable: any of them)")
	flags.StringSliceVar(&s.skipTags, "skip-tag", nil, "of a suite: no request with this `TAG` (repeatable)")
	flags.StringArrayVar(&s.origins, "allow-origin", nil, "of a suite: requests may go to the host of this `URL` too (repeatable)")
	flags.StringVar(&s.JUnit, "junit", "", "of a suite or a probe: write a JUnit report to `PATH` too")
	flags.BoolVar(&s.schema, "suite-schema", false, "print the JSON Schema of a suite's file, and end")
}

// Options say what to send, with which tokens, and how to report.
type Options struct {
	Flags
	cli.TokenOptions
	Form         string
	InsecureHTTP bool
}

// IsGiven reports whether the command is about a suite.
func (s *Flags) IsGiven() bool { return s.file != "" || s.schema }

// flagNames are the flags that Flags adds. They need a suite, except junit, which a
// probe has too.
var flagNames = []string{"suite", "jobs", "fail-fast", "tag", "skip-tag", "allow-origin", "junit", "suite-schema"}

// CheckAbsent rejects these flags on a command that is not about a suite.
func (s *Flags) CheckAbsent(flags *pflag.FlagSet) (err error) {
	flags.Visit(func(f *pflag.Flag) {
		if err == nil && slices.Contains(flagNames, f.Name) {
			err = exit.Usagef("--%s means something only with a suite", f.Name).
				Hint("name the file of the suite: --suite smoke.yaml")
		}
	})
	return err
}

// flagsWithSuite are other flags of call that go with a suite, next to those of
// settings.
var flagsWithSuite = []string{
	"output", "token-file", "insecure-http", "timeout", "refresh", "no-cache", "claims", "region", "local", "debug", "no-color", "env-file",
}

// check rejects flags that do not go with a suite: its file has the requests.
func (s *Flags) check(cmd *cobra.Command, form string) (err error) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if err == nil && !slices.Contains(flagNames, f.Name) && !slices.Contains(flagsWithSuite, f.Name) && !settings.IsFlag(f.Name) {
			err = exit.Usagef("--%s does not go with --suite", f.Name).
				Hint("what is sent and expected stands in the file; m2m call --suite-schema prints its form")
		}
	})
	switch {
	case err != nil:
		return err
	case s.jobs < 1 || s.jobs > maxJobs:
		return exit.Usagef("--jobs is a number from 1 to %d, not %d", maxJobs, s.jobs)
	case cmd.Flags().Changed("output"):
		return cli.CheckForm(form, []string{"table", "json"})
	}
	return nil
}

// callFlagsOf repeats a request of a suite in the folder as flags of m2m call, without
// its credentials.
func callFlagsOf(cmd *cobra.Command, q suite.Request, folder string) []string {
	words := cli.SentFlags(cmd, q.Request.Header)
	if q.Request.Follow {
		words = append(words, "-L")
	}
	switch {
	case q.File != "":
		words = append(words, "-d "+text.ShellQuote("@"+settings.Absolute(folder, q.File)))
	case q.Text == "-" || strings.HasPrefix(q.Text, "@") || len(q.Text) > cli.MaxRepeatedBody:
		words = append(words, "-d @BODY")
	case !q.Request.Body.IsZero():
		words = append(words, "-d "+text.ShellQuote(q.Text))
	}
	return cli.WithoutEmpty(words)
}
