package probecmd

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"m2m/internal/cli"
	"m2m/internal/exit"
	"m2m/internal/probe/forge"
	"m2m/internal/text"
)

// maxRate bounds the requests per second: more would be a load test.
const maxRate = 1000

// Flags are the flags of call about a probe.
type Flags struct {
	On      bool
	List    bool
	Only    []string
	rate    float64
	remote  bool
	confirm string
}

// Add adds the flags.
func (p *Flags) Add(flags *pflag.FlagSet) {
	flags.BoolVar(&p.On, "probe", false, "ask whether the API really verifies tokens: send forgeries, and report what it lets in")
	flags.StringArrayVar(&p.Only, "probe-only", nil, "of a probe: try only the cases called `NAME`, such as alg-none or 'kid-*' (repeatable)")
	flags.Float64Var(&p.rate, "probe-rate", 20, "of a probe: send at most `N` requests a second")
	flags.BoolVar(&p.remote, "probe-remote", false, "of a probe: the API may be on another machine; asks before it begins")
	flags.StringVar(&p.confirm, "probe-confirm", "", "of a probe: the `HOST` that may be probed, where there is no terminal to ask on")
	flags.BoolVar(&p.List, "probe-list", false, "print the names of a probe's cases and what each tries, and end")
}

// flagNames are the flags that Flags adds. They need a probe.
var flagNames = []string{"probe", "probe-only", "probe-rate", "probe-remote", "probe-confirm", "probe-list"}

// Options say what to send, with which token, and how to report.
type Options struct {
	Flags
	cli.TokenOptions
	cli.RequestFlags
	Form    string
	Verbose bool
	JUnit   string // a path; empty for no JUnit report
}

// CheckAbsent rejects these flags on a command that is not about a probe.
func (p *Flags) CheckAbsent(flags *pflag.FlagSet) (err error) {
	flags.Visit(func(f *pflag.Flag) {
		if err == nil && slices.Contains(flagNames, f.Name) {
			err = exit.Usagef("--%s means something only with a probe", f.Name).Hint("add --probe")
		}
	})
	return err
}

// flagsWithoutProbe are the flags of call that do not go with a probe.
var flagsWithoutProbe = []string{
	"include", "output-file", "location", "retry", "expect", "expect-header", "expect-body", "expect-jq", "max-time",
	"no-token", "print-curl", "suite", "jobs", "fail-fast", "tag", "skip-tag", "allow-origin", "suite-schema",
}

// check rejects flags that do not go with a probe: it decides itself what to send and
// what to expect.
func (o *Options) check(cmd *cobra.Command, args []string) (err error) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if err == nil && slices.Contains(flagsWithoutProbe, f.Name) {
			err = exit.Usagef("--%s does not go with --probe", f.Name).
				Hint("leave it out: the probe decides itself what to send and what to expect")
		}
	})
	switch {
	case err != nil:
		return err
	case len(args) == 0:
		return exit.Usagef("there is no address to probe").Hint("for the demo API: m2m call --probe /secure-data")
	case !(o.rate > 0 && o.rate <= maxRate):
		return exit.Usagef("--probe-rate is a number above 0, and at most %d", maxRate)
	case o.DataGiven && o.JSONGiven:
		return exit.Usagef("-d and --json are both given; they are two ways to send one body")
	case cmd.Flags().Changed("output"):
		return cli.CheckForm(o.Form, []string{"table", "json"})
	}
	return nil
}

// timeout is that of each request; 0 is the default of package probe.
func (p *Flags) timeout(cmd *cobra.Command, how cli.Acquisition) time.Duration {
	if cmd.Flags().Changed("timeout") {
		return how.Timeout
	}
	return 0
}

// List prints the cases that the patterns select, all for none.
func List(env *cli.Env, only []string, form string) error {
	cases, unmatched := forge.Select(forge.Catalogue(), only)
	if unmatched != nil {
		return noSuchCase(unmatched[0])
	}
	if form == "json" {
		list := make([]caseDocument, len(cases))
		for i, c := range cases {
			list[i] = describeCase(c)
		}
		return cli.WriteJSON(env.Out, list)
	}
	width := 0
	for _, c := range cases {
		width = max(width, len(c.Name))
	}
	for i, c := range cases {
		if i == 0 || c.Family != cases[i-1].Family {
			fmt.Fprintf(env.Out, "%s%s\n", strings.Repeat("\n", min(i, 1)), c.Family)
		}
		fmt.Fprintln(env.Out, text.Hang("  "+c.Name, c.Tries, width+4, cli.Width(env.Stdout)))
	}
	return nil
}
