package probecmd

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"m2m/internal/cli"
	"m2m/internal/entra"
	"m2m/internal/exit"
	"m2m/internal/local"
	"m2m/internal/probe/forge"
	"m2m/internal/tenant/control"
	"m2m/internal/tenant/mint"
	"m2m/internal/text"
	"m2m/internal/transport"
)

// mayProbe rejects an API on another machine unless the caller allowed it and
// confirmed the name of its host.
func (r *run) mayProbe() error {
	host := r.config.Target.Hostname()
	p := r.o
	switch {
	case transport.Loopback(host):
		return nil
	case !p.remote:
		return exit.Usagef("%s is not this machine, and a probe sends it forged tokens", text.Quote(host)).
			Hint("if you may test it, add --remote")
	case p.confirm != "":
		if text.LowerASCII(p.confirm) != text.LowerASCII(host) {
			return exit.Usagef("--confirm names %s, but the address is on %s", text.Quote(p.confirm),
				text.Quote(host)).Hint("nothing was sent")
		}
		return nil
	case !cli.IsTerminal(r.session.Env.Stdin) || !cli.IsTerminal(r.session.Env.Stderr):
		return exit.Usagef("no terminal to confirm that %s may be probed", text.Quote(host)).
			Hint("if it may, name it: --confirm " + text.Printable(host))
	}
	return r.ask(host)
}

// ask has the caller type the name of the host: a bare yes could be meant for another
// one. A signal ends the wait.
func (r *run) ask(host string) error {
	r.session.Env.Say("this sends about %d requests to %s, most of them with forged tokens, at most %g a second",
		len(r.config.Cases)+len(r.config.Cases)/10, host, r.config.Rate)
	r.session.Env.Say("its operators may take that for an attack; go on only if you may test it")
	fmt.Fprint(r.session.Env.Stderr, "m2m: type the host's name to go on: ")
	typed := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(io.LimitReader(r.session.Env.Stdin, 1024)).ReadString('\n') // without a line end at the end of the input
		typed <- line
	}()
	select {
	case <-r.session.Env.Done:
		return context.Canceled
	case line := <-typed:
		if text.LowerASCII(strings.TrimSpace(line)) != text.LowerASCII(host) {
			return exit.Usagef("that is not %s; nothing was sent", text.Quote(host))
		}
	}
	return nil
}

// dialer connects to the API directly. A proxy could repair or reject what the probe
// sends, and its responses would count as the API's.
func (r *run) dialer() (func(context.Context) (net.Conn, error), error) {
	target := r.config.Target
	if r.session.Env.Proxy != nil {
		if proxy, err := r.session.Env.Proxy(&http.Request{URL: target}); err == nil && proxy != nil && !transport.Loopback(target.Hostname()) {
			return nil, exit.Usagef("the environment sends requests to %s through a proxy, whose answers a probe would take for the API's",
				text.Quote(target.Hostname())).
				Hint("if the API can be reached without it, add the host to NO_PROXY")
		}
	}
	direct, err := r.session.Transport.Direct(10 * time.Second)
	if err != nil {
		return nil, err
	}
	port := target.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[target.Scheme]
	}
	address := net.JoinHostPort(target.Hostname(), port)
	if target.Scheme == "http" {
		return func(ctx context.Context) (net.Conn, error) { return direct.DialContext(ctx, "tcp", address) }, nil
	}
	config := direct.TLSClientConfig.Clone()
	config.ServerName, config.NextProtos = target.Hostname(), []string{"http/1.1"}
	return func(ctx context.Context) (net.Conn, error) {
		conn, err := direct.DialContext(ctx, "tcp", address)
		if err != nil {
			return nil, err
		}
		secure := tls.Client(conn, config)
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
			return nil, err
		}
		return secure, nil
	}, nil
}

// localMinter has the running local tenant make wrong tokens.
type localMinter struct{ tenant *control.Client }

// Mint implements forge.Minter.
func (m localMinter) Mint(ctx context.Context, w forge.WrongToken) (entra.Secret, error) {
	token, err := m.tenant.Mint(ctx, mint.Request{
		API: w.API, Client: w.Client, Kind: mint.Kind(w.Kind), Version: entra.Version(w.Version),
		Time: mint.Time(w.Time), Key: mint.Key(w.Key), Claims: []byte(w.Claims), Header: []byte(w.Header), Without: w.Without,
	})
	return token, cli.ControlFault(err)
}

// minter returns the local tenant with --local or in a child command of serve --local,
// else nil.
func (r *run) minter(cmd *cobra.Command) (forge.Minter, error) {
	withLocal, _ := cmd.Flags().GetBool("local")
	if _, under := r.session.Env.Lookup(local.ControlURLVariable); !withLocal && !under {
		return nil, nil
	}
	tenant, err := cli.OpenControl(r.session.Env, cmd)
	if err != nil {
		return nil, err
	}
	return localMinter{tenant}, nil
}
