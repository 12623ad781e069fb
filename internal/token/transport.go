package token

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"
)

// TransportConfig says how to reach servers.
type TransportConfig struct {
	// CAFile names a PEM file whose certificates are trusted beside the
	// system's roots; empty for none.
	CAFile string
	// Proxy returns the proxy for a request, as http.ProxyFromEnvironment does;
	// nil is no proxy.
	Proxy func(*http.Request) (*url.URL, error)
	// Trace receives every exchange, redacted; nil receives none. It may be
	// called from several goroutines at once.
	Trace func(Exchange)
}

// Exchange is one request and its answer as a trace shows it: no body, no
// header, no query values, no user information.
type Exchange struct {
	// Method and URL are what was asked.
	Method, URL string
	// Status is the answer's; 0 if there was none.
	Status int
	// Duration is the time to the answer's headers.
	Duration time.Duration
	// Err is why there was no answer.
	Err error
}

// String is the exchange on one line.
func (e Exchange) String() string {
	took := e.Duration.Round(time.Millisecond)
	if e.Err != nil {
		return fmt.Sprintf("%s %s: no answer after %s: %s", e.Method, e.URL, took, sentence(e.Err.Error(), maxQuoted))
	}
	return fmt.Sprintf("%s %s: %d after %s", e.Method, e.URL, e.Status, took)
}

// Transport is an http.RoundTripper with m2m's rules for proxies, roots and
// time limits. Nothing is built, and no root loaded, before the first request:
// loading them takes longer than reading a token from the cache. The zero value
// trusts the system's roots and uses no proxy. It may be used by several
// goroutines and several clients at once.
type Transport struct {
	config TransportConfig

	build sync.Once
	base  *http.Transport
	err   error
}

// NewTransport returns the transport that config describes. A CA file that
// cannot be used is the error of the first request, a *SettingError.
func NewTransport(config TransportConfig) *Transport { return &Transport{config: config} }

// RoundTrip implements http.RoundTripper.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	base, err := t.standard()
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close() // a RoundTripper always closes it; there is nobody to tell of a fault
		}
		return nil, err
	}
	return t.traced(base, req)
}

// traced sends the request through next and tells the trace of it.
func (t *Transport) traced(next http.RoundTripper, req *http.Request) (*http.Response, error) {
	if t.config.Trace == nil {
		return next.RoundTrip(req)
	}
	start := time.Now()
	resp, err := next.RoundTrip(req)
	e := Exchange{Method: req.Method, URL: redactURL(req.URL), Duration: time.Since(start), Err: err}
	if resp != nil {
		e.Status = resp.StatusCode
	}
	t.config.Trace(e)
	return resp, err
}

// CloseIdleConnections closes connections that wait for a next request.
func (t *Transport) CloseIdleConnections() {
	if base, err := t.standard(); err == nil {
		base.CloseIdleConnections()
	}
}

// standard returns the transport of net/http beneath, made at the first call.
func (t *Transport) standard() (*http.Transport, error) {
	t.build.Do(func() { t.base, t.err = newStandard(t.config) })
	return t.base, t.err
}

func newStandard(config TransportConfig) (*http.Transport, error) {
	roots, err := rootsWith(config.CAFile)
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                  config.Proxy,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    10 * time.Second,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           100,
		MaxIdleConnsPerHost:    32,
		IdleConnTimeout:        90 * time.Second,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: 256 << 10,
	}, nil
}

// errNoCertificate says that a CA file holds nothing to trust.
var errNoCertificate = errors.New("it holds no certificate in PEM form")

// maxCAFile bounds a CA bundle; the largest public ones are a quarter of it.
const maxCAFile = 4 << 20

// rootsWith returns the system's roots and those of a PEM file; nil, which
// stands for the system's, without a file.
func rootsWith(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := readBounded(file, maxCAFile)
	if err != nil {
		return nil, caFileError(file, err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("reading the system's root certificates: %w", err)
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, caFileError(file, errNoCertificate)
	}
	return roots, nil
}

func caFileError(file string, err error) error {
	return &SettingError{Setting: "CA file", Found: file, Err: err, Advice: []string{
		"give the PEM file of the certification authority with --ca-file or M2M_CA_FILE",
	}}
}

// errTooLarge says that a file holds more than its kind ever needs.
var errTooLarge = errors.New("it is too large to be what it should be")

// readBounded reads a file of at most limit bytes.
func readBounded(file string, limit int64) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, withoutPath(err)
	}
	defer func() { _ = f.Close() }() // only read from
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	switch {
	case err != nil:
		return nil, withoutPath(err)
	case int64(len(data)) > limit:
		return nil, errTooLarge
	}
	return data, nil
}

// withoutPath drops the path from a file error, because the SettingError
// around it names the file already.
func withoutPath(err error) error {
	var pathErr *os.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// redactURL returns a URL without what may be secret in it.
func redactURL(u *url.URL) string {
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	if u.RawQuery != "" {
		return shown.String() + "?[redacted]"
	}
	return shown.String()
}
