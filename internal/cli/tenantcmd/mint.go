package tenantcmd

import (
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"m2m/internal/cli"
	"m2m/internal/entra"
	"m2m/internal/exit"
	"m2m/internal/jsonobject"
	"m2m/internal/tenant/mint"
	"m2m/internal/text"
)

const mintLong = `Prints a token of the running local tenant, valid or as wrong as the flags say, for
the tests of APIs. It asks for no credential. Under serve --local -- COMMAND it is a token
of COMMAND's own tenant.

--key other signs with a key that was never the tenant's, under the ID of the current one;
withdrawn with one that is no longer in the tenant's set; embedded with one that comes along in
the header (jwk). --alg takes RS256, RS384, RS512, PS256, PS384, PS512, HS256, HS384, HS512 (the
secret is the tenant's public key, as PEM), ES256 and none. --header alg=... changes what the
header says and not how it is signed.`

const mintExamples = `  m2m tenant mint                              a valid token of the running local tenant
  m2m tenant mint --expired                    one that expired an hour ago
  m2m tenant mint --audience api://other       one for another API
  m2m tenant mint --role Data.Write            one with another role
  m2m tenant mint --expires-in 5s              one that expires soon
  m2m tenant mint --agent 6f0c2b8d-9e41-4d7a-b35f-c1a8e7d20946    one of an agent identity
  m2m tenant mint --key other                  one that another key signed
  m2m tenant mint --alg none --without tid     unsigned, and with a claim left out
  m2m tenant mint --claim-json 'roles=["Data.Write"]' | m2m call --token-file - /secure-data`

// mintOptions are the flags of tenant mint.
type mintOptions struct {
	tenant, client, agent, api, version, audience, key, alg, nonce, payloadFile string

	expiresIn time.Duration

	roles, scopes []string

	user, id, graph, expired, notYet bool

	claims, claimsJSON, without, header, headerJSON, withoutHeader []string
}

// newMint makes the command that prints a token of the running local tenant.
func newMint(env *cli.Env) *cobra.Command {
	var o mintOptions
	cmd := &cobra.Command{
		Use:   "mint",
		Short: "Print a token of the running local tenant, valid or not",
		Long:  mintLong, Example: mintExamples,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			asked, err := mintRequest(env, cmd, o)
			if err != nil {
				return err
			}
			tenant, err := cli.OpenControl(env, cmd)
			if err != nil {
				return err
			}
			token, err := tenant.Mint(cmd.Context(), asked)
			if err != nil {
				return cli.ControlFault(err)
			}
			_, err = fmt.Fprintln(env.Out, token.Reveal())
			return err
		},
	}
	o.add(cmd.Flags())
	cmd.MarkFlagsMutuallyExclusive("user", "id-token", "graph")
	cmd.MarkFlagsMutuallyExclusive("user", "id-token", "graph", "agent")
	cmd.MarkFlagsMutuallyExclusive("expired", "not-yet", "expires-in")
	cmd.MarkFlagsMutuallyExclusive("scope", "id-token", "graph")
	return cmd
}

func (o *mintOptions) add(flags *pflag.FlagSet) {
	flags.SortFlags = false
	flags.StringVar(&o.client, "client", "", "the calling app: the `ID` or name of a client; the default is the tenant's first")
	flags.StringVar(&o.api, "api", "", "the API: its `URI` or ID; the default is the tenant's first")
	flags.StringVar(&o.tenant, "tenant", "", "the `ID` or domain name of the tenant, where there are several")
	flags.StringVar(&o.agent, "agent", "", "the agent identity `ID` or name, with every claim that marks it; --client is its blueprint")
	flags.StringArrayVar(&o.roles, "role", nil, "the token has this `ROLE` instead of those that were granted (repeatable)")
	flags.StringArrayVar(&o.scopes, "scope", nil, "the token has this `SCOPE`: a user's token, unless --agent is given (repeatable)")
	flags.StringVar(&o.audience, "audience", "", "the `AUDIENCE`, instead of the API's")
	flags.DurationVar(&o.expiresIn, "expires-in", 0, "expires in this `TIME`, such as 30s or -5m (1h)")
	flags.StringVar(&o.version, "version", "", "the `VERSION` of the token, 1.0 or 2.0; the default follows from the API's registration")
	flags.BoolVar(&o.user, "user", false, "a user's access token: scp, and no roles")
	flags.BoolVar(&o.id, "id-token", false, "an ID token for the client")
	flags.BoolVar(&o.graph, "graph", false, "a token for Microsoft Graph, which only Graph can validate")
	flags.StringArrayVar(&o.claims, "claim", nil, "set a claim to a text, as `NAME=VALUE` (repeatable)")
	flags.StringArrayVar(&o.claimsJSON, "claim-json", nil, "set a claim to a JSON value, as `NAME=JSON` (repeatable)")
	flags.StringArrayVar(&o.without, "without", nil, "leave out the claim `NAME` (repeatable)")
	flags.StringVar(&o.payloadFile, "payload-file", "", "sign the content of `PATH` as it is, instead of claims; - is stdin")
	flags.BoolVar(&o.expired, "expired", false, "expired an hour ago")
	flags.BoolVar(&o.notYet, "not-yet", false, "valid in an hour")
	flags.StringArrayVar(&o.header, "header", nil, "set a header to a text, as `NAME=VALUE` (repeatable)")
	flags.StringArrayVar(&o.headerJSON, "header-json", nil, "set a header to a JSON value, as `NAME=JSON` (repeatable)")
	flags.StringArrayVar(&o.withoutHeader, "without-header", nil, "leave out the header `NAME` (repeatable)")
	flags.StringVar(&o.nonce, "nonce", "", "put this `NONCE` into the header and sign another one, as Microsoft Graph does")
	flags.StringVar(&o.key, "key", "", "the `KEY` that signs: current, other, withdrawn or embedded")
	flags.StringVar(&o.alg, "alg", "", "the `ALGORITHM`: RS256, HS256, none, ...")
}

// mintRequest makes a request of the flags.
func mintRequest(env *cli.Env, cmd *cobra.Command, o mintOptions) (r mint.Request, err error) {
	// An unset variable must not mean the tenant's first client.
	if err := cli.CheckFilled(cmd.Flags()); err != nil {
		return r, err
	}
	r = mint.Request{
		Tenant: o.tenant, Client: o.client, API: o.api, Version: entra.Version(o.version),
		Key: mint.Key(o.key), Algorithm: o.alg, Nonce: o.nonce, Without: o.without, WithoutHeader: o.withoutHeader,
	}
	r.Agent, r.Roles, r.Scopes, r.Audience = o.agent, o.roles, o.scopes, o.audience
	if cmd.Flags().Changed("expires-in") {
		if r.ExpiresIn = int64(o.expiresIn / time.Second); r.ExpiresIn == 0 {
			return r, exit.Usagef("--expires-in %s is less than a second", o.expiresIn).Hint("give at least 1s, or -1s for a token that is expired")
		}
	}
	switch {
	case o.user:
		r.Kind = mint.UserToken
	case o.id:
		r.Kind = mint.IDToken
	case o.graph:
		r.Kind = mint.GraphToken
	}
	switch {
	case o.expired:
		r.Time = mint.Expired
	case o.notYet:
		r.Time = mint.NotYetValid
	}
	if r.Claims, err = jsonObject("--claim", o.claims, o.claimsJSON); err != nil {
		return r, err
	}
	if r.Header, err = jsonObject("--header", o.header, o.headerJSON); err != nil {
		return r, err
	}
	for _, text := range o.claims {
		hintAtForm(env, text)
	}
	if o.payloadFile != "" {
		payload, err := env.ReadFile(o.payloadFile, 32<<10)
		if err != nil {
			return r, exit.Usagef("--payload-file: %v", err).Wrap(err)
		}
		r.PayloadBytes = payload // an empty one is signed too
	}
	return r, nil
}

// jsonObject makes an object of NAME=VALUE and NAME=JSON; nil of neither.
func jsonObject(flag string, texts, values []string) (jsontext.Value, error) {
	var object jsonobject.Object
	add := func(flag, given string, encode func(string) ([]byte, error)) error {
		example := "for example: " + flag + " " + claimExamples()[flag]
		name, value, ok := strings.Cut(given, "=")
		switch {
		case !ok || name == "":
			return exit.Usagef("%s %s is not NAME=VALUE", flag, text.Quote(given)).Hint(example)
		case object.Has(name):
			return exit.Usagef("%s is set twice by flags", text.Quote(name)).Hint("leave one of them out")
		case !utf8.ValidString(name):
			return exit.Usagef("%s: the name %s is not UTF-8", flag, text.Quote(name))
		}
		encoded, err := encode(value)
		if err != nil {
			return exit.Usagef("%s %s: the value is not JSON: %s", flag, name, text.OneLine(err.Error(), 200)).Hint(example).Wrap(err)
		}
		object = object.Append(name, string(encoded))
		return nil
	}
	for _, given := range texts {
		if err := add(flag, given, func(s string) ([]byte, error) { return jsontext.AppendQuote(nil, s) }); err != nil {
			return nil, err
		}
	}
	for _, given := range values {
		if err := add(flag+"-json", given, compactJSON); err != nil {
			return nil, err
		}
	}
	if object == nil {
		return nil, nil
	}
	return jsontext.Value(object.String()), nil
}

// compactJSON checks that s is one JSON value with no name twice, and removes its
// white space.
func compactJSON(s string) ([]byte, error) {
	v := jsontext.Value(s)
	err := v.Compact()
	return v, err
}

var claimExamples = sync.OnceValue(func() map[string]string {
	return map[string]string{
		"--claim": "aud=api://other", "--claim-json": "'roles=[\"Data.Read\"]'",
		"--header": "kid=unknown", "--header-json": "'crit=[\"exp\"]'",
	}
})

// hintAtForm prints how to write a claim that is not a text in real tokens. A text
// may be just what is wanted.
func hintAtForm(env *cli.Env, given string) {
	name, value, _ := strings.Cut(given, "=")
	switch name {
	case "exp", "nbf", "iat":
		env.Say("hint: %s is a text now; for a number: --claim-json %s=%s", name, name, value)
	case "roles", "wids", "amr", "groups":
		env.Say("hint: %s is a text now; for a list: --claim-json '%s=[%q]'", name, name, value)
	}
}
