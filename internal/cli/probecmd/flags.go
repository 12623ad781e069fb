package probecmd

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"m2m/internal/cli"
	"m2m/internal/exit"
	"m2m/internal/probe/forge"
	"m2m/internal/text"
)

const long = `Checks whether an API really validates its tokens: sends one request with a valid token,
then about 290 with forged, expired or misplaced ones, and reports which of them the API
accepts, how bad that is, and how to fix it.

Only an API on this machine is probed, unless --remote is given and its host is confirmed:
its operators may take a probe for an attack. Exits with 0 if no hole was found, 6 if one
was, and 5 if it could not tell.`

const examples = `  m2m probe /secure-data                      the demo API, or the one of API_URL
  m2m probe http://127.0.0.1:9000/orders      any address on this machine
  m2m probe --only 'alg-*' /orders            only some of the cases
  m2m probe --mcp http://127.0.0.1:9000/mcp   an MCP server: initialize, then tools/list
  m2m probe --list                            the cases, and what each tries
  m2m serve --local -- m2m probe /secure-data offline, with wrong tokens of the tenant too
  m2m probe --remote --confirm api.example.com https://api.example.com/orders`

// maxRate bounds the requests per second: more would be a load test.
const maxRate = 1000

// options say what to send, with which token, and how to report.
type options struct {
	form    string
	verbose bool
	junit   string // a path; empty for no JUnit report
	list    bool
	mcp     bool
	only    []string
	rate    float64
	remote  bool
	confirm string
	cli.TokenOptions
	cli.RequestFlags
}

// New makes m2m probe.
func New(env *cli.Env) *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:     "probe URL",
		Short:   "Check whether an API really validates its tokens",
		Long:    long,
		Example: examples,
		Args:    cli.AtMostOne("the address"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Note(cmd.Flags())
			// An empty body is one too.
			if err := cmp.Or(cli.CheckFilled(cmd.Flags(), "data", "json"), o.How.Check(), o.check(args, cmd.Flags().Changed("rate"))); err != nil {
				return err
			}
			if o.list {
				return list(env, o.only, o.form)
			}
			return start(env, cmd, args[0], o)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVarP(&o.form, "output", "o", "text", "output `FORMAT`: text or json")
	flags.BoolVarP(&o.verbose, "verbose", "v", false, "print a line for every case")
	flags.StringVar(&o.junit, "junit", "", "write a JUnit report to `PATH`; - is stdout, instead of the report")
	flags.StringArrayVar(&o.only, "only", nil, "send only the cases called `NAME`, such as alg-none or 'kid-*' (repeatable)")
	flags.BoolVar(&o.list, "list", false, "print the names of the cases and what each tries, and send nothing")
	flags.BoolVar(&o.mcp, "mcp", false, "the API is an MCP server: send initialize and tools/list with each forgery")
	flags.Float64Var(&o.rate, "rate", 0, "send at most `N` requests a second (default 20, on this machine no limit)")
	flags.BoolVar(&o.remote, "remote", false, "the API may be on another machine; asks before it begins")
	flags.StringVar(&o.confirm, "confirm", "", "the `HOST` that may be probed, where there is no terminal to ask on")
	o.RequestFlags.Add(cmd)
	cli.AddTokenFile(flags, &o.TokenFile)
	o.How.Add(flags)
	for _, name := range []string{"request", "data", "json"} {
		cmd.MarkFlagsMutuallyExclusive("mcp", name)
	}
	_ = cmd.RegisterFlagCompletionFunc("only", cli.CompleteList(caseNames)) // the flag exists and has none
	return cmd
}

// caseNames are the cases, for completion.
func caseNames() []string {
	var names []string
	for _, c := range forge.Catalogue() {
		names = append(names, c.Name+"\t"+c.Tries)
	}
	return names
}

// check rejects a missing address and values that cannot be meant.
func (o *options) check(args []string, rateGiven bool) error {
	switch {
	case o.list:
	case len(args) == 0:
		return exit.Usagef("no address to probe").Hint("for the demo API: m2m probe /secure-data")
	case rateGiven && !(o.rate > 0 && o.rate <= maxRate):
		return exit.Usagef("--rate is a number above 0, and at most %d", maxRate)
	}
	return cmp.Or(cli.CheckForm(o.form, []string{"text", "json"}), cli.CheckStdout(o.form, o.junit))
}

// timeout is that of each request; 0 is the default of package probe.
func (o *options) timeout(cmd *cobra.Command) time.Duration {
	if cmd.Flags().Changed("timeout") {
		return o.How.Timeout
	}
	return 0
}

// list prints the cases that the patterns select, all for none.
func list(env *cli.Env, only []string, form string) error {
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
		tries := c.Tries
		if c.InLog {
			tries += "; it may then be in the log of the API"
		}
		fmt.Fprintln(env.Out, text.Hang("  "+c.Name, tries, width+4, cli.Width(env.Stdout)))
	}
	return nil
}
