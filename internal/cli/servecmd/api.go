package servecmd

import (
	"cmp"
	"context"
	"errors"
	"log"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"m2m/internal/cli"
	"m2m/internal/entra"
	"m2m/internal/exit"
	"m2m/internal/jwks"
	"m2m/internal/local"
	"m2m/internal/serve"
	"m2m/internal/settings"
	"m2m/internal/transport"
	"m2m/internal/verify"
)

// How the garbage collector keeps the memory of the API, unless GOMEMLIMIT and GOGC
// are set.
const (
	// memoryLimit is what the garbage collector keeps the heap and the stacks
	// below, in bytes: 10,000 cached tokens and 2,000 connections fit in it, and
	// with the program itself they stay below 96 MiB.
	memoryLimit = 82 << 20
	// gcPercent lets the heap grow to five times what is in use before the limit is
	// near: a collection reads every cached token, which slows requests.
	gcPercent = 400
)

// api is the protected API of this process, ready to run.
type api struct {
	env    *cli.Env
	policy verify.Policy
	keys   *jwks.Tenants
	// release closes the connections to the tenant that wait for a next request.
	release func()
	server  serve.Server
	// upstream is nil where the API answers itself.
	upstream  *serve.Upstream
	tls       bool
	metadata  metadataOptions
	resources []serve.Resource
	// metrics are served at metricsListener; nil: at /metrics of the API itself.
	metrics         http.Handler
	metricsListener net.Listener
}

// place is where an API listens.
type place struct {
	// origin is the socket's.
	origin string
	// local says that it is next to a local tenant.
	local bool
	log   *slog.Logger
}

// newAPI puts the API together. What would make it reject or accept every caller is
// found here and not by the first caller.
func newAPI(env *cli.Env, s *settings.Settings, o options, at place) (*api, error) {
	policy, transport := o.Policy(s), cli.NewTransport(env, s, nil)
	keys, verifier, err := newVerifier(env, s, o, transport)
	if err != nil {
		return nil, err
	}
	if err := transport.Check(); err != nil {
		return nil, err
	}
	resources, err := o.metadataOptions.identifiers(at.origin, at.local)
	if err != nil {
		return nil, err
	}
	log.SetFlags(0)
	log.SetOutput(serve.NetLogger(at.log).Writer()) // net/http's own, of what upstreams send unasked
	upstream, err := o.upstreamOptions.settings(transport)
	if err != nil {
		return nil, err
	}
	handler, err := serve.New(serve.Config{
		Verifier:          verifier,
		Ready:             func(ctx context.Context) error { return keys.Fetch(ctx, entra.V2) },
		Logger:            at.log,
		AccessLog:         o.accessLog,
		LogClaims:         o.claims(),
		ExplainRejections: o.explainRejections,
		Policy:            policy,
		Version:           strings.Fields(cli.Version())[0],
		TokenCommand:      tokenCommandFor(policy, at.local),
		Discovery:         o.metadataOptions.discovery(s, policy, keys, resources),
		MetricsHint:       "--metrics-addr serves metrics to others",
		Upstream:          upstream,
		MaxBody:           o.maxBody,
		Keys:              keys.State,
		MetricsApart:      o.metricsAddr != "",
		Now:               env.Now,
	})
	if err != nil {
		return nil, explainResources(err)
	}
	certificate, err := o.certificate(at.log, env.Now)
	if err != nil {
		return nil, err
	}
	metricsListener, err := listenMetrics(o.metricsAddr)
	if err != nil {
		return nil, err
	}
	keepMemory(env)
	server := serve.Server{
		Handler: handler, Logger: at.log, TLS: certificate,
		DrainTimeout: max(o.drain, 1), DrainDelay: o.drainDelay, Draining: handler.Drain, Stopping: handler.EndStreams,
	}
	o.Warn(env)
	if o.explainRejections {
		env.Say("warning: --explain-rejections: every caller can read why a token is rejected, attackers too")
	}
	return &api{env: env, policy: policy, keys: keys, release: transport.CloseIdleConnections, server: server,
		upstream: upstream, tls: certificate != nil, metadata: o.metadataOptions, resources: resources,
		metrics: handler.Metrics(), metricsListener: metricsListener}, nil
}

func keepMemory(env *cli.Env) {
	if _, set := env.Lookup("GOMEMLIMIT"); !set {
		debug.SetMemoryLimit(memoryLimit)
	}
	if _, set := env.Lookup("GOGC"); !set {
		debug.SetGCPercent(gcPercent)
	}
}

// newVerifier puts together what decides about tokens.
func newVerifier(env *cli.Env, s *settings.Settings, o options, t *transport.Transport) (*jwks.Tenants, *verify.Verifier, error) {
	policy := o.Policy(s)
	if err := cmp.Or(checkPolicy(policy, s), o.checkDurations()); err != nil {
		return nil, nil, err
	}
	var tenants []*jwks.Metadata
	for _, tenant := range policy.Tenants {
		authority := entra.Authority{Origin: s.Authority.Value, Tenant: tenant}
		metadata, err := jwks.NewMetadata(authority, jwks.MetadataOptions{HTTP: &http.Client{Transport: t}, Now: env.Now, KeyGrace: o.grace()})
		if err != nil {
			return nil, nil, exit.Usagef("%v", err).Wrap(err)
		}
		tenants = append(tenants, metadata)
	}
	keys := jwks.NewTenants(tenants...)
	verifier, err := verify.New(policy, keys, verify.Options{Now: env.Now, CacheBytes: verify.DefaultCacheBytes})
	if err != nil {
		return nil, nil, exit.Usagef("%v", err).Wrap(err)
	}
	return keys, verifier, nil
}

// checkPolicy rejects a policy that cannot decide.
func checkPolicy(policy verify.Policy, s *settings.Settings) error {
	noAudience := errors.Is(policy.Complete(), verify.ErrAudienceUnset)
	if err := s.CheckPolicy(noAudience); err != nil {
		return err
	}
	if policy.AudienceIncomplete && !policy.AnyAudience {
		return exit.Usagef("the audience of %s is not known: a v2.0 token for it carries the API's client ID, a GUID that cannot be "+
			"derived from its name", s.Scope.Value).
			Hint(
				"set API_AUDIENCE to the API's Application (client) ID (portal: App registrations, the API, Overview)",
				"if its tokens are v1.0, set API_AUDIENCE="+policy.Audiences[0],
				"to see the audience of a token: m2m token | m2m verify",
			)
	}
	return nil
}

// announce prints where the API is and who may call it.
func (api *api) announce(listener net.Listener) {
	say := api.env.Say
	say("listening on %s%s", local.Origin(listener, api.tls), api.path())
	announceUpstream(api.env, api.upstream)
	say("tokens of the tenant %s for %s", strings.Join(api.policy.Tenants, " or "), strings.Join(api.policy.Audiences, " or "))
	api.announceCallers()
	api.metadata.announceMetadata(api.env, api.resources)
	if host, _, _ := net.SplitHostPort(listener.Addr().String()); !api.tls && !transport.Loopback(host) {
		say("warning: plain http can be reached from other machines, and tokens travel unencrypted")
		say("hint: give --tls-cert and --tls-key, unless a proxy in front of m2m ends TLS")
	}
}

// startWait bounds how long the start waits for the keys.
const startWait = 10 * time.Second

// fetchKeys fetches the keys before the first request needs them. The API starts without
// them too, because the issuer may be back soon.
func (api *api) fetchKeys(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	if err := api.keys.Fetch(ctx, entra.V2); err != nil {
		api.env.Say("warning: the signing keys cannot be fetched: %s", jwks.ErrorText(err))
		api.env.Say("hint: requests get 503 until they can; m2m serve --check --debug shows the requests")
	}
}

// path is the one to try; empty where all paths are the upstream's.
func (api *api) path() string {
	if api.upstream != nil {
		return ""
	}
	return "/secure-data"
}

func (api *api) announceCallers() {
	joiner := " or "
	if api.policy.RequireAll {
		joiner = " and "
	}
	say := api.env.Say
	switch {
	case len(api.policy.Roles) > 0:
		say("apps need the role %s", strings.Join(api.policy.Roles, joiner))
	case len(api.policy.Scopes) == 0 && len(api.policy.Clients) == 0:
		say("warning: no role is required, so any app of the tenant may call")
		say("hint: give --require-role NAME, or set REQUIRED_ROLES")
	}
	cli.WarnAboutScopes(api.env, api.policy)
	if api.policy.AllowUser && len(api.policy.Scopes) == 0 {
		switch {
		case len(api.policy.Roles) > 0:
			say("users need the role %s, as apps do", strings.Join(api.policy.Roles, joiner))
		default:
			say("warning: --allow-user: any user of the tenant may call")
		}
	}
	if api.policy.RequireAgent {
		say("only agent identities may call; their tokens look like any app's unless the API's registration asks for " +
			"the optional claims xms_par_app_azp and xms_act_fct")
	}
	if len(api.policy.Scopes) > 0 {
		say("users need the scope %s", strings.Join(api.policy.Scopes, joiner))
	}
}

// tokenCommandFor is the command that prints a token for an API with this policy,
// or empty if the policy does not say which API it is.
func tokenCommandFor(p verify.Policy, local bool) string {
	if local {
		return "m2m token --local"
	}
	if len(p.Audiences) == 0 || p.AnyAudience {
		return ""
	}
	return "m2m token --scope " + p.Audiences[0] + "/.default"
}

// listenMetrics opens --metrics-addr; nil where that is not given.
func listenMetrics(address string) (net.Listener, error) {
	if address == "" {
		return nil, nil
	}
	return local.Listen(address, "--metrics-addr")
}

// serveMetrics starts to serve the metrics at --metrics-addr, if that is given,
// in plain http, for everyone who can reach the address.
func (api *api) serveMetrics(ctx context.Context, group *errgroup.Group) {
	if api.metricsListener == nil {
		return
	}
	api.env.Say("metrics at http://%s/metrics, for everyone who can reach it", api.metricsListener.Addr())
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", api.metrics)
	server := serve.Server{Handler: mux, Logger: api.server.Logger}
	group.Go(func() error { return server.Serve(ctx, api.metricsListener) })
}

// close frees the address of the metrics of an API that never ran.
func (api *api) close() error {
	if api.metricsListener == nil {
		return nil
	}
	return api.metricsListener.Close()
}
