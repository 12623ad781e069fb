package doctorcmd

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"m2m/internal/call"
	"m2m/internal/cli"
	"m2m/internal/entra"
	"m2m/internal/exit"
	"m2m/internal/explain"
	"m2m/internal/jwks"
	"m2m/internal/settings"
	"m2m/internal/text"
	"m2m/internal/token"
	"m2m/internal/transport"
	"m2m/internal/verify"
)

// The steps, in their order.
const (
	stepSettings   = "settings"
	stepProxy      = "proxy"
	stepDNS        = "dns"
	stepTLS        = "tls"
	stepDiscovery  = "discovery"
	stepClock      = "clock"
	stepKeys       = "keys"
	stepCredential = "credential"
	stepToken      = "token"
	stepClaims     = "claims"
	stepAPI        = "api"
)

// Bounds of single steps.
const (
	// lookupTime is for a name, and for the answer to one request.
	lookupTime = 10 * time.Second
	// maxSkew is the difference of clocks that validation tolerates, and clockSkew
	// the one that a person should know of.
	maxSkew   = 5 * time.Minute
	clockSkew = 30 * time.Second
	// certificateWarning is how long before its end a certificate is warned of.
	certificateWarning = 30 * 24 * time.Hour
	// maxDiscovery bounds a discovery document, in bytes.
	maxDiscovery = 512 << 10
)

// doctor is one run.
type doctor struct {
	env     *cli.Env
	cmd     *cobra.Command
	o       options
	address string // of the API as it was given; empty if none was
	steps   *Steps

	session   *cli.Session
	date      time.Time // of the response's Date header
	received  time.Time
	keys      *jwks.Tenants
	token     entra.Secret
	byMachine bool // a managed identity: the identity provider is not asked for its token
}

// run makes every step.
func (d *doctor) run(ctx context.Context) {
	d.steps.Run(stepSettings, nil, d.settings)
	way := []string{stepSettings, stepProxy, stepDNS}
	d.reach(ctx)
	d.steps.Run(stepTLS, way, func() (Finding, error) { return d.tls(ctx) })
	d.steps.Run(stepDiscovery, []string{stepTLS}, func() (Finding, error) { return d.discovery(ctx) })
	d.steps.Run(stepClock, []string{stepTLS}, d.clock)
	d.steps.Run(stepKeys, []string{stepDiscovery}, func() (Finding, error) { return d.fetchKeys(ctx) })
	d.steps.Run(stepCredential, []string{stepSettings}, d.credential)
	needs := []string{stepCredential, stepDiscovery}
	if d.byMachine {
		needs = []string{stepCredential}
	}
	d.steps.Run(stepToken, needs, func() (Finding, error) { return d.acquire(ctx) })
	d.steps.Run(stepClaims, []string{stepToken, stepKeys}, func() (Finding, error) { return d.claims(ctx) })
	if d.session != nil && d.address == "" && d.session.Settings.APIURL.From.Layer == settings.LayerDefault {
		d.steps.NotReached(stepAPI, "no URL was given: m2m doctor URL")
		return
	}
	d.steps.Run(stepAPI, []string{stepToken}, func() (Finding, error) { return d.call(ctx) })
}

func (d *doctor) settings() (Finding, error) {
	use := settings.Uses{Credential: true, Call: true, APIURL: d.address == "" || cli.IsPath(d.address)}
	session, err := cli.Open(d.env, d.cmd, use)
	if err != nil {
		return Finding{}, err
	}
	d.session = session
	s := session.Settings
	d.byMachine = s.Credential.Kind == settings.KindManagedIdentity
	return Finding{Found: text.Plural(len(sources(s)), "setting"), Details: sources(s)}, session.Missing()
}

// sources lists the settings with where each came from.
func sources(s *settings.Settings) (lines []string) {
	add := func(name, value string, from settings.Source) {
		if value != "" {
			lines = append(lines, fmt.Sprintf("%s %s, from %s", name, value, from))
		}
	}
	add("tenant", s.Tenant.Value, s.Tenant.From)
	add("client", s.Client.Value, s.Client.From)
	if s.Credential.Kind != settings.KindNone {
		add(string(s.Credential.Kind), cmp.Or(s.Credential.File, "[redacted]"), s.Credential.From)
	}
	add("scope", s.Scope.Value, s.Scope.From)
	add("authority host", s.Authority.Value, s.Authority.From)
	add("audience", strings.Join(s.Audiences.Value, ", "), s.Audiences.From)
	add("required role", strings.Join(s.Roles.Value, ", "), s.Roles.From)
	add("API", s.APIURL.Value, s.APIURL.From)
	add("extra CA", s.CAFile.Value, s.CAFile.From)
	return lines
}

// discoveryURL is the first address that is asked.
func (d *doctor) discoveryURL() *url.URL {
	u, err := url.Parse(d.session.Settings.AuthorityURL().Discovery(entra.V2))
	if err != nil {
		return &url.URL{} // unreachable: the settings were resolved
	}
	return u
}

// reach finds the way to the identity provider: through a proxy, or by its address.
func (d *doctor) reach(ctx context.Context) {
	if d.session == nil {
		d.steps.Run(stepDNS, []string{stepSettings}, nil)
		return
	}
	u := d.discoveryURL()
	proxy, err := d.session.ProxyFor(u)
	if err != nil || proxy != nil {
		d.steps.Run(stepProxy, []string{stepSettings}, func() (Finding, error) { return d.proxy(ctx, proxy, err) })
		return
	}
	d.steps.Run(stepDNS, []string{stepSettings}, func() (Finding, error) { return d.lookup(ctx, u.Hostname()) })
}

func (d *doctor) proxy(ctx context.Context, proxy *url.URL, err error) (Finding, error) {
	if err != nil {
		return Finding{}, exit.Usagef("%v", err).Wrap(err)
	}
	shown := proxy.Scheme + "://" + proxy.Host
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	port := cmp.Or(proxy.Port(), map[string]string{"http": "80", "https": "443"}[proxy.Scheme], "1080")
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(proxy.Hostname(), port))
	if err != nil {
		return Finding{Found: shown}, unreachable(transport.Diagnose(proxy.Host, err))
	}
	return Finding{Found: shown + " accepts connections"}, conn.Close()
}

// unreachable is the error of a step that got no answer.
func unreachable(err error) error { return exit.Errorf(exit.Unknown, "%v", err).Wrap(err) }

func (d *doctor) lookup(ctx context.Context, host string) (Finding, error) {
	if transport.Loopback(host) {
		return Finding{Found: host + " is this machine"}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	addresses, err := (&net.Resolver{}).LookupHost(ctx, host)
	if err != nil {
		return Finding{Found: host}, unreachable(transport.Diagnose(host, err))
	}
	return Finding{Found: host + " is " + strings.Join(addresses[:min(len(addresses), 3)], ", ")}, nil
}

// tls asks the identity provider for anything at all: every answer shows that the
// way is open and that its certificate is trusted.
func (d *doctor) tls(ctx context.Context) (Finding, error) {
	u := d.discoveryURL()
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	var state *tls.ConnectionState
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			if conn, ok := info.Conn.(interface{ ConnectionState() tls.ConnectionState }); ok {
				found := conn.ConnectionState()
				state = &found
			}
		},
	})
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return Finding{}, err
	}
	client := transport.WithoutRedirects(&http.Client{Transport: d.session.Transport})
	response, err := client.Do(request)
	if err != nil {
		if errors.Is(err, transport.ErrCAFile) {
			return Finding{Found: u.Host}, err
		}
		return Finding{Found: u.Host}, unreachable(transport.Diagnose(u.Host, err))
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, maxDiscovery))
	_ = response.Body.Close()
	d.received = d.env.Now()
	d.date, _ = http.ParseTime(response.Header.Get("Date"))
	if state == nil || len(state.PeerCertificates) == 0 {
		return Finding{Found: u.Host + " answers"}, nil
	}
	leaf := state.PeerCertificates[0]
	return Finding{Found: fmt.Sprintf("%s, certificate issued by %s, valid to %s", tls.VersionName(state.Version),
		text.Quote(cmp.Or(leaf.Issuer.CommonName, leaf.Issuer.String())), text.Time(leaf.NotAfter))}, nil
}

// discovery reads the tenant's document as the other commands do.
func (d *doctor) discovery(ctx context.Context) (Finding, error) {
	s := d.session.Settings
	if s.Tenant.Value == "" {
		return Finding{}, exit.Usagef("no tenant is configured").Hint("set TENANT_ID")
	}
	address := s.AuthorityURL().Discovery(entra.V2)
	_, _, err := transport.Fetch(ctx, transport.WithoutRedirects(&http.Client{Transport: d.session.Transport}), address,
		transport.Limits{Time: lookupTime, Bytes: maxDiscovery})
	status := (*transport.StatusError)(nil)
	switch {
	case errors.As(err, &status) && status.Status == http.StatusBadRequest:
		return Finding{Found: address}, exit.Errorf(exit.Provider, "the identity provider knows no tenant %s", s.Tenant.Value).
			Hint("compare TENANT_ID with the Directory (tenant) ID in the Entra admin center, Overview", "check --cloud and AZURE_AUTHORITY_HOST").
			Wrap(err)
	case err != nil:
		return Finding{Found: address}, unreachable(err)
	}
	return Finding{Found: address}, nil
}

// clock compares this machine's clock with the identity provider's.
func (d *doctor) clock() (Finding, error) {
	if d.date.IsZero() {
		return Finding{Found: "not compared: the response has no Date header"}, nil
	}
	skew := d.received.Sub(d.date).Truncate(time.Second)
	direction := "ahead of"
	if skew < 0 {
		direction = "behind"
	}
	words := fmt.Sprintf("this machine's clock is %s %s the identity provider's", text.Duration(skew.Abs()), direction)
	switch {
	case skew.Abs() <= 2*time.Second: // a Date header has whole seconds
		return Finding{Found: "agrees with the identity provider's"}, nil
	case skew.Abs() > maxSkew:
		return Finding{Found: text.Time(d.received)}, exit.Errorf(exit.Unknown, "%s: assertions and tokens are out of their time", words).
			Hint("set the clock, and keep it by NTP: timedatectl set-ntp true")
	case skew.Abs() > clockSkew:
		return Finding{Found: text.Time(d.received), Warning: words, Hints: []string{"keep the clock by NTP: timedatectl set-ntp true"}}, nil
	}
	return Finding{Found: words}, nil
}

func (d *doctor) fetchKeys(ctx context.Context) (Finding, error) {
	s := d.session.Settings
	options := jwks.MetadataOptions{HTTP: &http.Client{Transport: d.session.Transport}, Now: d.env.Now}
	metadata, err := jwks.NewMetadata(s.AuthorityURL(), options)
	if err != nil {
		return Finding{}, exit.Usagef("%v", err).Wrap(err)
	}
	d.keys = jwks.NewTenants(metadata)
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	if err := d.keys.Fetch(ctx, entra.V2); err != nil {
		return Finding{}, unreachable(err)
	}
	count := 0
	for _, state := range d.keys.State() {
		count += state.Keys
	}
	return Finding{Found: text.Plural(count, "signing key")}, nil
}

// credential looks at the credential without sending it.
func (d *doctor) credential() (Finding, error) {
	credential, err := d.session.Check(d.o.how)
	if err != nil {
		return Finding{}, err
	}
	finding := Finding{Found: fmt.Sprintf("%v", credential)}
	if end, ok := token.ExpiryOf(credential); ok {
		if left := end.Sub(d.env.Now()); left < certificateWarning {
			finding.Warning = "the certificate expires in " + text.Duration(left.Truncate(time.Minute))
			finding.Hints = []string{"make a new one and upload it under Certificates & secrets before that"}
		}
	}
	return finding, nil
}

// acquire gets a new token.
func (d *doctor) acquire(ctx context.Context) (Finding, error) {
	got, err := d.session.Acquire(ctx, d.o.how.Uncached())
	if err != nil {
		return Finding{}, err
	}
	d.token = got.Access
	return Finding{Found: fmt.Sprintf("for %s, expires in %s", d.session.Settings.Scope.Value,
		text.Duration(got.ExpiresOn.Sub(d.env.Now()).Truncate(time.Second)))}, nil
}

// claims validates the token as the API would with these settings. What they do not
// say is not checked.
func (d *doctor) claims(ctx context.Context) (Finding, error) {
	s := d.session.Settings
	policy := verify.Policy{Tenants: []string{s.Tenant.Value}, Audiences: s.Audiences.Value, Roles: s.Roles.Value}
	if len(policy.Audiences) == 0 {
		var complete bool
		policy.Audiences, complete = entra.Audiences(s.Scope.Value, s.Client.Value)
		policy.AudienceIncomplete = len(policy.Audiences) > 0 && !complete
	}
	verifier, err := verify.New(policy, d.keys, verify.Options{Now: d.env.Now})
	if err != nil {
		return Finding{}, exit.Usagef("%v", err).Wrap(err)
	}
	report := explain.Report(verifier.Report(ctx, d.token.Reveal()), explain.Judged{Text: d.token, Flags: cli.TokenFlags(d.cmd)})
	finding := Finding{Found: claimsOf(report)}
	for _, f := range report.Findings {
		switch f.Status {
		case verify.Fail:
			code := exit.Rejected
			return finding, exit.Errorf(code, "%s: %s", f.Check, cmp.Or(f.Cause, string(f.Reason))).Hint(cli.WithoutEmpty([]string{f.Fix})...)
		case verify.Unknown:
			if finding.Warning == "" {
				finding.Warning = fmt.Sprintf("%s: %s", f.Check, cmp.Or(f.Cause, string(f.Reason)))
				finding.Hints = cli.WithoutEmpty([]string{f.Fix})
			}
		}
	}
	return finding, nil
}

// claimsOf names what an API decides by.
func claimsOf(report *verify.Report) string {
	if report.Token == nil {
		return ""
	}
	roles := "no roles"
	if len(report.Token.Roles) > 0 {
		roles = "roles " + strings.Join(report.Token.Roles, ", ")
	}
	return fmt.Sprintf("audience %s, %s", cmp.Or(report.Token.Audience, "(not one string)"), roles)
}

// call sends a GET request to the API. API_URL alone may be the address of nothing
// that answers.
func (d *doctor) call(ctx context.Context) (Finding, error) {
	s := d.session.Settings
	request, err := d.session.Request(cli.RequestFlags{}, d.address)
	if err != nil {
		return Finding{}, err
	}
	request.Token = d.token
	shown := "GET " + call.DisplayAddress(request.URL.String())
	if err := request.Check(true); err != nil {
		return Finding{Found: shown}, cli.CannotSend(err)
	}
	ctx, cancel := context.WithTimeout(ctx, d.o.how.Timeout)
	defer cancel()
	answer, err := (&call.Client{Transport: d.session.Transport, Now: d.env.Now}).Do(ctx, request)
	if err != nil {
		return Finding{Found: shown}, cli.NoAnswer(err, s, d.address)
	}
	defer answer.Close()
	unmet := answer.Evaluate().Err()
	if unmet == nil {
		return Finding{Found: shown + ": " + answer.StatusText()}, nil
	}
	why := explain.Explain(answer, cli.ContextOf(d.cmd, request, s, "", nil))
	isNoEndpoint := answer.Status == http.StatusNotFound || answer.Status == http.StatusMethodNotAllowed || why.Code == explain.CodeRedirected
	if d.address == "" && isNoEndpoint {
		return Finding{Found: shown + ": " + answer.StatusText(), Warning: "API_URL is the address of the API, and not of an endpoint",
			Hints: []string{"name one: m2m doctor /PATH"}}, nil
	}
	return Finding{Found: shown}, d.env.Unexpected(unmet, "", why)
}
