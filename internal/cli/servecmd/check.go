package servecmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"m2m/internal/cli"
	"m2m/internal/entra"
	"m2m/internal/exit"
	"m2m/internal/explain"
	"m2m/internal/jwks"
	"m2m/internal/local"
	"m2m/internal/settings"
	"m2m/internal/transport"
	"m2m/internal/verify"
)

// checkWait bounds how long serve --check waits for the tenant's keys.
const checkWait = 15 * time.Second

// startCheck is one finding of serve --check.
type startCheck struct {
	Name   string   `json:"name"`
	Status string   `json:"status"` // pass, fail, or skip if an earlier one failed
	Found  string   `json:"found,omitempty"`
	Fix    []string `json:"fix,omitempty"`
	err    error
}

// notReadyError says that the API is not ready to start. Its exit code is that of a
// start: 2, or 5 where nothing but the keys is missing.
type notReadyError struct{ checks []startCheck }

// Error implements error: one line for each check, and the verdict.
func (u *notReadyError) Error() string {
	var lines []string
	for _, c := range u.checks {
		lines = append(lines, c.line())
	}
	return strings.Join(append(lines, u.verdict()), "\n")
}

// JSON is what is printed of u with -o json.
func (u *notReadyError) JSON() (summary string, checks any) { return u.verdict(), u.checks }

func (u *notReadyError) verdict() string {
	var failed []string
	for _, c := range u.checks {
		if c.err != nil {
			failed = append(failed, c.Name)
		}
	}
	return "not ready to start: " + strings.Join(failed, ", ")
}

func (u *notReadyError) Hints() []string {
	var hints []string
	for _, c := range u.checks {
		for _, fix := range c.Fix {
			hints = append(hints, c.Name+": "+fix)
		}
	}
	return hints
}

// ExitCode implements exit.Coder.
func (u *notReadyError) ExitCode() exit.Code {
	for _, c := range u.checks {
		if c.err != nil && cli.CodeOf(c.err) != exit.Unknown {
			return cli.CodeOf(c.err)
		}
	}
	return exit.Unknown
}

func (c startCheck) line() string {
	status := c.Status
	if c.err != nil {
		status = "FAIL" // to be seen among the others
	}
	return fmt.Sprintf("%-4s  %-8s  %s", status, c.Name, c.Found)
}

// checkStart prints whether the API can start with these settings: what newAPI
// would reject, and whether its keys can be fetched. It starts nothing.
func checkStart(env *cli.Env, cmd *cobra.Command, o options) error {
	if err := cli.CheckForm(o.form, []string{"text", "json"}); err != nil {
		return err
	}
	checks := startChecks(env, cmd, o)
	for i := range checks {
		checks[i].Found = env.Shown(checks[i].Found)
	}
	if slices.ContainsFunc(checks, func(c startCheck) bool { return c.err != nil }) {
		return &notReadyError{checks}
	}
	if o.form == "json" {
		return cli.WriteJSON(env.Out, struct {
			Ready  bool         `json:"ready"`
			Checks []startCheck `json:"checks"`
		}{true, checks})
	}
	for _, c := range checks {
		fmt.Fprintln(env.Out, c.line())
	}
	fmt.Fprintln(env.Out, "ready to start")
	return nil
}

func startChecks(env *cli.Env, cmd *cobra.Command, o options) []startCheck {
	checks := []startCheck{
		runCheck("tls", func() (string, error) {
			config, err := o.certificate(slog.New(slog.DiscardHandler), env.Now)
			if config == nil {
				return "plain http: for loopback and behind a proxy", err
			}
			return "https with " + o.certFile, err
		}),
		runCheck("log", func() (string, error) {
			_, err := o.logger(env.Stderr)
			return o.logFormat, err
		}),
	}
	if upstream := runCheck("upstream", o.upstreamOptions.found); o.upstream != "" || upstream.err != nil {
		checks = append(checks, upstream)
	}
	checks = append(checks, o.addressChecks()...)
	s, err := cli.Resolve(env, cmd, settings.Uses{Judge: true})
	if err != nil {
		settings := runCheck("settings", func() (string, error) { return "", err })
		return append(append([]startCheck{settings}, checks...), startCheck{Name: "keys", Status: "skip", Found: "settings must be fixed first"})
	}
	policy, transport := o.Policy(s), cli.NewTransport(env, s, nil)
	defer transport.CloseIdleConnections()
	metadata, _, err := newVerifier(env, s, o, transport)
	settings := runCheck("settings", func() (string, error) {
		audiences := cmp.Or(strings.Join(policy.Audiences, " or "), "any")
		return fmt.Sprintf("tenant %s, audience %s", strings.Join(policy.Tenants, " or "), audiences), err
	})
	keys := startCheck{Name: "keys", Status: "skip", Found: "settings must be fixed first"}
	if err == nil {
		keys = runCheck("keys", func() (string, error) { return fetchKeys(cmd.Context(), s, transport, metadata) })
	}
	return append(append([]startCheck{settings, {Name: "callers", Status: "pass", Found: callers(policy)}}, checks...), keys)
}

// runCheck runs one check; found describes what it looked at.
func runCheck(name string, check func() (string, error)) startCheck {
	found, err := check()
	if err != nil {
		return startCheck{Name: name, Status: "fail", Found: err.Error(), Fix: explain.CommandLine.Hints(err), err: err}
	}
	return startCheck{Name: name, Status: "pass", Found: found}
}

// addressChecks opens the addresses, all of them before it closes one: a start
// needs them together.
func (o options) addressChecks() []startCheck {
	free := func(address, flag string) func() (string, error) {
		listener, err := local.Listen(address, flag)
		return func() (string, error) {
			if err != nil {
				return "", err
			}
			return "free: " + listener.Addr().String(), listener.Close()
		}
	}
	api := free(o.addr, "--addr")
	if o.metricsAddr == "" {
		return []startCheck{runCheck("address", api)}
	}
	metrics := free(o.metricsAddr, "--metrics-addr")
	return []startCheck{runCheck("address", api), runCheck("metrics", metrics)}
}

// callers is a short text about who may call.
func callers(p verify.Policy) string {
	joiner := " or "
	if p.RequireAll {
		joiner = " and "
	}
	apps := "any app of the tenant"
	if len(p.Clients) > 0 {
		apps = "only the app " + strings.Join(p.Clients, " or ")
	}
	switch {
	case len(p.Roles) > 0 && len(p.Clients) > 0:
		return apps + ", and it needs the role " + strings.Join(p.Roles, joiner)
	case len(p.Roles) > 0:
		return "apps need the role " + strings.Join(p.Roles, joiner)
	case len(p.Scopes) > 0:
		return "no app: only scopes are required, which app-only tokens never carry"
	}
	return apps + ": no role is required"
}

// fetchKeys fetches the keys as the API would.
func fetchKeys(ctx context.Context, s *settings.Settings, t *transport.Transport, keys *jwks.Tenants) (string, error) {
	if err := t.Check(); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, checkWait)
	defer cancel()
	if err := keys.Fetch(ctx, entra.V2); err != nil {
		if ctxErr := context.Cause(ctx); errors.As(ctxErr, new(exit.SignalError)) {
			return "", ctxErr
		}
		return "", exit.Errorf(exit.Unknown, "%v", err).
			Hint(
				"the API starts without them, and answers 503 until it has them",
				"m2m serve --check --debug logs each request",
			).
			Wrap(err)
	}
	count := 0
	for _, state := range keys.State() {
		count += state.Keys
	}
	from := s.Authority.Value
	if len(s.Tenants.Value) == 1 {
		from += "/" + s.Tenants.Value[0]
	}
	return fmt.Sprintf("%d from %s", count, from), nil
}
