package verifycmd

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"m2m/internal/cli"
	"m2m/internal/entra"
	"m2m/internal/exit"
	"m2m/internal/explain"
	"m2m/internal/input"
	"m2m/internal/jwks"
	"m2m/internal/jwt"
	"m2m/internal/local"
	"m2m/internal/settings"
	"m2m/internal/text"
	"m2m/internal/verify"
)

const long = `Decodes a token and prints every claim and every check: what was expected, what was found,
the likely cause and what to do. Without settings it still shows the claims, runs every
check that needs none, and names what to set.

Exits with 0 if the token is valid, 3 if it is not, 5 if a check could not be made and 7
if only its audience can validate it (Microsoft Graph).

--batch answers every line of the input with one line, in order; an empty line and one that
is too long are answered as invalid. It exits with 0 if all tokens are valid, else with the
code of the worst: 7, then 3, then 5.`

const examples = `  m2m token | m2m verify                      check a token from a pipe
  m2m verify eyJ0eXAi...                      or pasted; "Bearer " and quotes are removed
  m2m verify @token.txt                       or from a file
  m2m verify --explain @token.txt             with a sentence about every claim
  m2m verify -o json - < token.txt            for a program
  m2m verify --decode @token.txt              print it, check nothing
  m2m verify --batch @tokens.txt              many tokens, one a line: one JSON line for each
  m2m verify --jwks https://idp.example/keys --issuer https://idp.example/ @token.txt
                                              a token of an issuer that is not Entra`

// options are the flags that no other command has, and those of a policy.
type options struct {
	form    string
	decode  bool
	explain bool
	verbose bool
	at      string
	jwks    string
	issuer  string
	timeout time.Duration
	batch   bool
	schema  bool
	cli.PolicyFlags
}

// New makes the command.
func New(env *cli.Env) *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   "verify [TOKEN | - | @FILE]",
		Short: "Decode and validate a token",
		Long:  long, Example: examples,
		Args:              oneToken,
		ValidArgsFunction: cli.CompleteFiles("@"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return run(env, cmd, args, o)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVarP(&o.form, "output", "o", "text", "output `FORMAT`: text or json")
	flags.BoolVar(&o.decode, "decode", false, "show the token without validating it")
	flags.BoolVarP(&o.verbose, "verbose", "v", false, "show each check, with what was expected and found")
	flags.BoolVar(&o.explain, "explain", false, "say what each claim means")
	flags.BoolVar(&o.batch, "batch", false, "validate many tokens, one a line, and write one JSON line for each")
	flags.BoolVar(&o.schema, "schema", false, "print the JSON Schema of -o json, and of each line of --batch")
	flags.StringVar(&o.at, "at", "", "validate at another `TIME` (RFC 3339 or epoch seconds)")
	flags.StringVar(&o.jwks, "jwks", "", "take the keys from this `FILE or URL` (JWKS) instead of the tenant's")
	flags.StringVar(&o.issuer, "issuer", "", "with --jwks: the exact `ISSUER` the token must have")
	flags.DurationVar(&o.timeout, "timeout", 15*time.Second, "time limit for fetching keys")
	cli.AddLocalFlag(flags)
	settings.AddFlags(flags, settings.AuthorityFlags...)
	settings.SeveralTenants(flags)
	settings.AddFlags(flags, settings.Scope)
	flags.String("client-id", "", "the app's client `ID`: the audience, where neither audience nor scope is set")
	o.PolicyFlags.Add(cmd)
	cmd.Flags().BoolVar(&o.AnyTenant, "any-tenant", false, "do not check the tenant: a token of any organisation passes")
	cmd.MarkFlagsMutuallyExclusive("decode", "batch", "schema")
	cmd.MarkFlagsMutuallyExclusive("batch", "explain")
	return cmd
}

func run(env *cli.Env, cmd *cobra.Command, args []string, o options) error {
	err := cmp.Or(cli.CheckFilled(cmd.Flags()), cli.CheckTimeout(o.timeout), cli.CheckForm(o.form, []string{"text", "json"}))
	if err != nil {
		return err
	}
	switch {
	case o.schema:
		return printSchema(env, args)
	case o.batch:
		return verifyBatch(env, cmd, args, o)
	}
	pasted, err := tokenInput(env, args)
	if err != nil {
		return err
	}
	about := judged(cmd, args, pasted)
	if token, _, err := input.Clean(pasted); err == nil {
		pasted = token // else the report says what is wrong with it
	}
	if o.decode {
		return decode(env, pasted, o, about)
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), o.timeout)
	defer cancel()
	verifier, now, err := newVerifier(ctx, env, cmd, o, pasted)
	if err != nil {
		return err
	}
	report := explain.Report(verifier.Report(ctx, pasted), about)
	hintAtLocal(env, cmd, report)
	return printReport(env, report, o, now())
}

// judged is what is known of the token that was given.
func judged(cmd *cobra.Command, args []string, pasted string) explain.Judged {
	j := explain.Judged{Text: entra.NewSecret(pasted), File: "-"}
	if len(args) > 1 {
		j.File = ""
	} else if len(args) == 1 && args[0] != "-" {
		path, isFile := strings.CutPrefix(args[0], "@")
		if j.File = ""; isFile {
			j.File = path
		} else if _, err := os.Stat(path); err == nil {
			j.NamesFile = true
		}
	}
	if withLocal, _ := cmd.Flags().GetBool("local"); withLocal {
		j.Flags = "--local"
	}
	return j
}

// verifyBatch verifies many tokens. The time-out is only for the keys that --jwks
// names: the batch itself has none.
func verifyBatch(env *cli.Env, cmd *cobra.Command, args []string, o options) error {
	if err := o.checkBatch(cmd.Flags().Changed("output")); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), o.timeout)
	defer cancel()
	verifier, _, err := newVerifier(ctx, env, cmd, o, "")
	if err != nil {
		return err
	}
	return runBatch(cmd.Context(), env, args, verifier)
}

// newVerifier makes the verifier that settings and flags describe, and its clock.
// pasted is the token, or empty for a batch.
func newVerifier(
	ctx context.Context, env *cli.Env, cmd *cobra.Command, o options, pasted string,
) (verifier *verify.Verifier, now func() time.Time, err error) {
	now, err = o.clock(env.Now)
	if err != nil {
		return nil, nil, err
	}
	s, err := cli.Resolve(env, cmd, settings.Uses{Judge: true})
	if err != nil {
		return nil, nil, err
	}
	dropPlaceholders(env, s)
	keys, err := keySource(ctx, env, s, o, pasted)
	if err != nil {
		return nil, nil, err
	}
	policy := o.Policy(s)
	policy.BoundUndecided = true
	if !jwks.IsEntraIssuer(o.issuer) {
		policy.PlainIssuer = o.issuer
	}
	verifier, err = verify.New(policy, keys, verify.Options{Now: now})
	if err != nil {
		return nil, nil, exit.Usagef("%v", err).Wrap(err)
	}
	o.Warn(env)
	if policy.PlainIssuer != "" {
		env.Say("warning: --issuer %s is not one of Entra: "+
			"ver, nbf and tid are not required, and sub alone distinguishes an app from a user", text.Quote(o.issuer))
	} else {
		cli.WarnAboutScopes(env, policy)
	}
	return verifier, now, nil
}

// dropPlaceholders clears settings with placeholders of .env.example: the token
// can be read all the same, and the report says what to set.
func dropPlaceholders(env *cli.Env, s *settings.Settings) {
	for _, g := range []*settings.Given[string]{&s.Tenant, &s.Client, &s.Scope} {
		if g.Value != "" && entra.IsPlaceholder(g.Value) {
			env.Say("warning: %s is a placeholder and counts as not set", g.From.Subject())
			*g = settings.Given[string]{}
		}
	}
	if slices.ContainsFunc(s.Tenants.Value, entra.IsPlaceholder) {
		s.Tenants = settings.Given[[]string]{}
	}
}

// printReport prints the report and exits with the code of its verdict.
func printReport(env *cli.Env, report *verify.Report, o options, now time.Time) error {
	if o.form == "json" {
		if err := writeIndented(env.Out, verify.AppendReport(nil, report)); err != nil {
			return err
		}
	} else {
		newTextReport(env, o, now).print(report)
	}
	if code := codeOf(report.Verdict); code != exit.Done {
		return exit.Reported{Code: code}
	}
	return nil
}

// codeOf is the exit code of a verdict.
func codeOf(v verify.Verdict) exit.Code {
	//exhaustive:enforce
	switch v {
	case verify.Valid:
		return exit.Done
	case verify.Invalid:
		return exit.Rejected
	case verify.Unverifiable:
		return exit.Unverifiable
	case verify.Undecided:
		return exit.Unknown
	}
	return exit.Unexpected
}

// writeIndented prints a JSON document, indented.
func writeIndented(w io.Writer, document []byte) error {
	var b bytes.Buffer
	if err := json.Indent(&b, document, "", "  "); err != nil {
		return err
	}
	b.WriteByte('\n')
	_, err := b.WriteTo(w)
	return err
}

func newTextReport(env *cli.Env, o options, now time.Time) textReport {
	return textReport{Page: env.Page(), now: now, verbose: o.verbose, explain: o.explain}
}

// decode prints a token without verifying it. Any JWT will do, whatever its issuer,
// its types and its signature; of what is not whole it shows what can be read.
func decode(env *cli.Env, pasted string, o options, j explain.Judged) error {
	token, err := jwt.Decode(pasted)
	if token == nil {
		what := explain.NotAToken(err, j)
		return exit.Errorf(exit.Rejected, "%s", what.Cause).Hint(what.Fix).Wrap(err)
	}
	if o.form == "json" {
		if err := writeIndented(env.Out, verify.AppendToken(nil, token)); err != nil {
			return err
		}
	} else {
		newTextReport(env, o, env.Now()).token(token)
	}
	if token.Header.IsZero() || token.Claims.IsZero() || token.Unread {
		return exit.Errorf(exit.Rejected, "%v", err).Wrap(err)
	}
	if err != nil {
		env.Say("warning: %v", err)
	}
	env.Say("decoded only: the signature was not checked; leave out --decode to validate the token")
	return nil
}

// clock is the clock that the token is verified by: now, or --at.
func (o options) clock(now func() time.Time) (func() time.Time, error) {
	if o.at == "" {
		return now, nil
	}
	at, err := parseMoment(o.at)
	if err != nil {
		return nil, err
	}
	return func() time.Time { return at }, nil
}

// keySource returns the keys to check signatures with: those that --jwks names,
// else those of the configured tenant, else those of the tenant that the token
// itself names, if Entra issued it. It is nil if there are none; the report then
// says what to set.
func keySource(ctx context.Context, env *cli.Env, s *settings.Settings, o options, pasted string) (jwks.Source, error) {
	transport := cli.NewTransport(env, s, nil)
	client := &http.Client{Transport: transport}
	if o.jwks != "" {
		return keySet(ctx, env, client, s, o)
	}
	if o.issuer != "" {
		return nil, issuerAlone(o.issuer)
	}
	authority, known, err := o.authority(s, pasted)
	if err != nil || !known {
		return nil, err
	}
	if err := transport.Check(); err != nil {
		return nil, err
	}
	return jwks.NewMetadata(authority, jwks.MetadataOptions{HTTP: client, Now: env.Now})
}

// authority is the tenant whose keys are fetched; known is false if there is none.
func (o options) authority(s *settings.Settings, pasted string) (a entra.Authority, known bool, err error) {
	a = s.AuthorityURL()
	switch {
	case o.batch && o.AnyTenant:
		// Its keys sign for every tenant, and its issuer is their template, so
		// that one set serves the whole batch.
		a.Tenant = "organizations"
		return a, true, nil
	case a.Tenant == "" || o.AnyTenant:
		token, _ := jwt.Decode(pasted)
		own, known := jwks.AuthorityOf(token)
		if !known {
			return own, false, nil
		}
		if s.Authority.From.Layer != settings.LayerDefault {
			own.Origin = a.Origin // a cloud that was named is meant
		}
		a = own
	}
	if err := entra.CheckTenant(a.Tenant); err != nil {
		return a, false, s.Explain(settings.Tenant, err)
	}
	return a, true, nil
}

// parseMoment reads --at.
func parseMoment(text string) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	var seconds int64
	if _, err := fmt.Sscanf(text, "%d", &seconds); err == nil && seconds > 0 && fmt.Sprint(seconds) == text {
		return time.Unix(seconds, 0), nil
	}
	return time.Time{}, exit.Usagef("--at %q is not a time", text).Hint("write it as 2026-11-23T10:00:00Z or as epoch seconds")
}

// hintAtLocal says how to verify the token of a local tenant, if --local was not
// given.
func hintAtLocal(env *cli.Env, cmd *cobra.Command, report *verify.Report) {
	withLocal, _ := cmd.Flags().GetBool("local")
	_, underTenant := env.Lookup(local.TenantVariable)
	t := report.Token
	if withLocal || underTenant || report.Verdict != verify.Undecided || t == nil || !strings.HasPrefix(t.Issuer, "https://127.0.0.1:") {
		return
	}
	env.Say("hint: the token names a local tenant as its issuer; while that runs: m2m verify --local")
}

// schema is the JSON Schema of what `verify -o json` prints and of each
// line of `verify --batch`.
//
//go:embed verify.schema.json
var schema string

func printSchema(env *cli.Env, args []string) error {
	if len(args) > 0 {
		return exit.Usagef("--schema takes no token: it prints the form of every report")
	}
	_, err := io.WriteString(env.Out, schema)
	return err
}
