package explain

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"m2m/internal/call"
	"m2m/internal/entra"
	"m2m/internal/explain/catalogue"
	"m2m/internal/explain/reply"
	"m2m/internal/issuer"
	"m2m/internal/jwt"
	"m2m/internal/text"
	"m2m/internal/transport"
)

// Context is what the caller knows in addition to the response. Every field may be
// zero.
type Context struct {
	// Token is the token that was sent.
	Token entra.Secret
	// Audiences are those that the API accepts, where they are known.
	Audiences []string
	// RequiredRoles are those of which the API wants one, where they are known.
	RequiredRoles []string
	// Now is the moment to check the token's times by; zero means when the response
	// came.
	Now time.Time
	// TokenFile is the file that the token came from; empty if m2m acquired it.
	// The command shown then looks at that token and not at a new one.
	TokenFile string
	// Flags is put into every m2m command shown, such as "--local".
	Flags string
	// TokenFlags is put into those that get a token, instead of Flags; empty
	// means Flags.
	TokenFlags string
	// CallFlags are put into m2m call commands, instead of Flags: all that makes up
	// the request but method, address and where the token comes from. Each is
	// a flag with its value, quoted for a shell.
	CallFlags []string
	// TenantID is the tenant whose tokens the API accepts, where it is known; a
	// domain name is of no use here.
	TenantID string
	// IssuerHost is the host of the authority that issues the API's tokens, with
	// its port, where it is known.
	IssuerHost string
	// Situation is where the request was written; the zero value is a command line.
	Situation Situation
	// Caller is who sent it, where that limits the commands that can be shown.
	Caller Caller
}

// Caller is who sends a request.
type Caller string

// The callers.
const (
	CommandCaller   Caller = ""          // the client that a command uses
	AnonymousCaller Caller = "anonymous" // nobody, on purpose: no command that sends a token is shown
	OtherCaller     Caller = "other"     // a client that no command can use: none is shown
)

// canRun reports whether a command acts as the caller did.
func (c Caller) canRun(command string) bool {
	return c == CommandCaller || c == AnonymousCaller && strings.Contains(command, noTokenFlag)
}

// Evidence is all there is to see about one response: what the other side says, who
// it is, what was sent, and the settings in force.
type Evidence struct {
	Context
	Method    string
	URL       *url.URL
	Header    http.Header
	Redirects []call.Redirect
	// Said is what the response says for itself.
	Said *reply.Reply
	// SentToken reports whether a bearer token was sent, the caller's own included.
	SentToken bool
	// Redact removes what was sent, and secrets, from a text.
	Redact func(string) string

	bearer    call.Challenge // the first for bearer tokens; zero if there is none
	token     *jwt.Token     // nil if none was sent, or nothing of it can be read
	family    *issuer.Family // of the token's issuer; nil without a token
	tokenErr  error
	proofs    []catalogue.Proof // who answered
	byHost    catalogue.Service // the service behind the host; zero if it is not known
	byAud     catalogue.Service // the service that the token is for
	now       time.Time         // by this machine's clock
	skew      time.Duration     // the API's clock less this machine's
	skewKnown bool
	retry     time.Duration
	hasRetry  bool
	head      []byte
}

// EvidenceOf collects what there is to see about a response. It reads the beginning
// of the body if that was not done.
func EvidenceOf(a *call.Answer, c Context) *Evidence {
	head, _ := a.Head()
	challenges := a.Challenges()
	e := &Evidence{
		Context: c, Method: a.Method, URL: a.URL, Header: a.Header, Redirects: a.Redirects,
		SentToken: a.SentToken(), Redact: a.Redact, now: c.Now, head: head,
		Said: reply.Read(reply.Response{Status: a.Status, Header: a.Header, Head: head, Redact: a.Redact, Challenges: challenges}),
	}
	e.Situation = c.Situation.orCommandLine()
	e.bearer = e.Said.Bearer()
	if e.now.IsZero() {
		e.now = a.ReceivedAt
	}
	if !c.Token.IsZero() {
		e.token, e.tokenErr = jwt.Decode(c.Token.Reveal())
		if e.token != nil && e.token.Claims.IsZero() {
			e.token = nil // nothing of it could be read: an encrypted token, or a part of one
		}
		if e.token != nil {
			e.family = issuer.Of(e.token)
			e.byAud, _ = catalogue.ServiceByAudience(e.token.Audience)
		}
	}
	if date, err := http.ParseTime(a.Header.Get("Date")); err == nil {
		e.skew, e.skewKnown = date.Sub(a.ReceivedAt), true
	}
	e.retry, e.hasRetry = a.RetryAfter()
	e.byHost, _ = catalogue.ServiceByHost(a.URL.Hostname())
	e.proofs = catalogue.Answered(a.Header, e.Said.Words())
	return e
}

func (e *Evidence) status() int { return e.Said.Status }

func (e *Evidence) statusText() string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", e.status(), http.StatusText(e.status())))
}

// unauthorized reports whether the response is about the token as such.
func (e *Evidence) unauthorized() bool { return e.status() == http.StatusUnauthorized }

func (e *Evidence) rejected() bool {
	return e.unauthorized() || e.status() == http.StatusForbidden
}

// clocksDiffer reports a difference that matters. Date has whole seconds, and
// the response was on its way for a while.
func (e *Evidence) clocksDiffer() bool { return e.skewKnown && e.skew.Abs() > 30*time.Second }

// serverNow is the API's clock as far as it is known.
func (e *Evidence) serverNow() time.Time { return e.now.Add(e.skew) }

// services are the ids of who answered.
func (e *Evidence) services() []string {
	var ids []string
	for _, p := range e.proofs {
		ids = append(ids, p.Service.ID)
	}
	if e.byHost.ID != "" {
		ids = append(ids, e.byHost.ID)
	}
	// A copy of a service on this machine, or a tunnel to it, that accepted its token.
	if transport.Loopback(e.URL.Hostname()) && !e.unauthorized() && e.byAud.ID != "" && e.knownService().ID == "" {
		ids = append(ids, e.byAud.ID)
	}
	return ids
}

func (e *Evidence) isFrom(id string) bool { return slices.Contains(e.services(), id) }

// responder is who answered: who its words or headers show, before the owner of the
// host, which may have a gateway before it; a framework only where nothing else is
// known.
func (e *Evidence) responder() *Responder {
	var framework *Responder
	for _, kind := range []catalogue.Kind{catalogue.Gateway, catalogue.API, catalogue.Framework} {
		for _, p := range e.proofs {
			if p.Service.Kind != kind {
				continue
			}
			r := &Responder{p.Service.ID, p.Service.Name, kind, p.By}
			if kind != catalogue.Framework {
				return r
			}
			framework = cmp.Or(framework, r)
		}
		if kind == catalogue.Gateway && e.byHost.ID != "" {
			return &Responder{e.byHost.ID, e.byHost.Name, e.byHost.Kind, "host"}
		}
	}
	return framework
}

// resource is the resource of the API that answered, for a scope; "" if it is not
// known.
func (e *Evidence) resource() string {
	if e.byHost.Resource != "" {
		return e.byHost.Resource
	}
	for _, p := range e.proofs {
		if p.Service.Resource != "" {
			return p.Service.Resource
		}
	}
	switch host := text.LowerASCII(e.URL.Hostname()); {
	case slices.Contains([]string{"sharepoint", "dataverse"}, e.byHost.ID):
		return "https://" + text.Bound(host, maxShown)
	case !transport.Loopback(host) && e.byHost.ID != "":
		return "https://" + text.Bound(host, maxShown)
	}
	return ""
}

// isMicrosofts reports whether one of Microsoft's own services answered: nobody can
// change its registration, and its permissions are known.
func (e *Evidence) isMicrosofts() bool { return e.knownService().ID != "" }

// knownService is the service with an API of its own that answered; zero if none is
// known to have.
func (e *Evidence) knownService() catalogue.Service {
	for _, p := range e.proofs {
		if p.Service.Kind == catalogue.API {
			return p.Service
		}
	}
	if e.byHost.Kind == catalogue.API {
		return e.byHost
	}
	return catalogue.Service{}
}

// permissionsIn says where the permissions of the API that answered come from:
// "entra", "azure", "own", "" for unknown. An API on this machine may be a copy of
// the service that the token is for.
func (e *Evidence) permissionsIn() string {
	if s := e.knownService(); s.ID != "" {
		return s.Roles
	}
	return e.byAud.Roles
}

// claim returns a claim of the token as text; "" if it is not there or not a string.
func (e *Evidence) claim(name string) string {
	if e.token == nil {
		return ""
	}
	raw, _ := e.token.Claims.Get(name)
	value, _ := jwt.Unquote(raw)
	return value
}

func (e *Evidence) hasClaim(name string) bool {
	if e.token == nil {
		return false
	}
	_, ok := e.token.Claims.Get(name)
	return ok
}

// isManagedIdentity: xms_mirid is the resource id of the identity.
func (e *Evidence) isManagedIdentity() bool { return e.hasClaim("xms_mirid") }

// isEntra reports whether the token is one of Entra by its form.
func (e *Evidence) isEntra() bool {
	return e.family != nil && slices.Contains([]string{issuer.Entra, issuer.ExternalID, issuer.B2C}, e.family.ID)
}

// is reports whether a condition of a catalogue row holds for what was sent.
func (e *Evidence) is(condition string) bool {
	t := e.token
	name, value, _ := strings.Cut(condition, "=")
	switch name {
	case "sent":
		return e.SentToken || !e.Token.IsZero()
	case "token":
		return t != nil
	case "jwt":
		return t != nil && e.tokenErr == nil
	case "app":
		return t != nil && t.Kind == jwt.App
	case "user":
		return t != nil && t.Kind == jwt.User
	case "roles":
		return t != nil && len(t.Roles) > 0
	case "scopes":
		return t != nil && len(t.Scopes) > 0
	case "secret": // how the client proved itself: appidacr, azpacr
		return e.claim("appidacr") == "1" || e.claim("azpacr") == "1"
	case "certificate":
		return e.claim("appidacr") == "2" || e.claim("azpacr") == "2"
	case "managed_identity":
		return e.isManagedIdentity()
	case "v1":
		return t != nil && t.Version == entra.V1
	case "v2":
		return t != nil && t.Version == entra.V2
	case "entra":
		return e.isEntra()
	case "expired":
		return t != nil && !t.ExpiresAt.IsZero() && !t.ExpiresAt.After(e.now)
	case "aud": // the service that the token is for
		return e.byAud.ID != "" && e.byAud.ID == value
	case "aud_guid":
		return t != nil && entra.IsGUID(t.Audience)
	case "aud_fits": // the token is for the service that answered
		return t != nil && e.audienceFits()
	case "method":
		return strings.EqualFold(e.Method, value)
	case "microsoft":
		return e.isMicrosofts() || e.byAud.ID != "" && e.isFrom(e.byAud.ID)
	case "claim":
		return e.hasClaim(value)
	case "role_named": // the other side names a role that the token has
		return t != nil && slices.ContainsFunc(t.Roles, func(role string) bool { return len(role) > 3 && strings.Contains(e.Said.Words(), role) })
	}
	return false
}

// audienceFits reports whether the token is for the service that answered, as far as
// both are known.
func (e *Evidence) audienceFits() bool {
	resource := e.resource()
	return resource != "" && (sameAudience(e.token.Audience, resource) || e.byAud.ID != "" && slices.Contains(e.services(), e.byAud.ID)) ||
		e.byAud.ID != "" && transport.Loopback(e.URL.Hostname()) && len(e.proofs) == 0
}

// sameAudience ignores the slash that Entra sometimes puts at the end, and the
// case of GUIDs and hosts.
func sameAudience(a, b string) bool {
	return text.LowerASCII(strings.TrimRight(a, "/")) == text.LowerASCII(strings.TrimRight(b, "/"))
}

// value returns what a name in braces stands for in the sentences of the catalogue.
func (e *Evidence) value(name string) string {
	t := e.token
	switch name {
	case "host":
		return text.Bound(e.URL.Host, maxShown)
	case "address":
		return call.DisplayAddress(e.URL.String())
	case "method":
		return text.Bound(e.Method, 40)
	case "resource":
		return e.resource()
	case "tenant_setting":
		return e.TenantID
	case "retry":
		if e.hasRetry {
			return text.Duration(e.retry)
		}
		return ""
	case "ids":
		return strings.Join(e.Said.IDs(), ", ")
	case "who":
		if r := e.responder(); r != nil {
			return r.Name
		}
		return ""
	}
	if t == nil {
		return ""
	}
	switch name {
	case "aud":
		return text.Bound(t.Audience, maxShown)
	case "iss":
		return text.Bound(t.Issuer, maxShown)
	case "tid":
		return guidOnly(t.TenantID)
	case "client":
		return guidOnly(t.ClientID)
	case "oid":
		return guidOnly(t.ObjectID)
	case "roles":
		return list(t.Roles)
	case "alg":
		return text.Bound(t.Algorithm, 40)
	case "ver":
		return string(t.Version)
	case "kid":
		return text.Bound(t.KeyID, 60)
	case "exp":
		if t.ExpiresAt.IsZero() {
			return ""
		}
		return text.Time(t.ExpiresAt)
	case "permissions":
		return describePermissions(t)
	}
	return ""
}

// guidOnly puts nothing but an id into a command that a user may run.
func guidOnly(s string) string {
	if entra.IsGUID(s) {
		return s
	}
	return ""
}

// callCommand sends the same request again, with other words added.
func (e *Evidence) callCommand(words ...string) string {
	line := []string{"m2m call"}
	chosen := slices.ContainsFunc(words, func(word string) bool { return strings.HasPrefix(word, "-X ") })
	if e.Method != http.MethodGet && !chosen {
		line = append(line, "-X "+text.ShellQuote(e.Method))
	}
	for _, flag := range e.CallFlags {
		if slices.Contains(words, withToken) && isAuthorizationFlag(flag) || repeats(words, flag) {
			continue
		}
		line = append(line, flag)
	}
	switch {
	case e.TokenFile != "":
		line = append(line, "--token-file "+text.ShellQuote(e.TokenFile))
	case e.Token.IsZero() && !slices.Contains(words, withToken):
		line = append(line, noTokenFlag)
	}
	for _, word := range words {
		if word != withToken {
			line = append(line, word)
		}
	}
	return strings.Join(append(line, text.ShellQuote(call.ShownURL(e.URL))), " ")
}

// repeats reports whether a flag of the caller's is given anew.
func repeats(words []string, flag string) bool {
	name, _, _ := strings.Cut(flag, " ")
	name, _, _ = strings.Cut(name, "=")
	return len(name) > 3 && slices.ContainsFunc(words, func(word string) bool {
		return word == name || strings.HasPrefix(word, name+" ") || strings.HasPrefix(word, name+"=")
	})
}

// noTokenFlag makes a call without a token.
const noTokenFlag = "--no-token"

// withToken is not part of a command: it makes callCommand send a token where none
// was sent.
const withToken = ""

// isAuthorizationFlag finds the header that a token would be sent with.
func isAuthorizationFlag(flag string) bool {
	return strings.HasPrefix(strings.ToLower(flag), "-h 'authorization:")
}

// command puts the caller's flags into commands of ours, before their own words,
// which then count.
func (e *Evidence) command(parts ...string) string {
	for i, part := range parts {
		flags := e.Flags
		if strings.HasPrefix(part, "m2m token") && e.TokenFlags != "" {
			flags = e.TokenFlags
		}
		words := strings.SplitN(part, " ", 3)
		if words[0] == "m2m" && flags != "" {
			parts[i] = strings.Join(slices.Insert(words, 2, flags), " ")
		}
	}
	return strings.Join(parts, " | ")
}

// verifyCommand verifies the token that was sent, as far as it is still at hand.
func (e *Evidence) verifyCommand(words ...string) string {
	verifying := strings.Join(append([]string{"m2m verify"}, words...), " ")
	if e.TokenFile != "" && e.TokenFile != "-" {
		return e.command(verifying + " " + text.ShellQuote("@"+e.TokenFile))
	}
	return e.command("m2m token", verifying)
}

// facts lists what there is to see. About the token only where it may matter.
func (e *Evidence) facts(said []reply.Part) []Fact {
	facts := []Fact{{FromAnswer, e.statusText()}}
	for _, c := range e.Said.Challenges {
		facts = append(facts, Fact{FromAnswer, "WWW-Authenticate: " + reply.ChallengeText(c)})
	}
	inChallenges := func(p reply.Part) bool {
		return slices.ContainsFunc(facts, func(f Fact) bool { return f.Source == FromAnswer && strings.Contains(f.Text, p.Text) })
	}
	failed := e.failedChecks()
	for _, p := range e.Said.Shown() {
		isCheck := len(failed) > 0 && strings.HasPrefix(p.Place, "checks.") // shown below, those that failed
		if !slices.Contains(said, p) && !inChallenges(p) && !isCheck {
			facts = append(facts, Fact{FromAPI, p.Place + ": " + p.Text})
		}
	}
	for _, c := range failed {
		facts = append(facts, Fact{FromAPI, fmt.Sprintf("check %s: expected %s, found %s", c.Name, orNothing(c.Expected), orNothing(c.Found))})
	}
	if r := e.responder(); r != nil && r.By != "host" {
		facts = append(facts, Fact{FromAnswer, fmt.Sprintf("answered by %s (known by %s)", r.Name, r.By)})
	}
	if ids := e.Said.IDs(); len(ids) > 0 && (e.status() >= 500 || e.isMicrosofts() || !e.Said.GivesReason()) {
		facts = append(facts, Fact{FromAnswer, "to quote to support: " + strings.Join(ids, ", ")})
	}
	if e.clocksDiffer() {
		facts = append(facts, Fact{FromClock, "the API's clock is " + describeSkew(e.skew)})
	}
	if e.rejected() && e.token != nil {
		facts = append(facts, e.tokenFacts()...)
	}
	return facts
}

func describeSkew(d time.Duration) string {
	if d < 0 {
		return text.Duration(-d) + " behind this machine's"
	}
	return text.Duration(d) + " ahead of this machine's"
}
