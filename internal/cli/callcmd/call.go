package callcmd

import (
	"cmp"
	"context"
	"errors"

	"github.com/spf13/cobra"

	"m2m/internal/call"
	"m2m/internal/cli"
	"m2m/internal/exit"
	"m2m/internal/settings"
	"m2m/internal/text"
)

const long = `Acquires a token, calls an address with it and prints the body of the response. A
rejection is explained on stderr: what the API said, what the token says, and what to do.

Without a scope the API's own is used: its metadata (RFC 9728) is read at the given
address, and followed only if it names that address and the configured tenant.

The token goes to the given address and nowhere else. Exits with 0 if the response is as
expected (a 2xx status, unless --expect says otherwise) and 6 if it is not.`

const examples = `  m2m call /secure-data                       the demo API, or the one of API_URL
  m2m call https://api.example.com/orders     any address
  m2m call --json @order.json /orders         POST, with a body
  m2m call --expect 403 /admin                exits with 0 if the status is 403
  m2m call --expect-jq '.count > 0' /orders   exits with 0 if that holds for the body
  m2m call --no-token /secure-data            without a token
  m2m call -o json /secure-data | jq .status  status, headers, timing and body
  m2m call -v /secure-data                    request and response, on stderr
  m2m call --print-curl /secure-data          the same as a curl command; sends nothing`

// options are the flags of call.
type options struct {
	form       string
	include    bool
	outputFile string
	verbose    bool
	cli.RequestFlags
	cli.TokenOptions
}

// New makes m2m call.
func New(env *cli.Env) *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:     "call URL",
		Short:   "Call an endpoint with a token; explain a rejection",
		Long:    long,
		Example: examples,
		Args:    cli.AtMostOne("the address"),
		RunE: func(cmd *cobra.Command, args []string) error {
			env.Verbose = o.verbose
			o.Note(cmd.Flags())
			// An empty body is one too.
			if err := cmp.Or(cli.CheckFilled(cmd.Flags(), "data", "json"), o.How.Check()); err != nil {
				return err
			}
			return run(env, cmd, args, o)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVarP(&o.form, "output", "o", "body", "output `FORMAT`: body or json")
	flags.BoolVarP(&o.include, "include", "i", false, "print the status line and the headers before the body")
	flags.StringVar(&o.outputFile, "output-file", "", "write the output to `PATH`, whole or not at all, instead of stdout")
	flags.BoolVarP(&o.verbose, "verbose", "v", false, "log request and response on stderr: lines and headers, without credentials")
	o.RequestFlags.Add(cmd)
	o.RequestFlags.AddExpectations(flags)
	flags.BoolVar(&o.NoToken, "no-token", false, "send no token")
	cli.AddTokenFile(flags, &o.TokenFile)
	o.How.Add(flags)
	flags.Lookup("timeout").Usage = "time limit for the token and for the response, each with its retries"
	cmd.MarkFlagsMutuallyExclusive("no-token", "token-file")
	cmd.MarkFlagsMutuallyExclusive("print-curl", "output")
	cmd.MarkFlagsMutuallyExclusive("print-curl", "output-file")
	return cmd
}

// run sends one request, or prints it for curl.
func run(env *cli.Env, cmd *cobra.Command, args []string, o options) error {
	if err := o.check(args); err != nil {
		return err
	}
	session, err := cli.Open(env, cmd, settings.Uses{
		Credential: !o.NoToken && o.TokenFile == "" && !o.PrintCurl,
		GivenToken: o.TokenFile != "",
		Call:       true,
		APIURL:     cli.IsPath(args[0]),
		Carries:    o.Carries(args[0]),
	})
	if err != nil {
		return err
	}
	request, err := session.Request(o.RequestFlags, args[0])
	if err != nil {
		return err
	}
	if err := request.Check(!o.NoToken); err != nil {
		return cli.CannotSend(err)
	}
	if o.PrintCurl {
		return printCurl(session, cmd, request, o)
	}
	to, err := cli.OpenDestination(env, o.outputFile, 0)
	if err != nil {
		return err
	}
	return exchange(session, cmd, request, o, to)
}

// exchange sends the request and prints the response.
func exchange(session *cli.Session, cmd *cobra.Command, request call.Request, o options, to cli.Destination) (err error) {
	env, s := session.Env, session.Settings
	if err := findScope(session, cmd, request, o); err != nil {
		return to.End(err)
	}
	if request.Token, err = session.Token(cmd.Context(), o.TokenOptions); err != nil {
		return to.End(err)
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), o.How.Timeout)
	defer cancel()
	client := &call.Client{Transport: session.Transport, Now: env.Now}
	if o.verbose {
		client.Transport = verboseTransport{env, session.Transport}
	}
	answer, err := client.Do(ctx, request)
	if err != nil {
		if request.Token.IsZero() { // else it is already said where the token goes
			err = cli.NoAnswer(err, s, cmd.Flags().Arg(0))
		}
		return to.End(err)
	}
	defer answer.Close()
	return printAnswer(env, to, answer, cli.ContextOf(cmd, request, s, o.TokenFile, cli.CallFlags(cmd, o.RequestFlags)), o)
}

// findScope finds the scope of the API by its own metadata, where none is set.
func findScope(session *cli.Session, cmd *cobra.Command, request call.Request, o options) error {
	s := session.Settings
	if o.NoToken || o.TokenFile != "" || s.Scope.Value != "" || s.Tenant.Value == "" {
		return nil
	}
	issuer := s.AuthorityURL().URL() + "/v2.0"
	scope, err := call.FindScope(cmd.Context(), session.Transport, request.URL, issuer)
	if offer := (*call.OfferError)(nil); errors.As(err, &offer) {
		e := exit.Usagef("API_SCOPE is not set, and %s", offer.Reason)
		if offer.Scope == "" || text.OneLine(offer.Scope, maxScope) != offer.Scope {
			return e.Hint("ask the API's owner for its scope, and give it with --scope").Wrap(err)
		}
		command := "m2m call --scope " + text.ShellQuote(offer.Scope) + " " + text.ShellQuote(cmd.Flags().Arg(0))
		return e.Hintf("if a token for that is what you want to send there: %s", command).Wrap(err)
	}
	if err == nil {
		session.Env.Say("scope %s, from the API's metadata", scope)
		s.Scope.Value = scope
	}
	return nil // without metadata the missing scope is reported with all else that is missing
}

// maxScope is the longest scope of a stranger's that a hint repeats, in bytes.
const maxScope = 200

// check rejects a missing address and values that cannot be meant.
func (o options) check(args []string) error {
	switch {
	case len(args) == 0:
		return exit.Usagef("no address to call").Hint("for the demo API: m2m call /secure-data")
	case o.Retries < 0:
		return exit.Usagef("--retry is a number of times, not %d", o.Retries)
	case o.MaxTime < 0:
		return exit.Usagef("--max-time is a time such as 300ms or 2s, not %s", o.MaxTime)
	case o.form == "json" && o.include:
		return exit.Usagef("-i and -o json exclude each other").Hint("leave out -i: the JSON has status and headers already")
	}
	return cli.CheckForm(o.form, []string{"body", "json"})
}
