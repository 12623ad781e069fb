package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"m2m/internal/entra"
	"m2m/internal/verify"
)

// What [New] refuses.
var (
	ErrNoVerifier = errors.New("the API has no verifier")
	ErrRealm      = errors.New("the realm is not printable ASCII without quotes")
)

// DefaultMaxBody is the size of the largest request body, in bytes.
const DefaultMaxBody = 1 << 20

// Config is what an [API] is made of. Only Verifier is required.
type Config struct {
	// Verifier decides who is let in.
	Verifier *verify.Verifier
	// Ready says why tokens cannot be decided about now; nil means that they
	// always can. Every GET /readyz asks it and gives it two seconds, so it
	// should send nothing while all is well, as verify.Metadata.Fetch does.
	Ready func(context.Context) error
	// Logger gets one line for every refusal and every fault. Nil discards
	// them.
	Logger *slog.Logger
	// AccessLog writes one line for every other request too, health probes left
	// out.
	AccessLog bool
	// LogClaims names claims of believed tokens to write with those lines. It
	// switches AccessLog on. A claim that a token does not have is written as
	// null, so that lines have one form.
	LogClaims []string
	// ExplainRefusals tells callers every check that their token did not pass.
	// For development: it tells those who forge tokens too.
	ExplainRefusals bool
	// Realm names the API in challenges. Empty is "m2m".
	Realm string
	// Policy is that of Verifier, for the words of the API's document and of
	// challenges. It decides nothing.
	Policy verify.Policy
	// Version is the build, as the API's document tells it.
	Version string
	// Upstream answers every path but the API's own /auth, /healthz and /readyz
	// in its place. Nil is an API that answers itself.
	Upstream *Upstream
	// MaxBody bounds request bodies, in bytes. Zero is DefaultMaxBody.
	MaxBody int64
	// Keys are the states of the key sets, for the metrics. Nil leaves them out.
	Keys func() []verify.State
	// MetricsApart says that API.Metrics is served elsewhere; /metrics is then no
	// route. Without it /metrics answers callers on this machine.
	MetricsApart bool
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
	// upstream answers what has no route; nil where that is 404.
	upstream http.Handler
}

// New makes an API. The error is ErrNoVerifier, ErrUpstream, or wraps ErrRealm.
func New(c Config) (*API, error) {
	switch {
	case c.Verifier == nil:
		return nil, ErrNoVerifier
	case strings.ContainsFunc(c.Realm, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }):
		return nil, fmt.Errorf("%w: %q", ErrRealm, c.Realm)
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
	a := &API{config: c, log: orDiscard(c.Logger), challenge: challenge{realm: c.Realm, scopes: c.Policy.Scopes}}
	if c.ExplainRefusals {
		a.challenge.judge = func(r *http.Request, token entra.Secret) *verify.Report {
			return verify.Explain(c.Verifier.Judge(r.Context(), token.Reveal()))
		}
	}
	document, err := describe(c)
	if err != nil {
		return nil, err
	}
	a.document, a.routes = document, a.lay()
	if c.Upstream != nil {
		a.upstream = a.protected(c.Upstream.proxy(a.log), a.refuse)
	}
	rest := otherRoute
	if a.upstream != nil {
		rest = upstreamRoute
	}
	a.metrics = newMetrics(slices.Collect(maps.Keys(a.routes)), rest)
	return a, nil
}

// lay says which path is answered by what. Paths are exact: nothing is cleaned,
// redirected or matched by its beginning.
func (a *API) lay() map[string]methods {
	routes := map[string]methods{
		"/auth":    {anyMethod: a.undisguised(a.protected(http.HandlerFunc(forwardAuth), a.refuseForward))},
		"/healthz": {http.MethodGet: quietly(typed(healthy))},
		"/readyz":  {http.MethodGet: quietly(typed(a.ready))},
	}
	if a.config.Upstream != nil {
		return routes // the rest is the upstream's
	}
	routes["/secure-data"] = methods{http.MethodGet: a.protected(typed(secureData), a.refuse)}
	routes["/openapi.json"] = methods{http.MethodGet: http.HandlerFunc(a.openAPI)}
	maps.Copy(routes, page())
	if !a.config.MetricsApart {
		routes["/metrics"] = methods{http.MethodGet: quietly(localOnly(a.Metrics()))}
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
	defer a.ended(x, r)
	defer a.recovered(x, r)
	if r.ContentLength > a.config.MaxBody {
		answer.Header().Set("Connection", "close")
		tooLargeProblem(a.config.MaxBody).write(answer, r)
		return
	}
	if r.Body != http.NoBody {
		r.Body = http.MaxBytesReader(w, r.Body, a.config.MaxBody)
	}
	a.dispatch(answer, r)
}

// ended counts an exchange and logs it.
func (a *API) ended(x *exchange, r *http.Request) {
	a.metrics.count(r.URL.Path, x)
	a.logged(x, r)
}

func (a *API) dispatch(w http.ResponseWriter, r *http.Request) {
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
	// A token in the wrong place is worse than a wrong method: say so first.
	if sent, err := Bearer(r); errors.Is(err, ErrMalformed) {
		a.refuse(w, r, sent, err)
		return
	}
	w.Header().Set("Allow", route.allow())
	Problem{Status: http.StatusMethodNotAllowed, Detail: "this path answers " + route.allow()}.write(w, r)
}

// protected puts a handler behind the gate.
func (a *API) protected(next http.Handler, refuse refusal) http.Handler {
	return require(a.believe, next, refuse)
}

// believe asks the verifier, and measures how long it takes.
func (a *API) believe(ctx context.Context, token string) (*verify.Token, error) {
	started := a.config.Now()
	believed, err := a.config.Verifier.Verify(ctx, token)
	a.metrics.verification.observe(a.config.Now().Sub(started))
	return believed, err
}

func (a *API) refuse(w http.ResponseWriter, r *http.Request, token entra.Secret, why error) {
	a.note(r, token, why)
	a.challenge.refuse(w, r, token, why)
}

// note keeps why a request is refused, for its line in the log.
func (a *API) note(r *http.Request, token entra.Secret, why error) {
	x := exchangeOf(r)
	x.refused = why
	if !token.IsZero() && a.log.Enabled(r.Context(), slog.LevelWarn) {
		// An error means that only a part could be read, which is better than
		// nothing in a log.
		x.claimed, _ = verify.Decode(token.Reveal())
	}
}
