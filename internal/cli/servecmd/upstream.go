package servecmd

import (
	"net/netip"
	"net/url"
	"time"

	"github.com/spf13/pflag"

	"m2m/internal/cli"
	"m2m/internal/exit"
	"m2m/internal/serve"
	"m2m/internal/text"
	"m2m/internal/transport"
)

// upstreamOptions are the flags that put the API in front of another program.
type upstreamOptions struct {
	upstream     string
	forwardToken bool
	// timeout bounds the wait for the response's first byte.
	timeout time.Duration
	// endStreams ends streams with their tokens.
	endStreams bool
	// trustedProxies are addresses or prefixes (CIDR).
	trustedProxies []string
	maxBody        int64
}

func (o *upstreamOptions) add(flags *pflag.FlagSet) {
	flags.StringVar(&o.upstream, "upstream", "", "reverse proxy: forward authenticated requests to `URL`")
	flags.BoolVar(&o.forwardToken, "forward-token", false, "with --upstream: pass the Authorization header on")
	flags.DurationVar(&o.timeout, "upstream-timeout", 30*time.Second,
		"with --upstream: how long to wait for a response to begin; 0 is for ever")
	flags.BoolVar(&o.endStreams, "end-streams-with-token", false,
		"with --upstream: end an event stream or a WebSocket when its token expires")
	flags.StringArrayVar(&o.trustedProxies, "trusted-proxy", nil,
		"with --upstream: pass on the client address headers of the proxies in `CIDR` (repeatable)")
	flags.Int64Var(&o.maxBody, "max-body", serve.DefaultMaxBody, "the size of the largest request body, in `BYTES`")
}

// target returns where authenticated requests are forwarded to; nil where the API
// answers itself.
func (o upstreamOptions) target() (*serve.Upstream, error) {
	switch {
	case o.maxBody <= 0:
		return nil, exit.Usagef("--max-body must be at least 1 byte").Hint("leave it out for 1 MiB")
	case o.timeout < 0:
		return nil, exit.Usagef("--upstream-timeout is negative: %s", o.timeout).Hint("0s is no limit; leave it out for 30s")
	case o.upstream == "" && o.endStreams:
		return nil, exit.Usagef("--end-streams-with-token needs --upstream: the API has no streams of its own").
			Hint("add --upstream http://127.0.0.1:9000, or leave it out")
	case o.upstream == "" && o.forwardToken:
		return nil, exit.Usagef("--forward-token needs --upstream: nothing is forwarded without it").
			Hint("add --upstream http://127.0.0.1:9000, or leave --forward-token out")
	case o.upstream == "" && len(o.trustedProxies) > 0:
		return nil, exit.Usagef("--trusted-proxy needs --upstream: nothing is forwarded without it").
			Hint("add --upstream http://127.0.0.1:9000, or leave --trusted-proxy out")
	case o.upstream == "":
		return nil, nil
	}
	address, err := url.Parse(o.upstream)
	if err != nil {
		// The text of url.Parse repeats the address, with a password if it has one.
		return nil, exit.Usagef("--upstream does not parse as a URL").
			Hint("for example --upstream http://127.0.0.1:9000").Wrap(serve.ErrUpstream)
	}
	proxies, err := parsePrefixes(o.trustedProxies)
	if err != nil {
		return nil, err
	}
	target := &serve.Upstream{
		URL: address, ForwardToken: o.forwardToken, TrustedProxies: proxies, Timeout: o.timeout, EndStreamsWithToken: o.endStreams,
	}
	if o.timeout == 0 {
		target.Timeout = -1 // no limit; 0 is the default there
	}
	if err := target.Check(); err != nil {
		return nil, exit.Usagef("--upstream: %v", err).Hint("for example --upstream http://127.0.0.1:9000").Wrap(err)
	}
	return target, nil
}

// parsePrefixes reads the values of --trusted-proxy. An address is a prefix of itself.
func parsePrefixes(values []string) ([]netip.Prefix, error) {
	var prefixes []netip.Prefix
	for _, value := range values {
		prefix, err := netip.ParsePrefix(value)
		if address, addressErr := netip.ParseAddr(value); addressErr == nil {
			prefix, err = address.Unmap().WithZone("").Prefix(address.Unmap().BitLen())
		}
		if err != nil {
			return nil, exit.Usagef("--trusted-proxy %s is not an address range", text.Quote(value)).
				Hint("for example --trusted-proxy 10.0.0.0/8, or --trusted-proxy 127.0.0.1").Wrap(err)
		}
		prefixes = append(prefixes, prefix.Masked())
	}
	return prefixes, nil
}

// found is what serve --check prints about the upstream. A program that does not
// answer yet is not a reason not to start.
func (o upstreamOptions) found() (string, error) {
	target, err := o.target()
	if target == nil {
		return "", err
	}
	return "authenticated requests go to " + target.URL.Redacted() + " (not contacted)", nil
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
	env.Say("forwarding authenticated requests to %s", u.URL.Redacted())
	if u.ForwardToken && u.URL.Scheme == "http" && !transport.Loopback(u.URL.Hostname()) {
		env.Say("warning: --forward-token sends tokens to %s in clear text", u.URL.Host)
	}
}
