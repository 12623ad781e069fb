package probecmd

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"m2m/internal/call"
	"m2m/internal/cli"
	"m2m/internal/exit"
	"m2m/internal/explain"
	"m2m/internal/probe"
	"m2m/internal/probe/forge"
	"m2m/internal/settings"
	"m2m/internal/text"
	"m2m/internal/transport"
)

// run is one run of a probe.
type run struct {
	o       options
	session *cli.Session
	request call.Request
	config  probe.Config
	junit   *cli.Report // nil without --junit
	started time.Time
}

// start probes an API and reports what it accepts. It checks the whole command line
// before it acquires a token.
func start(env *cli.Env, cmd *cobra.Command, address string, o options) error {
	r := &run{o: o, started: env.Now()}
	session, err := cli.Open(env, cmd, settings.Uses{
		Credential: o.TokenFile == "", GivenToken: o.TokenFile != "", Call: true, APIURL: cli.IsPath(address),
		Carries: o.Carries(address),
	})
	if err != nil {
		return err
	}
	r.session = session
	if err := r.prepare(cmd, address); err != nil {
		return err
	}
	ctx := cmd.Context()
	token, err := session.Token(ctx, o.TokenOptions)
	if err != nil {
		return r.inconclusive(err)
	}
	r.request.Token = token
	if err := r.probeBaseline(ctx, cmd); err != nil {
		return err
	}
	r.config.Token = token
	r.config.Keys, r.config.KeysAbsent = r.keys(ctx, token)
	return r.run(ctx)
}

// prepare makes the request and the configuration of the probe. Nothing is sent yet.
func (r *run) prepare(cmd *cobra.Command, address string) (err error) {
	named := r.o.RequestFlags
	named.PrintCurl = true // the body is read below, once for all requests
	if r.request, err = r.session.Request(named, address); err != nil {
		return err
	}
	body, err := r.content()
	if err != nil {
		return err
	}
	r.request.Body = body.body
	if r.o.mcp {
		r.beginSession()
	}
	if err := r.request.Check(true); err != nil {
		return cli.CannotSend(err)
	}
	r.config = probe.Config{
		Target: r.request.URL, Method: body.method(r.request.Method), Header: r.request.Header, Body: body.content,
		MCP: r.o.mcp, AllowPlainHTTP: r.request.AllowPlainHTTP, Rate: r.rate(cmd), Timeout: r.o.timeout(cmd), Now: r.session.Env.Now,
	}
	if err := r.choose(cmd); err != nil {
		return err
	}
	if r.config.Dial, err = r.dialer(); err != nil {
		return err
	}
	if err := r.mayProbe(); err != nil {
		return err
	}
	r.junit, err = cli.OpenReport(r.session.Env, "--junit", r.o.junit)
	return err
}

// beginSession makes the request one that begins a session of MCP, as each request of
// the probe then is.
func (r *run) beginSession() {
	method, header, body := probe.MCPRequest()
	maps.Copy(header, r.request.Header)
	r.request.Method, r.request.Header, r.request.Body = method, header, call.BytesBody(body)
}

// remoteRate is the number of requests a second to another machine.
const remoteRate = 20

// rate is the bound on the requests a second: none on this machine, unless it is
// given.
func (r *run) rate(cmd *cobra.Command) float64 {
	if cmd.Flags().Changed("rate") {
		return r.o.rate
	}
	if transport.Loopback(r.request.URL.Hostname()) {
		return 0
	}
	return remoteRate
}

// choose selects the cases, and who makes wrong tokens.
func (r *run) choose(cmd *cobra.Command) (err error) {
	if r.config.Minter, err = r.minter(cmd); err != nil {
		return err
	}
	possible := forge.Catalogue()
	if r.config.Minter == nil {
		possible = slices.DeleteFunc(possible, func(c forge.Case) bool { return c.Family == forge.Issued })
	}
	cases, unmatched := forge.Select(possible, r.o.only)
	if unmatched != nil {
		return noSuchCase(unmatched[0])
	}
	r.config.Cases = cases
	return nil
}

// noSuchCase is the error of a pattern that selects nothing.
func noSuchCase(pattern string) error {
	if _, unknown := forge.Select(forge.Catalogue(), []string{pattern}); unknown == nil {
		return exit.Usagef("--only: %s is a wrong token with a true signature, which only a local tenant makes", text.Quote(pattern)).
			Hint("probe an API that takes the local tenant's tokens: with --local, or under m2m serve --local -- COMMAND")
	}
	return exit.Usagef("--only: no case is called %s", text.Quote(pattern)).
		Hint("m2m probe --list prints the names; * stands for any part of one")
}

// probeBaseline sends the valid token as m2m call does, and explains as there why it
// was rejected or not answered.
func (r *run) probeBaseline(ctx context.Context, cmd *cobra.Command) error {
	ctx, cancel := context.WithTimeout(ctx, r.o.How.Timeout)
	defer cancel()
	client := &call.Client{Transport: r.session.Transport, Now: r.session.Env.Now}
	answer, err := client.Do(ctx, r.request)
	if err != nil {
		return r.inconclusive(err)
	}
	defer answer.Close()
	unmet := answer.Evaluate().Err()
	if unmet == nil {
		return nil
	}
	why := r.session.Env.Unexpected(unmet, "",
		explain.Explain(answer, cli.ContextOf(cmd, r.request, r.session.Settings, r.o.TokenFile, cli.CallFlags(cmd, r.o.RequestFlags))))
	if r.o.mcp && (answer.Status == http.StatusMethodNotAllowed || answer.Status == http.StatusNotFound) {
		return r.inconclusive(exit.Errorf(exit.Unknown, "cannot probe: there is no MCP server at this address: %v", why).
			Hint("give the address that takes the POST requests of MCP, often /mcp").Wrap(unmet))
	}
	return r.inconclusive(exit.Errorf(exit.Unknown, "cannot probe: the API rejects the valid token: %v", why).
		Hint(explain.CommandLine.Hints(why)...).
		Wrap(unmet))
}

// run probes the API and reports.
func (r *run) run(ctx context.Context) error {
	progress := r.progress()
	r.config.Progress = progress.result
	report, err := probe.Run(ctx, r.config)
	progress.end()
	switch {
	case errors.Is(err, forge.ErrNotJWT):
		return r.inconclusive(exit.Errorf(exit.Unknown, "nothing can be forged: %v", err).
			Hint("the probe is for APIs that take signed JSON web tokens").Wrap(err))
	case err != nil && ctx.Err() != nil && report.Tried() > 0: // then print what was found
		return cmp.Or(r.print(report, err), err)
	case err != nil && !errors.As(err, new(*probe.StopError)):
		return r.inconclusive(err)
	}
	return cmp.Or(r.print(report, err), r.outcome(report, err))
}

// print prints the report in each requested form. stop is why the probe ended early,
// or nil.
func (r *run) print(report *probe.Report, stop error) error {
	if err := r.writeJUnit(report, stop); err != nil {
		return err
	}
	switch {
	case r.o.form == "json":
		return cli.WriteJSON(r.session.Env.Out, r.document(report, stop))
	case r.o.junit == "-":
		return nil
	}
	textReport{Page: r.session.Env.Page(), all: r.o.verbose}.report(r.config, report, stop)
	return r.session.Env.Out.Err
}

// outcome is the error of the command; nil if no hole was found.
func (r *run) outcome(report *probe.Report, stop error) error {
	findings, missed := report.Findings(), notTried(report)
	switch {
	case errors.Is(stop, probe.ErrOpen):
		return exit.Errorf(exit.Unmet, "%v", stop).Hint(stopHints(stop)...).Wrap(stop)
	case len(findings) > 0:
		fail := exit.Errorf(exit.Unmet, "%s, the worst of them %s: %s", text.Plural(len(findings), "finding"), findings[0].Risk.Severity(),
			findings[0].Case.Name)
		if stop != nil {
			fail.Addf("the probe did not come to its end: %v", stop).Hint(stopHints(stop)...)
		}
		if findings[0].Case.Family == forge.NoToken { // which --only cannot select
			return fail.Hint("after a fix, run the same command again")
		}
		return fail.Hint("after a fix, try that case alone: --only " + findings[0].Case.Name)
	case stop != nil:
		return exit.Errorf(exit.Unknown, "could not tell: %v", stop).Hint(stopHints(stop)...).Wrap(stop)
	case len(missed) > 0:
		return exit.Errorf(exit.Unknown, "could not tell all: no finding, but %s could not be made: %s", text.Plural(len(missed), "case"),
			missed[0].Got).
			Hint("with the tenant set (TENANT_ID, or --tenant), its keys are used")
	case report.Tried() == 0:
		return exit.Errorf(exit.Unknown, "could not tell: no case could be made of this token and these keys: %s", report.Results[0].Got)
	}
	return nil
}

// stopAdvice are the words for the advice of package probe.
var stopAdvice = sync.OnceValue(func() map[probe.Advice]string {
	return map[probe.Advice]string{
		probe.RefreshToken:     "get a new one: --refresh",
		probe.ExplainRejection: "m2m call with the same address and token says why",
		probe.FollowRedirect:   "probe the address that it leads to, if it is the API",
		probe.ProbeProtected:   "if the address is for everybody, probe one that is not",
		probe.ProbeBearer:      "probe an address that takes bearer tokens, not one for browsers",
		probe.ProbeRejecting:   "probe an address that answers 401 without a token",
		probe.CheckAPI:         "see whether the API still runs, and what it logged",
		probe.LowerRate:        "it may count failures and have locked the caller out: try a lower --rate",
		probe.SlowDown:         "send fewer requests a second: --rate 1",
		probe.LiftLimit:        "or switch the limit off while you probe",
	}
})

// stopHints are the hints of a probe that stopped.
func stopHints(err error) (hints []string) {
	var stop *probe.StopError
	if !errors.As(err, &stop) {
		return nil
	}
	for _, advice := range stop.Advice {
		hints = append(hints, stopAdvice()[advice])
	}
	return hints
}

// notTried are the cases that could not be made because keys are missing. A case that
// does not apply to the token or issuer is not one of them.
func notTried(report *probe.Report) (missed []probe.Result) {
	for _, result := range report.Results {
		if result.Outcome == probe.NotTried && result.NeedsKeys {
			missed = append(missed, result)
		}
	}
	return missed
}

// inconclusive writes the JUnit report of a run without a result, and returns err: a
// CI system could take an older report, or none, for success.
func (r *run) inconclusive(err error) error {
	r.writeFault(err)
	return err
}

// body is the body of every request.
type body struct {
	content []byte
	given   bool
	body    call.Body
}

// maxBody bounds it, in bytes: it is sent hundreds of times.
const maxBody = 1 << 20

func (r *run) content() (b body, err error) {
	text, given := r.o.Content()
	if !given {
		return b, nil
	}
	b.given, b.content = true, []byte(text)
	path, isFile := strings.CutPrefix(text, "@")
	if text == "-" {
		path, isFile = "-", true
	}
	if isFile {
		if b.content, err = r.session.Env.ReadFile(path, maxBody); err != nil {
			return b, cli.UnreadableBody(err)
		}
	}
	b.body = call.BytesBody(b.content)
	return b, nil
}

// method is that of the requests, by default the same as in m2m call.
func (b body) method(given string) string {
	if given == "" && b.given {
		return "POST"
	}
	return given
}
