package callcmd

import (
	"cmp"
	"context"

	"github.com/spf13/cobra"

	"m2m/internal/call"
	"m2m/internal/cli"
	"m2m/internal/cli/probecmd"
	"m2m/internal/cli/testcmd"
	"m2m/internal/exit"
	"m2m/internal/settings"
)

const long = `  m2m call /secure-data                       the demo API, or the one of API_URL
  m2m call https://api.example.com/orders     any address
  m2m call --json @order.json /orders         POST, with a body
  m2m call --expect 403 /admin                ends with 0 if the answer is 403
  m2m call --expect-jq '.count > 0' /orders   ends with 0 if that holds for the body
  m2m call --no-token /secure-data            without a token
  m2m call -o json /secure-data | jq .status  status, headers, timing and body
  m2m call -v /secure-data                    what is sent and what comes, on stderr
  m2m call --print-curl /secure-data          the same as a curl command; sends nothing
  m2m call --suite smoke.yaml                 many requests, and a table of what came
  m2m call --probe /secure-data               is the door locked? sends forged tokens

Acquires a token, calls an address with it and prints the body of the answer. A refusal is
explained on stderr: what the API said, what the token says, and what to do.

The token goes to the address given and nowhere else. Ends with 0 if the answer is as
expected (a 2xx status, unless --expect says otherwise) and 6 if it is not.`

// options are the flags of call.
type options struct {
	form       string
	include    bool
	outputFile string
	verbose    bool
	cli.RequestFlags
	cli.TokenOptions
	suite testcmd.Flags
	probe probecmd.Flags
}

// New makes m2m call.
func New(env *cli.Env) *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   "call URL | --suite FILE [URL]",
		Short: "Call an endpoint with a token, and say why it was refused",
		Long:  long,
		Args:  cli.AtMostOne("the address"),
		RunE: func(cmd *cobra.Command, args []string) error {
			env.JSONErrors = o.form == "json"
			o.Note(cmd.Flags())
			// An empty body is one too.
			if err := cmp.Or(cli.CheckFilled(cmd.Flags(), "data", "json"), o.How.Check()); err != nil {
				return err
			}
			switch {
			case o.suite.IsGiven():
				return testcmd.Run(env, cmd, args,
					testcmd.Options{Flags: o.suite, TokenOptions: o.TokenOptions, Form: o.form, InsecureHTTP: o.InsecureHTTP})
			case o.probe.List:
				return probecmd.List(env, o.probe.Only, o.form)
			case o.probe.On:
				return probecmd.Run(env, cmd, args, probecmd.Options{
					Flags: o.probe, TokenOptions: o.TokenOptions, RequestFlags: o.RequestFlags,
					Form: o.form, Verbose: o.verbose, JUnit: o.suite.JUnit,
				})
			}
			return run(env, cmd, args, o)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVarP(&o.form, "output", "o", "body", "the `FORM` of the output: body or json; of a suite or a probe table or json")
	flags.BoolVarP(&o.include, "include", "i", false, "print the status line and the headers before the body")
	flags.StringVar(&o.outputFile, "output-file", "", "write the output to `PATH`, whole or not at all, in place of stdout")
	flags.BoolVarP(&o.verbose, "verbose", "v", false, "show on stderr what is sent and what comes: lines and headers, without credentials")
	o.RequestFlags.Add(flags)
	flags.BoolVar(&o.NoToken, "no-token", false, "send no token")
	flags.StringVar(&o.TokenFile, "token-file", "", "send the token in `PATH`, in place of a new one; - is stdin")
	o.How.Add(flags)
	o.suite.Add(flags)
	o.probe.Add(flags)
	return cmd
}

// run sends one request, or prints it for curl.
func run(env *cli.Env, cmd *cobra.Command, args []string, o options) error {
	if err := cmp.Or(o.suite.CheckAbsent(cmd.Flags()), o.probe.CheckAbsent(cmd.Flags()), o.check(args)); err != nil {
		return err
	}
	session, err := cli.Open(env, cmd, settings.Uses{
		Credential: !o.NoToken && o.TokenFile == "" && !o.PrintCurl,
		GivenToken: o.TokenFile != "",
		Call:       true,
		APIURL:     cli.IsPath(args[0]),
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
		return to.End(cli.NoAnswer(err, s, cmd.Flags().Arg(0)))
	}
	defer answer.Close()
	return printAnswer(env, to, answer, cli.ContextOf(cmd, request, s, o.TokenFile, cli.CallFlags(cmd, o.RequestFlags)), o)
}

// check rejects flags that contradict each other.
func (o options) check(args []string) error {
	switch {
	case len(args) == 0:
		return exit.Usagef("there is no address to call").Hint("for the demo API: m2m call /secure-data")
	case o.NoToken && o.TokenFile != "":
		return exit.Usagef("--no-token and --token-file contradict each other")
	case o.PrintCurl && (o.form == "json" || o.outputFile != ""):
		return exit.Usagef("--print-curl prints a command on stdout and nothing else").Hint("leave out -o and --output-file")
	case o.DataGiven && o.JSONGiven:
		return exit.Usagef("-d and --json are both given; they are two ways to send one body")
	case o.Retries < 0:
		return exit.Usagef("--retry is a number of times, not %d", o.Retries)
	case o.MaxTime < 0:
		return exit.Usagef("--max-time is a time such as 300ms or 2s, not %s", o.MaxTime)
	case o.form == "json" && o.include:
		return exit.Usagef("-i and -o json are both given; the JSON has status and headers already")
	}
	return cli.CheckForm(o.form, []string{"body", "json"})
}
