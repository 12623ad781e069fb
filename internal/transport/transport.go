package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"m2m/internal/text"
)

// Config says how to reach servers.
type Config struct {
	// CAFile names a PEM file whose certificates are trusted in addition to
	// the system's roots; empty for none.
	CAFile string
	// Proxy returns the proxy for a request, as [Proxies.For] does; nil is no proxy.
	Proxy func(*http.Request) (*url.URL, error)
	// CheckProxy says what is wrong with the settings of Proxy; nil for nothing.
	CheckProxy func() error
	// Trace receives every exchange, redacted; nil receives none. It may be
	// called from several goroutines at once.
	Trace func(Exchange)
	// Warn receives what is wrong with the CA file although it can be used, once; nil
	// receives nothing.
	Warn func(line string)
}

// Transport is an http.RoundTripper with m2m's rules for proxies, roots and
// time limits. Nothing is built, and no root loaded, before the first request:
// loading them takes longer than reading a token from the cache. The zero value
// trusts the system's roots and uses no proxy. It may be used by several
// goroutines and several clients at once.
type Transport struct {
	config Config

	build sync.Once
	base  *http.Transport
	err   error
	// unread are the blocks of the CA file that cannot be read.
	unread []string
}

// New returns the transport that config describes. A CA file that cannot be
// used is the error of the first request, a *CAFileError.
func New(config Config) *Transport { return &Transport{config: config} }

// Check reads the CA file, if there is one, and the settings of the proxy, so that a
// command which will need them can refuse to start. The error is a *CAFileError or a
// *ProxySettingError.
func (t *Transport) Check() error {
	if t.config.CheckProxy != nil {
		if err := t.config.CheckProxy(); err != nil {
			return err
		}
	}
	if t.config.CAFile == "" {
		return nil
	}
	_, err := t.standard()
	return err
}

// RoundTrip implements http.RoundTripper. Its errors are those of net/http, for
// [Diagnose], and *CAFileError.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	base, err := t.standard()
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close() // a RoundTripper always closes it; the error that matters is the other one
		}
		return nil, err
	}
	resp, err := t.traced(base, req)
	if err != nil && len(t.unread) > 0 && faultOf(err) == FaultUnknownCA {
		err = &UnreadRootError{t.config.CAFile, t.unread, err}
	}
	return resp, err
}

// Traced returns next with this transport's trace around it.
func (t *Transport) Traced(next http.RoundTripper) http.RoundTripper { return tracer{t, next} }

// Direct returns a transport of net/http's own for servers on this machine:
// the same roots, no proxy, no trace, and a time limit for connecting: off Azure
// nothing answers at the address of a managed identity.
func (t *Transport) Direct(connect time.Duration) (*http.Transport, error) {
	base, err := t.standard()
	if err != nil {
		return nil, err
	}
	direct := base.Clone()
	direct.Proxy = nil
	direct.DialContext = DialContext(&net.Dialer{Timeout: connect})
	return direct, nil
}

// CloseIdleConnections closes connections that wait for a next request.
func (t *Transport) CloseIdleConnections() {
	if base, err := t.standard(); err == nil {
		base.CloseIdleConnections()
	}
}

// standard returns the transport of net/http beneath, made at the first call.
func (t *Transport) standard() (*http.Transport, error) {
	t.build.Do(func() {
		var roots *x509.CertPool
		if roots, t.unread, t.err = rootsWith(t.config.CAFile); t.err == nil {
			t.base = newStandard(t.config, roots)
		}
		for _, block := range t.unread {
			if t.config.Warn != nil {
				t.config.Warn("CA file " + text.QuoteGiven(t.config.CAFile) + ": " + block)
			}
		}
	})
	return t.base, t.err
}

func newStandard(config Config, roots *x509.CertPool) *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                  notForLocalhost(config.Proxy),
		OnProxyConnectResponse: refusedTunnel,
		DialContext:            DialContext(dialer),
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    10 * time.Second,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           100,
		MaxIdleConnsPerHost:    32,
		IdleConnTimeout:        90 * time.Second,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: 256 << 10,
	}
}

// refusedTunnel returns an error that names the proxy: net/http's own is only the
// text of its status, such as "Forbidden", which reads like the server's.
func refusedTunnel(_ context.Context, proxy *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	return &tunnelError{proxy.Host, answer.Status, ProxySchemes(answer.Header)}
}
