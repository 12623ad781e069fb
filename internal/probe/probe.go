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
	// Token is the valid token. It goes to Target's host and nowhere else.
	Token entra.Secret
	// AllowPlainHTTP lets the token go over plain http to another machine.
	AllowPlainHTTP bool
	// Dial connects to Target's host, with TLS if the scheme is https.
	Dial func(ctx context.Context) (net.Conn, error)
	// Keys are the public keys of the token's issuer; KeysAbsent says why there
	// are none. Cases that need them are then not tried.
	Keys       []Key
	KeysAbsent string
	// Minter makes wrong tokens; with nil the family Issued is left out.
	Minter Minter
	// Cases are what is tried; nil means the Catalogue.
	Cases []Case
	// Rate is the most requests a second; 0 means 20.
	Rate float64
	// Timeout bounds one request; 0 means ten seconds.
	Timeout time.Duration
	// SlowFloor is what no answer is called slow below; 0 means half a second.
	SlowFloor time.Duration
	// OwnKey is the key that foreign tokens are signed with; nil makes one.
	OwnKey *rsa.PrivateKey
	// Listen opens the listener that forged tokens name; nil means a free port
	// of this machine.
	Listen func() (net.Listener, error)
	// Progress is told each result as it comes; nil is told nothing.
	Progress func(Result)
	// Now is the clock and Sleep waits; nil means the real ones.
	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration) error
}

// checkEvery is the number of cases between two checks of the baseline.
const checkEvery = 20

// prober is one run.
type prober struct {
	config   Config
	kit      *kit
	report   *Report
	baseline baseline

	next          time.Time // when the rate allows the next request
	last          string    // the case that was sent last
	sinceCheck    int
	minterChecked bool
}

// Run probes. The report holds what was found, also where the error says that
// the run stopped early: a *StopError, ErrNotJWT, what call.Request.Check says
// of the request, or the context's cause.
func Run(ctx context.Context, config Config) (*Report, error) {
	p := &prober{config: config.withDefaults(), report: &Report{}}
	start := p.config.Now()
	err := p.prepare()
	if err != nil {
		return p.report, err
	}
	defer func() { _ = p.kit.canary.close() }() // nothing depends on it any more
	err = p.run(ctx)
	p.report.Duration = p.config.Now().Sub(start)
	return p.report, err
}

func (c Config) withDefaults() Config {
	if c.Method == "" {
		c.Method = http.MethodGet
	}
	if c.Cases == nil {
		c.Cases = Catalogue()
	}
	if c.Minter == nil {
		c.Cases = slices.DeleteFunc(slices.Clone(c.Cases), func(one Case) bool { return one.Family == Issued })
	}
	if c.Rate <= 0 {
		c.Rate = 20
	}
	if c.Timeout <= 0 {
		c.Timeout = 10 * time.Second
	}
	if c.SlowFloor <= 0 {
		c.SlowFloor = slowFloor
	}
	if c.Listen == nil {
		c.Listen = loopback
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Sleep == nil {
		c.Sleep = sleep
	}
	return c
}

// prepare checks the request and makes what forgeries are made of.
func (p *prober) prepare() (err error) {
	c := p.config
	honest := call.Request{Method: c.Method, URL: c.Target, Header: c.Header, Token: c.Token, AllowPlainHTTP: c.AllowPlainHTTP}
	if err := honest.Check(true); err != nil {
		return err
	}
	if p.kit, err = newKit(c.Token); err != nil {
		return err
	}
	p.kit.base, p.kit.minter, p.kit.now = newRequest(c.Method, c.Target, c.Header, c.Body), c.Minter, c.Now
	p.kit.take(c.Keys, c.KeysAbsent)
	if err := p.kit.makeKeys(c.OwnKey); err != nil {
		return err
	}
	listener, err := c.Listen()
	if err != nil {
		return fmt.Errorf("the listener that forged tokens name: %w", err)
	}
	p.kit.canary = newCanary(listener, p.kit)
	return nil
}

// run goes through the cases, the baseline first and last.
func (p *prober) run(ctx context.Context) error {
	err := p.establish(ctx)
	for i := 0; i < len(p.config.Cases) && err == nil; i++ {
		err = p.step(ctx, p.config.Cases[i])
	}
	if err == nil {
		err = p.recheck(ctx)
	}
	p.noteVisits()
	defer p.noteOpen(err)
	for _, c := range p.config.Cases[len(p.report.Results):] {
		p.report.Results = append(p.report.Results, Result{Case: c, Outcome: NotTried, Came: "the run stopped before it"})
	}
	return err
}

// step tries one case and keeps the result.
func (p *prober) step(ctx context.Context, c Case) error {
	if p.sinceCheck++; p.sinceCheck > checkEvery {
		if err := p.recheck(ctx); err != nil {
			return err
		}
	}
	if c.Family == Issued {
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

// checkMinter sees, once, whether the API takes a sound token of the Minter's.
func (p *prober) checkMinter(ctx context.Context) error {
	if p.minterChecked || p.kit.minter == nil {
		return nil
	}
	p.minterChecked = true
	result, err := p.try(ctx, soundCase())
	switch {
	case err != nil:
		return err
	case result.Outcome == NotTried:
		p.kit.minter = refusingMinter{errors.New("the tenant makes no token for this API: " + result.Came)}
	case result.Outcome != Allowed:
		p.kit.minter = refusingMinter{fmt.Errorf("a sound token of the local tenant gets %s, so that it is not the issuer of this API", result.Came)}
	}
	return nil
}

// refusingMinter makes nothing, and says why.
type refusingMinter struct{ why error }

// Mint returns the reason.
func (m refusingMinter) Mint(context.Context, Wrong) (entra.Secret, error) {
	return entra.Secret{}, m.why
}

// noteOpen makes a finding, before all others, of an API that asks for no token.
func (p *prober) noteOpen(err error) {
	if !errors.Is(err, ErrOpen) {
		return
	}
	c := Case{Name: "no-token", Family: Door, Tries: "no token at all", Severity: Critical, Fix: fixDoor}
	open := Result{Case: c, Outcome: Finding, Severity: c.Severity, Fix: c.Fix, Status: p.report.Baseline.None, Came: err.Error()}
	p.report.Results = append([]Result{open}, p.report.Results...)
}

// noteVisits turns into findings what the listener saw, also of an API that
// fetches after it has answered.
func (p *prober) noteVisits() {
	for i, r := range p.report.Results {
		if !p.kit.canary.wasVisited(r.Case.Name) {
			continue
		}
		r.Outcome, r.Fix = Finding, fixFetch
		if r.Severity != Critical {
			r.Severity = High
		}
		r.Came += ", and the API fetched the address that the token names"
		p.report.Results[i] = r
	}
}
