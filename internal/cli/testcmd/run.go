package testcmd

import (
	"cmp"
	"context"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"m2m/internal/jq"

	"github.com/spf13/cobra"

	"m2m/internal/call"
	"m2m/internal/cli"
	"m2m/internal/exit"
	"m2m/internal/explain"
	"m2m/internal/local"
	"m2m/internal/settings"
	"m2m/internal/suite"
	"m2m/internal/transport"
)

// run is one run of a suite.
type run struct {
	env       *cli.Env
	cmd       *cobra.Command
	o         Options
	plan      *suite.Plan
	base      string // the URL of the API
	folder    string // that of the file
	clients   map[string]*settings.Settings
	transport *transport.Transport
	started   time.Time
}

// Run sends the requests of a file and reports the results.
func Run(env *cli.Env, cmd *cobra.Command, args []string, o Options) error {
	if o.schema {
		_, err := io.WriteString(env.Out, suite.Schema())
		return err
	}
	if err := o.check(cmd, o.Form); err != nil {
		return err
	}
	r := &run{env: env, cmd: cmd, o: o, clients: map[string]*settings.Settings{}}
	suite, err := r.read()
	if err != nil {
		return err
	}
	if err := r.prepare(args, suite); err != nil {
		return err
	}
	junit, err := cli.OpenJUnit(r.env, r.o.JUnit)
	if err != nil {
		return err
	}
	if junit != nil {
		defer junit.Close()
	}
	r.started = env.Now()
	if err := r.acquireAll(cmd.Context()); err != nil {
		return errors.Join(err, r.writeJUnit(junit, r.notRun(err)))
	}
	results := r.send(cmd.Context())
	if err := caFault(results); err != nil {
		return errors.Join(err, r.writeJUnit(junit, r.notRun(err)))
	}
	if err := errors.Join(r.report(results), r.writeJUnit(junit, results)); err != nil {
		return err
	}
	return r.verdict(cmd.Context(), results)
}

// read parses the file and selects requests by their tags.
func (r *run) read() (*suite.Suite, error) {
	data, err := r.env.ReadFile(r.o.file, suite.MaxFile)
	if err != nil {
		return nil, exit.Usagef("the suite cannot be read: %v", err).Wrap(err)
	}
	r.folder = r.env.Dir
	if r.o.file != "-" {
		r.folder = filepath.Dir(settings.Absolute(r.env.Dir, r.o.file))
	}
	suite, err := suite.Parse(cli.FileName(r.o.file), data)
	if err != nil {
		return nil, err
	}
	if err := r.checkTags(suite); err != nil {
		return nil, err
	}
	selected := suite.Select(r.o.tags, r.o.skipTags)
	if len(selected.Names()) == 0 {
		return nil, exit.Usagef("the tags leave no request of the %d in %s", len(suite.Names()), suite.File)
	}
	return selected, nil
}

// checkTags rejects a tag that no request has: with a misspelt one fewer requests
// would be sent than meant.
func (r *run) checkTags(suite *suite.Suite) error {
	known := suite.Tags()
	for _, tag := range slices.Concat(r.o.tags, r.o.skipTags) {
		if !slices.Contains(known, tag) {
			hint := "no request has any tag"
			if len(known) > 0 {
				hint = "the tags are " + strings.Join(known, ", ")
			}
			return exit.Usagef("no request in %s has the tag %s", suite.File, cli.Word(tag)).Hint(hint)
		}
	}
	return nil
}

// prepare fills in the variables and resolves who sends what. Nothing is sent yet.
func (r *run) prepare(args []string, parsed *suite.Suite) error {
	use := settings.Uses{GivenToken: r.o.TokenFile != "", Call: true, APIURL: len(args) == 0}
	use.Credential = !use.GivenToken && parsed.IsSentAs(suite.AsDefault)
	s, err := cli.Resolve(r.env, r.cmd, use)
	if err != nil {
		return err
	}
	r.clients[suite.AsDefault], r.base = s, s.APIURL.Value
	if len(args) > 0 {
		if r.base = args[0]; cli.IsPath(r.base) {
			return exit.Usagef("with --suite the address is that of the API, not a path").Hint("the paths stand in the file")
		}
	}
	r.transport = cli.NewTransport(r.env, s, r.hide)
	credentials, public := variablesOfSettings()
	r.plan, err = parsed.Plan(suite.Context{
		Lookup:         r.env.Lookup,
		Credentials:    credentials,
		Public:         public,
		Base:           r.base,
		Origins:        r.o.origins,
		OpenFile:       r.openFile,
		Timeout:        r.o.How.Timeout,
		AllowPlainHTTP: r.o.InsecureHTTP,
	})
	if err != nil {
		return err
	}
	if len(args) == 0 && r.plan.HasVariables() {
		if err := s.CheckSuiteAddress(); err != nil {
			return err
		}
	}
	return cmp.Or(r.resolveClients(), r.checkFiles())
}

// variablesOfSettings returns the variables that hold credentials of m2m, which no API
// may get, and those whose values may be shown. The local tenant's control key and the
// request token of GitHub Actions are credentials too.
func variablesOfSettings() (credentials, public map[string]bool) {
	credentials = map[string]bool{local.ControlKeyVariable: true, cli.GitHubTokenVariable: true}
	public = map[string]bool{}
	for _, row := range settings.Rows {
		kind := public
		if row.Secret {
			kind = credentials
		}
		for _, name := range row.Variables {
			kind[name] = true
		}
	}
	return credentials, public
}

// hide hides the values of variables in a trace: addresses may contain them.
func (r *run) hide(line string) string {
	if r.plan == nil {
		return line
	}
	return r.plan.Hide(line)
}

// send runs the plan, with progress on stderr.
func (r *run) send(ctx context.Context) []suite.Result {
	progress := r.progress()
	defer progress.end()
	runner := suite.Runner{
		Client:   &call.Client{Transport: r.transport, Now: r.env.Now},
		Jobs:     r.o.jobs,
		FailFast: r.o.failFast,
		Known:    r.known,
		Observer: progress,
	}
	results := runner.Run(ctx, r.plan)
	for i, result := range results {
		if errors.Is(result.Err, call.ErrUnreachable) && r.wentByDefault(result.Request) {
			results[i].Hints = append(result.Hints, cli.UnsetAPIURL)
		}
	}
	return results
}

// wentByDefault reports whether a request went to the default address.
func (r *run) wentByDefault(q suite.Request) bool {
	return r.cmd.Flags().NArg() == 0 && r.clients[suite.AsDefault].APIURL.From.Layer == settings.LayerDefault &&
		strings.HasPrefix(q.Request.URL.String(), settings.DefaultAPIURL)
}

// known is what an explanation may use, next to the response.
func (r *run) known(q suite.Request) explain.Context {
	s, ok := r.clients[q.As]
	if !ok {
		s = r.clients[suite.AsDefault]
	}
	return cli.ContextOf(r.cmd, q.Request, s, r.as(q.As).TokenFile, callFlagsOf(r.cmd, q, r.folder))
}

// caFault returns the error of the CA file, which is one of settings and not of a
// request.
func caFault(results []suite.Result) error {
	for _, result := range results {
		if errors.Is(result.Err, transport.ErrCAFile) {
			return result.Err
		}
	}
	return nil
}

// verdict is the error of the command: an unmet expectation wins over a request
// without a response.
func (r *run) verdict(ctx context.Context, results []suite.Result) error {
	counts := countVerdicts(results)
	isOutOfMemory := func(result suite.Result) bool { return errors.Is(result.Err, jq.ErrMemory) }
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case slices.ContainsFunc(results, isOutOfMemory):
		return exit.Reported{Code: exit.Usage}
	case counts[suite.Failed] > 0:
		return exit.Reported{Code: exit.Unmet}
	case counts[suite.Unknown] > 0:
		return exit.Reported{Code: exit.Unknown}
	}
	return nil
}

func countVerdicts(results []suite.Result) map[suite.Verdict]int {
	counts := map[suite.Verdict]int{}
	for _, result := range results {
		counts[result.Verdict]++
	}
	return counts
}
