package probe

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"m2m/internal/call"
	"m2m/internal/entra"
	"m2m/internal/probe/forge"
	"m2m/internal/transport"
)

// Config says what is probed, and with what.
type Config struct {
	// Target is the address: an absolute http or https URL.
	Target *url.URL
	// Method is that of the requests; empty means GET. Header and Body go with
	// each of them.
	Method string
	Header http.Header
	Body   []byte
	// MCP makes each request one of the Model Context Protocol: initialize, then
	// tools/list in the session that the valid token opened. Method and Body are
	// then set here.
	MCP bool
	// Token is the valid token. It goes to Target's host and nowhere else.
	Token entra.Secret
	// AllowPlainHTTP lets the token go over plain http to another machine.
	AllowPlainHTTP bool
	// Dial connects to Target's host, with TLS if the scheme is https.
	Dial func(ctx context.Context) (net.Conn, error)
	// Keys are the public keys of the token's issuer; KeysAbsent says why there
	// are none. Cases that need them are then not tried.
	Keys       []forge.Key
	KeysAbsent string
	// Minter makes wrong tokens; with nil the family Issued is left out.
	Minter forge.Minter
	// Cases are what is tried; nil means the whole catalogue.
	Cases []forge.Case
	// Rate bounds the requests a second; 0 bounds nothing.
	Rate float64
	// Timeout bounds one request; 0 means ten seconds.
	Timeout time.Duration
	// SlowFloor is the time below which no answer is slow; 0 means half a second.
	SlowFloor time.Duration
	// OwnKey is the key that foreign tokens are signed with; nil makes one.
	OwnKey *rsa.PrivateKey
	// Listen opens the listener that forged tokens name; nil means a free port
	// of this machine.
	Listen func() (net.Listener, error)
	// Progress is called with each result as it comes; nil is not called.
	Progress func(Result)
	// Now is the clock and Sleep waits; nil means the real ones.
	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration) error
}

// checkEvery is the number of cases between two checks of the baseline.
const checkEvery = 20

// run is a probe that is under way.
type run struct {
	config   Config
	kit      *forge.Kit
	none     forge.Request // the request of the baseline, without a token
	valid    forge.Request // and with the valid one
	report   *Report
	baseline baseline
	mcp      *mcpSession // nil without Config.MCP

	next       time.Time // when the rate allows the next request
	last       string    // the case that was sent last
	sinceCheck int       // cases since the last check of the baseline

	minterChecked bool
	minterErr     error // why wrong tokens of the Minter would prove nothing
}

// Run probes. The report holds what was found, also where the error says that
// the run stopped early: a *StopError, forge.ErrNotJWT, an error of
// call.Request.Check, or the context's cause.
func Run(ctx context.Context, config Config) (*Report, error) {
	p := &run{config: config.withDefaults(), report: &Report{}}
	start := p.config.Now()
	err := p.prepare()
	if err != nil {
		return p.report, err
	}
	defer func() { _ = p.kit.Close() }() // nothing depends on it any more
	err = p.all(ctx)
	p.report.Duration = p.config.Now().Sub(start)
	return p.report, err
}

func (c Config) withDefaults() Config {
	if c.Method == "" {
		c.Method = http.MethodGet
	}
	if c.Cases == nil {
		c.Cases = forge.Catalogue()
	}
	if c.Minter == nil {
		c.Cases = slices.DeleteFunc(slices.Clone(c.Cases), func(one forge.Case) bool { return one.Family == forge.Issued })
	}
	if c.Timeout <= 0 {
		c.Timeout = 10 * time.Second
	}
	if c.SlowFloor <= 0 {
		c.SlowFloor = slowFloor
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Sleep == nil {
		c.Sleep = transport.Sleep
	}
	return c
}

// prepare checks the request and makes what forgeries are made of.
func (p *run) prepare() (err error) {
	c := p.config
	honest := call.Request{Method: c.Method, URL: c.Target, Header: c.Header, Token: c.Token, AllowPlainHTTP: c.AllowPlainHTTP}
	if err := honest.Check(true); err != nil {
		return err
	}
	p.none = forge.NewRequest(c.Method, c.Target, c.Header, c.Body)
	if c.MCP {
		p.none = mcpRequest(c.Target, c.Header)
	}
	p.valid = p.none.WithToken(c.Token.Reveal())
	p.kit, err = forge.New(forge.Config{
		Token: c.Token, Base: p.none, Keys: c.Keys, KeysAbsent: c.KeysAbsent, Minter: c.Minter, OwnKey: c.OwnKey, Listen: c.Listen, Now: c.Now,
	})
	return err
}

// all sends all cases, with the baseline before and after them.
func (p *run) all(ctx context.Context) error {
	err := p.measureBaseline(ctx)
	for i := 0; i < len(p.config.Cases) && err == nil; i++ {
		err = p.step(ctx, p.config.Cases[i])
	}
	if err == nil {
		err = p.checkBaseline(ctx)
	}
	p.addFetches()
	defer func() {
		if p.mcp != nil && p.mcp.open != nil {
			p.report.Results = append([]Result{*p.mcp.open}, p.report.Results...)
		}
		p.addOpen(err)
	}()
	for _, c := range p.config.Cases[len(p.report.Results):] {
		p.report.Results = append(p.report.Results, Result{Case: c, Outcome: NotTried, Got: "the run stopped before it"})
	}
	return err
}

// step tries one case and keeps the result.
func (p *run) step(ctx context.Context, c forge.Case) error {
	if p.sinceCheck++; p.sinceCheck > checkEvery {
		if err := p.checkBaseline(ctx); err != nil {
			return err
		}
	}
	if c.Family == forge.Issued {
		if err := p.checkMinter(ctx); err != nil {
			return err
		}
	}
	result, err := p.try(ctx, c)
	if err != nil {
		return err
	}
	p.report.Results = append(p.report.Results, result)
	if p.config.Progress != nil {
		p.config.Progress(result)
	}
	return nil
}

// checkMinter tests, once, whether the API accepts a sound token of the Minter.
func (p *run) checkMinter(ctx context.Context) error {
	if p.minterChecked || p.config.Minter == nil {
		return nil
	}
	p.minterChecked = true
	result, err := p.try(ctx, forge.SoundCase())
	switch {
	case err != nil:
		return err
	case result.Outcome == NotTried:
		p.minterErr = errors.New("the tenant makes no token for this API: " + result.Got)
	case result.Outcome != Allowed:
		p.minterErr = fmt.Errorf("a sound token of the local tenant gets %s, so that it is not the issuer of this API", result.Got)
	}
	return nil
}

// addOpen makes a finding, before all others, of an API that requires no token.
func (p *run) addOpen(err error) {
	if !errors.Is(err, ErrOpen) {
		return
	}
	c := forge.Case{
		Name: "no-token", Family: forge.NoToken, Tries: "no token at all",
		Safe: "401 or 400", Risk: forge.AnybodyIn, Fix: fixNoToken,
	}
	open := Result{Case: c, Outcome: Finding, Risk: c.Risk, Fix: c.Fix, Status: p.report.Baseline.None, Got: err.Error()}
	p.report.Results = append([]Result{open}, p.report.Results...)
}

// addFetches turns cases into findings whose address was fetched, also by an API
// that fetches after it has answered.
func (p *run) addFetches() {
	for i, r := range p.report.Results {
		if !p.kit.WasFetched(r.Case.Name) {
			continue
		}
		r.Outcome, r.Fix = Finding, forge.FixFetch
		if r.Risk.Severity() != forge.Critical {
			r.Risk = forge.AnybodyAims
		}
		r.Got += ", and the API fetched the address that the token names"
		p.report.Results[i] = r
	}
}
