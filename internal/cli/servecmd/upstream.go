package servecmd

import (
	"net/url"

	"github.com/spf13/pflag"

	"m2m/internal/cli"
	"m2m/internal/exit"
	"m2m/internal/serve"
	"m2m/internal/transport"
)

// upstreamOptions are the flags that put the API in front of another program.
type upstreamOptions struct {
	upstream     string
	forwardToken bool
	maxBody      int64
}

func (o *upstreamOptions) add(flags *pflag.FlagSet) {
	flags.StringVar(&o.upstream, "upstream", "", "let believed callers through to the program at `URL`, and answer in its name")
	flags.BoolVar(&o.forwardToken, "forward-token", false, "with --upstream: pass the Authorization header on")
	flags.Int64Var(&o.maxBody, "max-body", serve.DefaultMaxBody, "the size of the largest request body, in `BYTES`")
}

// target returns where authenticated requests are forwarded to; nil where the API
// answers itself.
func (o upstreamOptions) target() (*serve.Upstream, error) {
	switch {
	case o.maxBody <= 0:
		return nil, exit.Usagef("--max-body must be at least 1 byte").Hint("leave it out for 1 MiB")
	case o.upstream == "" && o.forwardToken:
		return nil, exit.Usagef("--forward-token needs --upstream: nothing is forwarded without it").
			Hint("add --upstream http://127.0.0.1:9000, or leave --forward-token out")
	case o.upstream == "":
		return nil, nil
	}
	address, err := url.Parse(o.upstream)
	if err != nil {
		// The text of url.Parse repeats the address, with a password if it has one.
		return nil, exit.Usagef("--upstream does not parse as a URL").
			Hint("for example --upstream http://127.0.0.1:9000").Wrap(serve.ErrUpstream)
	}
	target := &serve.Upstream{URL: address, ForwardToken: o.forwardToken}
	if err := target.Check(); err != nil {
		return nil, exit.Usagef("--upstream: %v", err).Hint("for example --upstream http://127.0.0.1:9000").Wrap(err)
	}
	return target, nil
}

// found is what serve --check prints about the upstream. A program that does not
// answer yet is not a reason not to start.
func (o upstreamOptions) found() (string, error) {
	target, err := o.target()
	if target == nil {
		return "", err
	}
	return "believed callers reach " + target.URL.Redacted() + ", which was not asked", nil
}

// settings completes target with how it is reached. The upstream's certificate
// is verified as the tenant's is: with the system's roots and --ca-file.
func (o upstreamOptions) settings(t *transport.Transport) (*serve.Upstream, error) {
	target, err := o.target()
	if target == nil {
		return nil, err
	}
	direct, err := t.Direct(0)
	if err != nil {
		return nil, err
	}
	through := serve.UpstreamTransport()
	through.TLSClientConfig = direct.TLSClientConfig
	target.Transport = through
	return target, nil
}

// announceUpstream prints where authenticated requests go.
func announceUpstream(env *cli.Env, u *serve.Upstream) {
	if u == nil {
		return
	}
	env.Say("believed callers reach %s", u.URL.Redacted())
	if u.ForwardToken && u.URL.Scheme == "http" && !transport.Loopback(u.URL.Hostname()) {
		env.Say("warning: --forward-token sends tokens to %s in clear text", u.URL.Host)
	}
}
