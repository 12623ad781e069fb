package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"m2m/internal/entra"
	"m2m/internal/explain"
	"m2m/internal/jwks"
	"m2m/internal/jwt"
	"m2m/internal/verify"
)

// Errors of [New].
var (
	ErrNoVerifier = errors.New("the API has no verifier")
	ErrRealm      = errors.New("the realm is not printable ASCII without quotes")
)

// DefaultMaxBody is the size of the largest request body, in bytes.
const DefaultMaxBody = 1 << 20

// Config is what an [API] is made of. Only Verifier is required.
type Config struct {
	// Verifier validates the tokens.
	Verifier *verify.Verifier
	// Ready returns why tokens cannot be validated now; nil means that they
	// always can. Every GET /readyz calls it with a limit of two seconds, so it
	// should send no request while the keys are fresh, as jwks.Metadata.Fetch does.
	Ready func(context.Context) error
	// Logger gets one line for every rejected or failed request. Nil discards
	// them.
	Logger *slog.Logger
	// AccessLog writes one line for every other request too, except
	// health probes.
	AccessLog bool
	// LogClaims names claims of valid tokens to add to those lines. It switches
	// AccessLog on. An absent claim is logged as null, so that all lines have the
	// same members.
	LogClaims []string
	// ExplainRejections tells callers every check that their token did not pass.
	// For development: it tells those who forge tokens too.
	ExplainRejections bool
	// Realm names the API in challenges. Empty is "m2m".
	Realm string
	// Policy is the Verifier's policy, for the API's document and the challenges.
	// It decides nothing.
	Policy verify.Policy
	// Version is the build, for the API's document.
	Version string
	// TokenCommand is a command that prints a token for the API, for its document.
	// Empty means none.
	TokenCommand string
	// MetricsHint tells a caller on another machine how to get the metrics. Empty
	// is nothing.
	MetricsHint string
	// Upstream answers every path except the API's own /auth, /healthz and
	// /readyz. Nil is an API without an upstream.
	Upstream *Upstream
	// MaxBody bounds request bodies, in bytes. Zero is DefaultMaxBody.
	MaxBody int64
	// Keys are the states of the key sets, for the metrics. Nil leaves them out.
	Keys func() []jwks.State
	// MetricsApart says that API.Metrics is served elsewhere, so that /metrics is
	// not a route. Otherwise /metrics answers callers on this machine.
	MetricsApart bool
	// Discovery is what clients find out without a token: the metadata of the API, and
	// what challenges say of it.
	Discovery Discovery
	// Now is the clock of the log's durations. Nil is time.Now.
	Now func() time.Time
}

// API answers the routes of "m2m serve". It is safe for concurrent use.
type API struct {
	config    Config
	log       *slog.Logger
	challenge challenge
	document  []byte
	metrics   *metrics
	draining  atomic.Bool
	routes    map[string]methods
	streams   streams // of the upstream
	// upstream answers paths that have no route; nil answers them with 404.
	upstream http.Handler
}

// New makes an API. The error is ErrNoVerifier, ErrUpstream, ErrResourcePath, or wraps
// ErrRealm.
func New(c Config) (*API, error) {
	switch {
	case c.Verifier == nil:
		return nil, ErrNoVerifier
	case strings.ContainsFunc(c.Realm, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }):
		return nil, fmt.Errorf("%w: %q", ErrRealm, c.Realm)
	}
	if err := c.Discovery.check(); err != nil {
		return nil, err
	}
	if c.Upstream != nil {
		if err := c.Upstream.Check(); err != nil {
			return nil, err
		}
	}
	if c.MaxBody == 0 {
		c.MaxBody = DefaultMaxBody
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	c.AccessLog = c.AccessLog || len(c.LogClaims) > 0
	a := &API{config: c, log: loggerOrDiscard(c.Logger), challenge: challenge{realm: c.Realm, policy: c.Policy, discovery: c.Discovery}}
	a.challenge.scopes = a.scopes()
	if c.ExplainRejections {
		a.challenge.report = func(r *http.Request, token entra.Secret) *verify.Report {
			return explain.Report(c.Verifier.Report(r.Context(), token.Reveal()), explain.Judged{Situation: explain.HTTPAnswer, Text: token})
		}
	}
	document, err := describe(c)
	if err != nil {
		return nil, err
	}
	a.document, a.routes = document, a.routeTable()
	if c.Upstream != nil {
		a.upstream = a.protected(c.Upstream.proxy(a.log, &a.streams), a.reject)
	}
	rest := otherRoute
	if a.upstream != nil {
		rest = upstreamRoute
	}
	a.metrics = newMetrics(append(slices.Collect(maps.Keys(a.routes)), wellKnownRoute), rest)
	return a, nil
}

// routeTable maps paths to handlers. Paths are exact: none is cleaned, redirected
// or matched by a prefix.
func (a *API) routeTable() map[string]methods {
	routes := map[string]methods{
		authRoute:  {anyMethod: a.rejectLookalikes(a.ownProtected(http.HandlerFunc(forwardAuth), a.rejectForward))},
		"/healthz": {http.MethodGet: withoutAccessLog(typed(healthy))},
		"/readyz":  {http.MethodGet: withoutAccessLog(typed(a.ready))},
	}
	if a.config.Upstream != nil {
		return routes // all other paths are the upstream's
	}
	routes["/secure-data"] = methods{http.MethodGet: a.ownProtected(typed(secureData), a.reject)}
	routes["/"] = methods{http.MethodGet: http.HandlerFunc(toPage)}
	routes["/openapi.json"] = methods{http.MethodGet: http.HandlerFunc(a.openAPI)}
	maps.Copy(routes, pageRoutes())
	if !a.config.MetricsApart {
		routes["/metrics"] = methods{http.MethodGet: withoutAccessLog(localOnly(a.config.MetricsHint, a.Metrics()))}
	}
	return routes
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{id: requestID(r), started: a.config.Now(), answer: recorder{ResponseWriter: w}}
	r = withExchange(r, x)
	answer := &x.answer
	answer.Header()["X-Request-Id"] = []string{x.id}
	answer.Header()["X-Content-Type-Options"] = []string{"nosniff"}
	defer a.finish(x, r)
	defer a.recoverPanic(x, r)
	if r.ContentLength > a.config.MaxBody {
		answer.Header().Set("Connection", "close")
		tooLargeProblem(a.config.MaxBody).write(answer, r)
		return
	}
	if !isToken(r.Method) {
		// HTTP/2 has room for spaces and more in a method (RFC 9110 section 9.1).
		Problem{Status: http.StatusBadRequest, Detail: "the method is not a token"}.write(answer, r)
		return
	}
	if r.Body == nil || r.Body == http.NoBody {
		a.dispatch(answer, r)
		return
	}
	body := &requestBody{ReadCloser: http.MaxBytesReader(w, r.Body, a.config.MaxBody)}
	r.Body = body
	a.dispatch(answer, r)
	if !x.forwarded && !body.ended && r.ProtoMajor == 1 {
		// net/http would wait for up to 256 KiB of a body that no handler read before it
		// sends the response. What has arrived it still discards.
		_ = http.NewResponseController(answer).SetReadDeadline(time.Unix(1, 0))
	}
}

// requestBody knows whether it was read to its end. From then on net/http itself reads
// the connection, and a deadline would end it.
type requestBody struct {
	io.ReadCloser
	ended bool
}

func (b *requestBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.ended = b.ended || err != nil
	return n, err
}

// finish counts a request and logs it.
func (a *API) finish(x *exchange, r *http.Request) {
	route := r.URL.Path
	if a.config.Discovery.isWellKnown(route) {
		route = wellKnownRoute
	}
	a.metrics.count(route, x, a.config.Now().Sub(x.started))
	a.logRequest(x, r)
}

func (a *API) dispatch(w http.ResponseWriter, r *http.Request) {
	if a.config.Discovery.isWellKnown(r.URL.Path) {
		a.serveWellKnown(w, r)
		return
	}
	route, found := a.routes[r.URL.Path]
	if !found && a.upstream != nil {
		a.upstream.ServeHTTP(w, r)
		return
	}
	if !found {
		Problem{Status: http.StatusNotFound, Detail: "there is nothing at this path"}.write(w, r)
		return
	}
	if handler := route.handler(r.Method); handler != nil {
		handler.ServeHTTP(w, r)
		return
	}
	// A token in the wrong place is worse than a wrong method: report it first.
	if sent, err := Bearer(r); errors.Is(err, ErrMalformed) {
		a.reject(w, r, sent, err)
		return
	}
	w.Header().Set("Allow", route.allow())
	Problem{Status: http.StatusMethodNotAllowed, Detail: "this path answers " + route.allow()}.write(w, r)
}

// protected requires a valid token before next.
func (a *API) protected(next http.Handler, reject rejectFunc) http.Handler {
	return require(a.validate, next, reject)
}

// ownProtected is protected for the API's own routes, which reject a second token in
// a form body. An upstream's bodies are its own business.
func (a *API) ownProtected(next http.Handler, reject rejectFunc) http.Handler {
	return a.protected(rejectFormToken(next, reject), reject)
}

// validate runs the verifier and measures its time.
func (a *API) validate(ctx context.Context, token string) (*jwt.Token, error) {
	started := a.config.Now()
	valid, err := a.config.Verifier.Verify(ctx, token)
	a.metrics.verification.Observe(a.config.Now().Sub(started))
	return valid, err
}

func (a *API) reject(w http.ResponseWriter, r *http.Request, token entra.Secret, why error) {
	a.recordRejection(r, token, why)
	a.challenge.reject(w, r, token, why)
}

// recordRejection keeps the reason of a rejection for the log.
func (a *API) recordRejection(r *http.Request, token entra.Secret, why error) {
	x := exchangeOf(r)
	x.rejected = why
	if !token.IsZero() && a.log.Enabled(r.Context(), slog.LevelWarn) {
		// After an error the part that could be read is still useful in a log.
		x.claimed, _ = jwt.Decode(token.Reveal())
	}
}
