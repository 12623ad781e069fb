package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"m2m/internal/entra"
	"m2m/internal/issuer"
)

// proxyVariable is where programs look for the proxy of https addresses. The
// local tenant's settings hold its own under this name; a .env cannot.
const proxyVariable = "HTTPS_PROXY"

// interception opens the tenant's proxy, on a free port: whoever uses it learns
// its address with its password, which is new for each run.
func (a *app) interception(o serveOptions, onTunnel func(issuer.TunnelRequest)) (*issuer.Interception, error) {
	if !o.intercept {
		return nil, nil
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("no port is free for --intercept: %w", err)
	}
	return &issuer.Interception{Listener: listener, Parent: a.proxy, OnTunnel: onTunnel}, nil
}

// tunnelLine prints what became of one request to the proxy for a host that is
// not the tenant's.
func (a *app) tunnelLine(r issuer.TunnelRequest) {
	outcome := "tunnelled"
	if r.Status != http.StatusOK {
		outcome = fmt.Sprintf("refused with HTTP %d: %s", r.Status, entra.OneLine(r.Reason, 200))
	}
	a.say("%s proxy request: %q: %s", r.Time.UTC().Format(time.TimeOnly), r.Target, outcome)
}

// logTunnel is the same for machines. Its names are stable.
func logTunnel(logger *slog.Logger, r issuer.TunnelRequest) {
	if r.Status == http.StatusOK {
		logger.Info("tunnel opened", "target", r.Target, "status", r.Status)
		return
	}
	logger.Warn("tunnel refused", "target", r.Target, "status", r.Status, "reason", r.Reason)
}

// caVariables are the names by which common runtimes take a bundle of roots.
func caVariables() []string {
	return []string{"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"}
}

// interceptVariables are what makes programs use the tenant's proxy and trust
// what answers behind it; none without --intercept.
func (r *localRun) interceptVariables(lookup func(string) (string, bool), roots string) localSettings {
	if r.issuer.ProxyURL().IsZero() {
		return nil
	}
	proxy := r.issuer.ProxyURL().Reveal()
	exceptions := withoutLoginHosts(withoutProxy(lookup))
	variables := localSettings{
		proxyVariable: proxy,
		"https_proxy": proxy, // where both are set, some programs read only this one
		"NO_PROXY":    exceptions,
		"no_proxy":    exceptions,
		// Node.js heeds the variables above only if told so, from 22.21 and 24.5 on:
		// https://nodejs.org/api/cli.html#node_use_env_proxy1
		"NODE_USE_ENV_PROXY": "1",
	}
	for _, name := range caVariables() {
		variables[name] = roots
	}
	return variables
}

// withoutLoginHosts takes the members out of a NO_PROXY list that would lead a
// program past the tenant's proxy, to Microsoft itself. Programs read such
// lists in different ways; the widest counts. The proxy itself still heeds the
// caller's list for the tunnels it opens.
func withoutLoginHosts(list string) string {
	members := slices.DeleteFunc(strings.Split(list, ","), func(member string) bool {
		name := strings.ToLower(strings.TrimLeft(strings.TrimSpace(member), "*."))
		if host, _, err := net.SplitHostPort(name); err == nil {
			name = host
		}
		return name == "" || issuer.IsLoginHost(name) ||
			slices.ContainsFunc(issuer.LoginHosts(), func(host string) bool { return strings.HasSuffix(host, "."+name) })
	})
	return strings.Join(members, ",")
}

// throughTenant returns how requests go out beside a tenant that intercepts:
// those for the login hosts through its proxy, all others as usual. An empty
// address is that of no such tenant.
func throughTenant(address entra.Secret, usual func(*http.Request) (*url.URL, error)) func(*http.Request) (*url.URL, error) {
	if address.IsZero() {
		return usual
	}
	proxy, err := url.Parse(address.Reveal())
	if err != nil {
		err = errors.New("the address of the local tenant's proxy does not parse") // it holds a password
	}
	return func(r *http.Request) (*url.URL, error) {
		if issuer.IsLoginHost(r.URL.Hostname()) {
			return proxy, err
		}
		return usual(r)
	}
}
