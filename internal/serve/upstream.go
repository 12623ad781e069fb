package serve

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"
)

// Upstream is a program that answers in the API's place, behind its gate.
type Upstream struct {
	// URL is its address: http or https, a host, and a path that is put in front
	// of the request's. Required.
	URL *url.URL
	// Transport sends the requests. Nil is a transport with the time-outs of
	// [UpstreamTransport].
	Transport http.RoundTripper
	// ForwardToken passes the Authorization header on. Without it the upstream
	// never sees a token that it could use, log or lose.
	ForwardToken bool
	// IdleTimeout ends an exchange in which no byte moves, either way. Zero is
	// 30 s.
	IdleTimeout time.Duration
}

// ErrUpstream says that an upstream's address cannot be used.
var ErrUpstream = errors.New("the upstream's address is not http or https, a host, and perhaps a port and a path")

// Check says whether requests can be sent to the upstream. The error is
// ErrUpstream, which does not repeat the address.
func (u Upstream) Check() error {
	if u.URL == nil || u.URL.Scheme != "http" && u.URL.Scheme != "https" || u.URL.Hostname() == "" || u.URL.User != nil ||
		u.URL.RawQuery != "" || u.URL.Fragment != "" || hasDotSegment(u.URL.EscapedPath()) {
		return ErrUpstream
	}
	return nil
}

// errUpstream says what an upstream did instead of answering.
var errUpstream = errors.New("the upstream did not answer")

// UpstreamTransport returns a transport for one host behind this one: no proxy
// of the environment, many idle connections, and answers as they were encoded.
func UpstreamTransport() *http.Transport {
	return &http.Transport{
		DialContext:            (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:    5 * time.Second,
		ResponseHeaderTimeout:  30 * time.Second,
		ExpectContinueTimeout:  time.Second,
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConns:           512,
		MaxIdleConnsPerHost:    512,
		MaxResponseHeaderBytes: 256 << 10,
		DisableCompression:     true,
		ForceAttemptHTTP2:      true,
	}
}

// proxy answers with what the upstream answers.
func (u Upstream) proxy(log *slog.Logger) http.Handler {
	transport := u.Transport
	if transport == nil {
		transport = UpstreamTransport()
	}
	reverse := &httputil.ReverseProxy{
		Rewrite:        u.rewrite,
		Transport:      transport,
		ModifyResponse: modifyResponse,
		ErrorHandler:   upstreamFailed,
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if fault := targetFault(r); fault != "" {
			Problem{Status: http.StatusBadRequest, Detail: fault}.write(w, r)
			return
		}
		w, r = patiently(w, r, u.idleTimeout())
		reverse.ServeHTTP(w, r)
	})
}

// targetFault says why a request's target cannot be put behind the upstream's
// path; empty if it can. "GET x:y" is a URL without a path, whose rest would be
// sent as the target as it is, and CONNECT (RFC 9110 section 9.3.6) asks for a
// tunnel.
func targetFault(r *http.Request) string {
	switch {
	case r.Method == http.MethodConnect, r.URL.Opaque != "":
		return "the target of the request is not a path"
	case hasDotSegment(r.URL.EscapedPath()):
		return "the path has a segment . or .."
	}
	return ""
}

func (u Upstream) idleTimeout() time.Duration {
	if u.IdleTimeout > 0 {
		return u.IdleTimeout
	}
	return 30 * time.Second
}

// rewrite makes the request that the upstream gets. ReverseProxy has removed the
// hop-by-hop headers before, and those that the caller's Connection header
// names, so that nothing set here can be taken out again from outside.
func (u Upstream) rewrite(p *httputil.ProxyRequest) {
	p.SetURL(u.URL)
	h := p.Out.Header
	stripVouched(h)
	p.SetXForwarded()
	if !strings.EqualFold(h.Get("Upgrade"), "websocket") {
		// Another protocol may carry requests, which nobody would judge: HTTP/2
		// in clear text does. A server may ignore Upgrade (RFC 9110 section 7.8).
		delete(h, "Upgrade")
		delete(h, "Connection")
	}
	p.Out.Trailer = nil // some servers put trailers among the headers (RFC 9110 section 6.5.1)
	if token, believed := TokenFrom(p.In.Context()); believed {
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

// modifyResponse leaves the headers that this side sets to this side.
func modifyResponse(answer *http.Response) error {
	for _, name := range ownHeaders() {
		answer.Header.Del(name)
	}
	return nil
}

// ownHeaders are those of each answer that are never an upstream's.
func ownHeaders() [2]string { return [...]string{"X-Request-Id", "X-Content-Type-Options"} }

// upstreamFailed answers where the upstream did not: 504 when it took too long,
// 413 when the caller sent too much, else 502. What failed stays in the log.
func upstreamFailed(w http.ResponseWriter, r *http.Request, err error) {
	if x := exchangeOf(r); x != nil {
		x.failed = err
	}
	timeout, tooLarge := net.Error(nil), (*http.MaxBytesError)(nil)
	switch {
	case errors.As(err, &tooLarge):
		w.Header().Set("Connection", "close")
		tooLargeProblem(tooLarge.Limit).write(w, r)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		Problem{Status: http.StatusGatewayTimeout, Detail: errUpstream.Error() + " in time"}.write(w, r)
	default:
		Problem{Status: http.StatusBadGateway, Detail: errUpstream.Error()}.write(w, r)
	}
}

// hasDotSegment finds "." and ".." however they are escaped, also between
// escaped slashes and backslashes: with a path in the upstream's URL they lead
// out of it.
func hasDotSegment(escaped string) bool {
	folded := strings.NewReplacer("%2e", ".", "%2E", ".", "%2f", "/", "%2F", "/", "%5c", "/", "%5C", "/", `\`, "/").Replace(escaped)
	for segment := range strings.SplitSeq(folded, "/") {
		segment, _, _ = strings.Cut(segment, ";") // path parameters, as Java servers read them
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

// patiently lets an exchange last for as long as bytes move: the server's own
// time-outs are for whole requests and would cut a stream.
func patiently(w http.ResponseWriter, r *http.Request, idle time.Duration) (http.ResponseWriter, *http.Request) {
	control := http.NewResponseController(w)
	p := &patient{ResponseWriter: w, control: control, idle: idle}
	for i, name := range ownHeaders() {
		p.own[i] = w.Header()[name]
	}
	p.moved()
	if r.Body == nil || r.Body == http.NoBody {
		return p, r
	}
	body := &patientBody{ReadCloser: r.Body, control: control, idle: idle}
	r = r.WithContext(r.Context()) // a copy: the body belongs to the caller's
	r.Body = body
	return p, r
}

// patient is a writer whose deadline begins anew with every write.
type patient struct {
	http.ResponseWriter
	control *http.ResponseController
	idle    time.Duration
	// own are the values of ownHeaders.
	own [2][]string
}

// WriteHeader sets our headers anew: ReverseProxy clears all of them after each
// informational answer (1xx) of the upstream's.
func (p *patient) WriteHeader(status int) {
	for i, name := range ownHeaders() {
		p.Header()[name] = p.own[i]
	}
	p.ResponseWriter.WriteHeader(status)
}

// moved moves the deadline: the upstream may take as long to begin its answer
// as it may pause in it, and the answer needs time to leave.
func (p *patient) moved() { _ = p.control.SetWriteDeadline(time.Now().Add(2 * p.idle)) }

func (p *patient) Write(b []byte) (int, error) {
	p.moved()
	return p.ResponseWriter.Write(b)
}

// Unwrap implements what http.ResponseController looks for.
func (p *patient) Unwrap() http.ResponseWriter { return p.ResponseWriter }

// patientBody is a body whose deadline begins anew with every read.
type patientBody struct {
	io.ReadCloser
	control *http.ResponseController
	idle    time.Duration
	// ended is set once the body was read whole. From then on net/http waits on
	// the connection for its end, and a read deadline would be that end.
	ended bool
}

func (b *patientBody) Read(p []byte) (int, error) {
	if !b.ended {
		_ = b.control.SetReadDeadline(time.Now().Add(b.idle))
	}
	n, err := b.ReadCloser.Read(p)
	b.ended = b.ended || err != nil
	return n, err
}
