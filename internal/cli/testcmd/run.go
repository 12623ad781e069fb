package testcmd

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
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
	"m2m/internal/text"
	"m2m/internal/transport"
)

// suiteRun is one run of one suite.
type suiteRun struct {
	env       *cli.Env
	cmd       *cobra.Command
	o         options
	file      string // as it was given; "-" is stdin
	folder    string // that of the file
	suite     *suite.Suite
	plan      *suite.Plan
	clients   map[string]*settings.Settings
	transport *transport.Transport
	tokens    *tokens
	started   time.Time
	elapsed   time.Duration
	results   []suite.Result
}

// name is how messages and reports name the file.
func (r *suiteRun) name() string { return cli.FileName(r.file) }

// run sends the requests of the files and reports the results. Nothing is sent before
// every file is read and checked.
func run(env *cli.Env, cmd *cobra.Command, files []string, o options) (err error) {
	runs, err := prepareAll(env, cmd, files, o)
	if err != nil {
		return err
	}
	reports, err := openReports(env, o)
	if err != nil {
		return err
	}
	for i, r := range runs {
		if err := r.execute(cmd.Context()); err != nil {
			for _, rest := range runs[i:] {
				rest.started, rest.results = cmp.Or(rest.started, env.Now()), rest.notRun(err)
			}
			return errors.Join(err, reports.write(runs))
		}
		if o.failFast && !r.passed() {
			for _, rest := range runs[i+1:] {
				rest.skipAll()
			}
			break
		}
	}
	if err := errors.Join(report(env, runs, o), reports.write(runs)); err != nil {
		return err
	}
	return verdict(cmd.Context(), runs)
}

// prepareAll reads the files and plans their requests.
func prepareAll(env *cli.Env, cmd *cobra.Command, files []string, o options) (runs []*suiteRun, err error) {
	for _, file := range files {
		r := &suiteRun{env: env, cmd: cmd, o: o, file: file, clients: map[string]*settings.Settings{}}
		if err := r.read(); err != nil {
			return nil, err
		}
		runs = append(runs, r)
	}
	if err := selectByTags(runs, o); err != nil {
		return nil, err
	}
	for _, r := range runs {
		if err := r.prepare(); err != nil {
			return nil, err
		}
	}
	return runs, nil
}

// execute acquires the tokens and sends the requests. The error is that of a token or
// of the CA file, which is no result of a request.
func (r *suiteRun) execute(ctx context.Context) error {
	r.started = r.env.Now()
	if err := cmp.Or(r.transport.Check(), r.acquireAll(ctx)); err != nil {
		return err
	}
	r.results = r.send(ctx)
	r.elapsed = r.env.Now().Sub(r.started)
	return caFault(r.results)
}

func (r *suiteRun) passed() bool { return countVerdicts(r.results)[suite.Passed] == len(r.results) }

// read parses the file.
func (r *suiteRun) read() error {
	data, err := r.env.ReadFile(r.file, suite.MaxFile)
	if err != nil {
		failed := exit.Usagef("cannot read the suite: %v", err).Wrap(err)
		if errors.Is(err, fs.ErrNotExist) {
			failed.Hint("to write one: m2m test init > smoke.yaml")
		}
		return failed
	}
	r.folder = r.env.Dir
	if r.file != "-" {
		r.folder = filepath.Dir(settings.Absolute(r.env.Dir, r.file))
	}
	r.suite, err = suite.Parse(r.name(), data)
	return err
}

// selectByTags keeps the requests that the tags select. A tag that no request has is
// rejected: with a misspelt one fewer requests would be sent than meant.
func selectByTags(runs []*suiteRun, o options) error {
	var known []string
	for _, r := range runs {
		known = append(known, r.suite.Tags()...)
	}
	slices.Sort(known)
	known = slices.Compact(known)
	where := runs[0].name()
	if len(runs) > 1 {
		where = text.Plural(len(runs), "file")
	}
	for _, tag := range slices.Concat(o.tags, o.skipTags) {
		if !slices.Contains(known, tag) {
			hint := "no request has any tag"
			if len(known) > 0 {
				hint = "the tags are " + strings.Join(known, ", ")
			}
			return exit.Usagef("no request in %s has the tag %s", where, cli.Word(tag)).Hint(hint)
		}
	}
	all, selected := 0, 0
	for _, r := range runs {
		all += len(r.suite.Names())
		r.suite = r.suite.Select(o.tags, o.skipTags)
		selected += len(r.suite.Names())
	}
	if selected == 0 {
		return exit.Usagef("the tags select none of the %s in %s", text.Plural(all, "request"), where)
	}
	return nil
}

// prepare fills in the variables and resolves who sends what. Nothing is sent yet.
func (r *suiteRun) prepare() error {
	use := settings.Uses{GivenToken: r.o.TokenFile != "", Call: true, APIURL: r.o.apiURL == ""}
	use.Credential = !use.GivenToken && r.suite.IsSentAs(suite.AsDefault)
	s, err := cli.Resolve(r.env, r.cmd, use)
	if err != nil {
		return err
	}
	r.clients[suite.AsDefault] = s
	r.transport = cli.NewTransport(r.env, s, r.hide)
	credentials, public := variablesOfSettings()
	r.plan, err = r.suite.Plan(suite.Context{
		Lookup:         r.env.Lookup,
		Credentials:    credentials,
		Public:         public,
		Base:           cmp.Or(r.o.apiURL, s.APIURL.Value),
		Origins:        r.o.origins,
		OpenFile:       r.openFile,
		Timeout:        r.o.How.Timeout,
		AllowPlainHTTP: r.o.insecureHTTP,
	})
	if err != nil {
		return err
	}
	if r.o.apiURL == "" && r.plan.HasVariables() {
		if err := s.CheckSuiteAddress(); err != nil {
			return err
		}
	}
	if err := cmp.Or(r.resolveClients(), r.checkLeaks()); err != nil {
		return err
	}
	if slices.ContainsFunc(r.plan.Requests, func(q suite.Request) bool { return q.As != suite.AsNone && r.wentByDefault(q) }) {
		cli.NoteDefault(r.env, s)
	}
	return nil
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
func (r *suiteRun) hide(line string) string {
	if r.plan == nil {
		return line
	}
	return r.plan.Hide(line)
}

// send runs the plan, with progress on stderr.
func (r *suiteRun) send(ctx context.Context) []suite.Result {
	progress := r.progress()
	defer progress.end()
	runner := suite.Runner{
		Client:   &call.Client{Transport: r.transport, Now: r.env.Now},
		Jobs:     r.o.jobs,
		FailFast: r.o.failFast,
		Tokens:   r.tokens,
		Known:    r.known,
		Observer: progress,
	}
	results := runner.Run(ctx, r.plan)
	for i, result := range results {
		if errors.Is(result.Err, call.ErrUnreachable) && result.Request.As == suite.AsNone && r.wentByDefault(result.Request) {
			results[i].Hints = append(result.Hints, cli.UnsetAPIURL)
		}
	}
	return results
}

// wentByDefault reports whether a request went to the default address.
func (r *suiteRun) wentByDefault(q suite.Request) bool {
	return r.o.apiURL == "" && r.clients[suite.AsDefault].APIURL.From.Layer == settings.LayerDefault &&
		strings.HasPrefix(q.Request.URL.String(), settings.DefaultAPIURL)
}

// known is what an explanation may use, next to the response.
func (r *suiteRun) known(q suite.Request) explain.Context {
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
func verdict(ctx context.Context, runs []*suiteRun) error {
	var results []suite.Result
	for _, r := range runs {
		results = append(results, r.results...)
	}
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
