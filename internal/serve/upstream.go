package serve

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"m2m/internal/transport"
)

// Upstream is a server behind the gate that answers instead of the API.
type Upstream struct {
	// URL is its address: http or https, a host, and a prefix for the request's path.
	// Required.
	URL *url.URL
	// Transport sends the requests. Nil is a transport with the time-outs of
	// [UpstreamTransport].
	Transport http.RoundTripper
	// TrustedProxies are the addresses of proxies in front of the gate. Their headers
	// about the client's address are passed on, and their X-Forwarded-For is extended.
	// From everyone else none of these headers reaches the upstream.
	TrustedProxies []netip.Prefix
	// ForwardToken passes the Authorization header on. Without it the upstream
	// never gets a token that it could use, log or leak.
	ForwardToken bool
	// Timeout bounds the wait for the first byte of the response; nothing bounds a
	// response that has begun. Zero is 30 s, negative no bound.
	Timeout time.Duration
	// EndStreamsWithToken ends an event stream or a WebSocket when the token that opened
	// it expires.
	EndStreamsWithToken bool
}

// ErrUpstream says that an upstream's address cannot be used.
var ErrUpstream = errors.New("the upstream's address is not http or https, a host, and perhaps a port and a path")

// Check reports whether requests can be sent to the upstream. The error is
// ErrUpstream, which does not repeat the address.
func (u Upstream) Check() error {
	if u.URL == nil || u.URL.Scheme != "http" && u.URL.Scheme != "https" || u.URL.Hostname() == "" || u.URL.User != nil ||
		u.URL.RawQuery != "" || u.URL.Fragment != "" || hasDotSegment(u.URL.EscapedPath()) {
		return ErrUpstream
	}
	return nil
}

// noAnswer is all that a caller learns about an upstream's fault.
const noAnswer = "the upstream did not answer"

// UpstreamTransport returns a transport for one upstream host: no proxy from the
// environment, many idle connections, and responses as they were encoded. It waits
// for responses without a limit, because Upstream.Timeout bounds them.
func UpstreamTransport() *http.Transport {
	return &http.Transport{
		DialContext:            transport.DialContext(&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}),
		TLSHandshakeTimeout:    5 * time.Second,
		ExpectContinueTimeout:  time.Second,
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConns:           512,
		MaxIdleConnsPerHost:    512,
		MaxResponseHeaderBytes: 256 << 10,
		DisableCompression:     true,
		ForceAttemptHTTP2:      true,
	}
}

// proxy returns the reverse proxy, whose streams are added to running.
func (u Upstream) proxy(log *slog.Logger, running *streams) http.Handler {
	transport := u.Transport
	if transport == nil {
		transport = UpstreamTransport()
	}
	reverse := &httputil.ReverseProxy{
		Rewrite:        u.rewrite,
		Transport:      transport,
		ModifyResponse: func(answer *http.Response) error { return u.modifyResponse(answer, running) },
		BufferPool:     &copyBuffers{},
		ErrorHandler:   upstreamFailed,
		ErrorLog:       NetLogger(log),
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if fault := targetFault(r); fault != "" {
			Problem{Status: http.StatusBadRequest, Detail: fault}.write(w, r)
			return
		}
		exchangeOf(r).forwarded = true
		withIdleTimeout(w, r, u.firstByte(), reverse)
	})
}

// targetFault returns why a request's target cannot be appended to the upstream's
// path; empty if it can. "GET x:y" is a URL without a path that would be sent as it
// is, and CONNECT (RFC 9110 section 9.3.6) asks for a tunnel.
func targetFault(r *http.Request) string {
	switch {
	case r.Method == http.MethodConnect, r.URL.Opaque != "":
		return "the target of the request is not a path"
	case hasDotSegment(r.URL.EscapedPath()):
		return "the path has a segment . or .., or hides one"
	}
	return ""
}

// firstByte is Timeout as withIdleTimeout reads it.
func (u Upstream) firstByte() time.Duration {
	if u.Timeout == 0 {
		return 30 * time.Second
	}
	return max(u.Timeout, 0)
}

// rewrite prepares the upstream's request. ReverseProxy has already removed the
// hop-by-hop headers and those that the caller's Connection header names, so that a
// caller cannot remove what is set here.
func (u Upstream) rewrite(p *httputil.ProxyRequest) {
	p.SetURL(u.URL)
	h := p.Out.Header
	stripIdentity(h, u.trusts(p.In.RemoteAddr))
	u.setForwarded(p)
	if !strings.EqualFold(h.Get("Upgrade"), "websocket") {
		// Another protocol may carry requests that nobody validates, as HTTP/2 in
		// clear text does. A server may ignore Upgrade (RFC 9110 section 7.8).
		delete(h, "Upgrade")
		delete(h, "Connection")
	}
	p.Out.Trailer = nil // some servers put trailers among the headers (RFC 9110 section 6.5.1)
	if token, ok := TokenFrom(p.In.Context()); ok {
		setIdentity(h, token)
	}
	if !u.ForwardToken {
		delete(h, "Authorization")
	}
	if x := exchangeOf(p.In); x != nil {
		h["X-Request-Id"] = []string{x.id}
		x.trace(p.In).passOn(h)
	}
}

// modifyResponse removes the headers that only the gate may set, and watches streams.
func (u Upstream) modifyResponse(answer *http.Response, running *streams) error {
	for _, name := range ownHeaders() {
		answer.Header.Del(name)
	}
	if answer.Request == nil || !isStream(answer) {
		return nil
	}
	ctx := answer.Request.Context()
	timer, ok := ctx.Value(idleTimerKey{}).(*idleTimer)
	if !ok {
		return nil
	}
	var until time.Time
	if token, ok := TokenFrom(ctx); ok && u.EndStreamsWithToken {
		until = token.ExpiresAt
	}
	running.watch(answer, until, timer.cancel)
	return nil
}

// ownHeaders are the response headers that only the gate sets.
func ownHeaders() [2]string { return [...]string{"X-Request-Id", "X-Content-Type-Options"} }

// upstreamFailed answers when the upstream did not. A caller that sent too much gets
// 413, and one that did not send its whole request 408 (RFC 9110 section 15.5.9).
func upstreamFailed(w http.ResponseWriter, r *http.Request, err error) {
	ended, tooLarge := context.Cause(r.Context()), (*http.MaxBytesError)(nil)
	switch {
	case errors.As(err, &tooLarge):
		w.Header().Set("Connection", "close")
		tooLargeProblem(tooLarge.Limit).write(w, r)
	case ended != nil && !errors.Is(ended, errSilent):
		w.Header().Set("Connection", "close")
		Problem{Status: http.StatusRequestTimeout, Detail: "the request did not arrive whole in time"}.write(w, r)
	default:
		upstreamProblem(w, r, cmp.Or(ended, err))
	}
}

// upstreamProblem answers 504 if the upstream took too long, else 502. The cause is
// only logged.
func upstreamProblem(w http.ResponseWriter, r *http.Request, why error) {
	if x := exchangeOf(r); x != nil {
		x.failed = why
	}
	timeout := net.Error(nil)
	if errors.Is(why, errSilent) || errors.As(why, &timeout) && timeout.Timeout() {
		Problem{Status: http.StatusGatewayTimeout, Detail: noAnswer + " in time"}.write(w, r)
		return
	}
	Problem{Status: http.StatusBadGateway, Detail: noAnswer}.write(w, r)
}
