package testcmd

import (
	"cmp"
	_ "embed"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"m2m/internal/cli"
	"m2m/internal/exit"
	"m2m/internal/settings"
	"m2m/internal/suite"
	"m2m/internal/text"
)

const long = `Sends the requests of suite files in order and checks each response against the
expectations of the file. A table of the results is printed on stdout; each request that
did not pass is explained.

Exits with 0 if all requests passed, 6 if an expectation is not met and 5 if there was no
response. A suite cannot send tokens, secrets or files anywhere else than its author may:
other hosts need --allow-origin, and files have to be in the folder of the suite.`

const examples = `  m2m test smoke.yaml                             run a suite against API_URL
  m2m test --api-url https://api.example.com smoke.yaml
  m2m test --junit report.xml smoke.yaml more.yaml
  m2m test --tag fast --jobs 4 smoke.yaml         only the requests with a tag, 4 in parallel
  m2m test init > smoke.yaml                      a suite to start from
  m2m serve --local -- m2m test smoke.yaml        against the demo API, offline`

// maxJobs bounds the requests in parallel.
const maxJobs = 100

// options say which requests to send, with which tokens, and how to report.
type options struct {
	form         string
	apiURL       string
	jobs         int
	failFast     bool
	tags         []string
	skipTags     []string
	origins      []string
	junit        string
	html         string
	annotate     string
	insecureHTTP bool
	cli.TokenOptions
}

// New makes m2m test.
func New(env *cli.Env) *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:     "test FILE...",
		Short:   "Run suites of smoke tests",
		Long:    long,
		Example: examples,
		Args:    cobra.ArbitraryArgs,

		ValidArgsFunction: cli.CompleteFiles("", ".yaml", ".yml"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := cmp.Or(cli.CheckFilled(cmd.Flags()), o.How.Check(), o.check(args)); err != nil {
				return err
			}
			return run(env, cmd, args, o)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVarP(&o.form, "output", "o", "text", "output `FORMAT`: text, json or tap")
	flags.StringVar(&o.junit, "junit", "", "write a JUnit report to `PATH`; - is stdout, instead of the table")
	flags.StringVar(&o.html, "html", "", "write a report to `PATH` as one page for a browser; - is stdout")
	flags.StringVar(&o.annotate, "annotate", "auto",
		"annotate the lines of failed requests for a CI `SYSTEM`: auto, github, azure or never")
	flags.StringVar(&o.apiURL, "api-url", "", "the `URL` of the API, instead of API_URL")
	flags.StringSliceVar(&o.tags, "tag", nil, "send only requests with this `TAG` (repeatable: any of them)")
	flags.StringSliceVar(&o.skipTags, "skip-tag", nil, "send no request with this `TAG` (repeatable)")
	flags.IntVar(&o.jobs, "jobs", 1, "run up to `N` requests in parallel")
	flags.BoolVar(&o.failFast, "fail-fast", false, "send nothing more after a request that did not pass")
	flags.StringArrayVar(&o.origins, "allow-origin", nil, "let requests go to the host of this `URL` too (repeatable)")
	cli.AddInsecureHTTP(flags, &o.insecureHTTP)
	cli.AddTokenFile(flags, &o.TokenFile)
	o.How.Add(flags)
	cli.AddCommands(cmd, newInit(env), newSchema(env))
	return cmd
}

// check rejects a command line without a file, and values that cannot be meant.
func (o *options) check(args []string) error {
	switch {
	case len(args) == 0:
		return exit.Usagef("no suite to run").Hint("name its file: m2m test smoke.yaml", "to write one: m2m test init > smoke.yaml")
	case o.jobs < 1 || o.jobs > maxJobs:
		return exit.Usagef("--jobs is a number from 1 to %d, not %d", maxJobs, o.jobs)
	case o.apiURL != "" && cli.IsPath(o.apiURL):
		return exit.Usagef("--api-url is the URL of the API, not a path").Hint("the paths are in the file")
	}
	for _, file := range args {
		if strings.HasPrefix(file, "https://") || strings.HasPrefix(file, "http://") {
			return exit.Usagef("%s is a URL; m2m test takes the files of suites", text.Quote(file)).
				Hintf("the API's address is a flag: m2m test --api-url %s FILE", text.ShellQuote(file))
		}
	}
	return cmp.Or(cli.CheckForm(o.form, []string{"text", "json", "tap"}), o.checkAnnotate(), o.checkStdout())
}

func (o *options) checkAnnotate() error {
	switch o.annotate {
	case "auto", "github", "azure", "never":
		return nil
	}
	return exit.Usagef("--annotate is auto, github, azure or never, not %s", text.Quote(o.annotate))
}

// checkStdout rejects two documents for stdout.
func (o *options) checkStdout() error {
	if o.html == "-" && (o.junit == "-" || o.form != "text") {
		return exit.Usagef("--html - writes to stdout, and so does another report").Hint("give --html the path of a file")
	}
	return cli.CheckStdout(o.form, o.junit)
}

//go:embed starter.yaml
var starter string

func newInit(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:     "init",
		Short:   "Print a suite to start from",
		Long:    "Prints a suite with every kind of request and expectation, commented, on stdout.",
		Example: "  m2m test init > smoke.yaml",
		Args:    cli.NoArguments,
		RunE: func(*cobra.Command, []string) error {
			_, err := io.WriteString(env.Out, starter)
			return err
		},
	}
}

func newSchema(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:     "schema",
		Short:   "Print the JSON Schema of suite files",
		Long:    "Prints the JSON Schema of suite files, for editors, on stdout.",
		Example: "  m2m test schema > suite.schema.json",
		Args:    cli.NoArguments,
		RunE: func(*cobra.Command, []string) error {
			_, err := io.WriteString(env.Out, suite.Schema())
			return err
		},
	}
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
