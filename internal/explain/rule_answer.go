package explain

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"m2m/internal/call"
	"m2m/internal/entra"
	"m2m/internal/explain/catalogue"
	"m2m/internal/explain/reply"
	"m2m/internal/text"
	"m2m/internal/transport"
	"m2m/internal/verify"
)

// redirected: the request ended at an address that it did not go on from.
func redirected(e *Evidence) *Diagnosis {
	if len(e.Redirects) == 0 {
		return nil
	}
	last := e.Redirects[len(e.Redirects)-1]
	switch {
	case last.Followed:
		return nil
	case last.Target() == nil, last.IsRequested() && call.Origin(last.Target()) == call.Origin(e.URL) && !e.Said.SignIn:
		return certain(CodeRedirected, fmt.Sprintf("the API redirects to %q, and %s", last.To, last.Reason),
			"report it to the operator of the API").with(ShowRequest)
	case e.Said.SignIn || entra.IsLoginHost(last.Target().Hostname()):
		return certain(CodeSignIn,
			fmt.Sprintf("the address sends callers to a page where people sign in (%s); it did not accept the token", last.To),
			"do not follow the redirect with the token: that page is for browsers",
			"call the API's own address, or have what stands before it answer 401 to programs "+
				"(in App Service: unauthenticated requests, HTTP 401)").with(ShowRequest)
	case call.Origin(last.Target()) == call.Origin(e.URL):
		return certain(CodeRedirected, fmt.Sprintf("the API redirects to %s, and %s", last.To, last.Reason)).with(FollowRedirect)
	}
	return certain(CodeRedirected, fmt.Sprintf("the API redirects to %s, and %s", last.To, last.Reason),
		"if that is the same API under its right address, call it by that address").with(ShowRequest)
}

// plainHTTP: Go's, nginx's and Apache's answers to plain http at a TLS port.
func plainHTTP(e *Evidence) *Diagnosis {
	if e.status() != http.StatusBadRequest || e.URL.Scheme != "http" {
		return nil
	}
	for _, words := range []string{
		"Client sent an HTTP request to an HTTPS server", "The plain HTTP request was sent to HTTPS port",
		"speaking plain HTTP to an SSL-enabled server port",
	} {
		if bytes.Contains(e.head, []byte(words)) {
			return certain(CodePlainHTTP, "the port speaks TLS, and the request was plain http",
				"call "+call.DisplayAddress("https://"+e.URL.Host+e.URL.EscapedPath()))
		}
	}
	return nil
}

// signInPage: a page for people instead of the API's answer, with a good status or
// with one that hides it.
func signInPage(e *Evidence) *Diagnosis {
	switch {
	case e.Said.Kind != reply.HTML:
		return nil
	case e.Said.SignIn && (e.status() < 400 || !e.anyStatusPage()):
		return certain(CodeSignIn, fmt.Sprintf("a page where people sign in came with status %d, not the API's answer: "+
			"what stands at this address did not accept the token", e.status()),
			"check the address and its path: an API's own address answers 401 to a token that it does not accept").with(ShowRequest)
	case e.status() < 400:
		if x := known(catalogue.Network, catalogue.Entry, catalogue.Server)(e); x != nil {
			return x // a gateway's page that should have had another status
		}
		return likely(CodePage, "an HTML page came, not data of an API: the address is a web site's, or a sign-in page",
			"check the address and its path").with(ShowRequest)
	}
	return nil
}

// anyStatusPage reports whether a page is an error page of a server, which may
// mention signing in.
func (e *Evidence) anyStatusPage() bool {
	return slices.ContainsFunc(e.Said.Shown(), func(p reply.Part) bool {
		return p.Role == reply.Title && (strings.Contains(p.Text, fmt.Sprint(e.status())) || !reply.SaysWhy(p.Text))
	}) || len(e.proofs) > 0
}

// errorInside: the status says success, and the body is an error.
func errorInside(e *Evidence) *Diagnosis {
	if !e.Said.Inside {
		return nil
	}
	if x := e.find(func(catalogue.Row) bool { return true }); x != nil {
		return x
	}
	return certain(CodeErrorInside, fmt.Sprintf("the status is %d, but the body is an error", e.status()),
		"expect more than the status: an API that answers so needs a condition on its body").with(ShowRequest)
}

// claimsChallenge: the token is good, but the API wants one with certain claims
// (learn.microsoft.com/entra/identity-platform/claims-challenge).
func claimsChallenge(e *Evidence) *Diagnosis {
	if e.bearer.Params["error"] != "insufficient_claims" {
		return nil
	}
	claims := e.Said.Claims
	if claims == "" {
		return certain(CodeClaimsChallenge, "the API asks for a token with other claims, in a challenge that cannot be read",
			"report it to the operator of the API: the claims of WWW-Authenticate are not base64 of a JSON object")
	}
	cause := "the API asks for a token with other claims: " + text.Bound(claims, maxText)
	if strings.Contains(claims, `"nbf"`) { // continuous access evaluation
		cause = "the API wants a token issued after a change: the old one was revoked, or its location is not allowed (continuous access " +
			"evaluation): " + text.Bound(claims, maxText)
	}
	return certain(CodeClaimsChallenge, cause).with(PassClaims, claims)
}

// apiCheck is one check of verify's report, as serve puts it on the wire.
type apiCheck struct {
	Name     string `json:"name"`
	Status   string `json:"status"`
	Expected string `json:"expected"`
	Found    string `json:"found"`
	Cause    string `json:"cause"`
	Fix      string `json:"fix"`
}

// saidByChecks: an API that says why it rejects a token, as serve does on request,
// knows best. Its first failing check is the one it acted on.
func saidByChecks(e *Evidence) *Diagnosis {
	failed := e.failedChecks()
	if !e.rejected() || len(failed) == 0 {
		return nil
	}
	c := failed[0]
	cause := fmt.Sprintf("the API's check %s failed: expected %s, found %s", text.Quote(c.Name), orNothing(c.Expected), orNothing(c.Found))
	if c.Cause != "" {
		cause = fmt.Sprintf("the API's check %s failed: %s", text.Quote(c.Name), c.Cause)
	}
	x := certain(CodeSaidByAPI, cause).with(VerifyToken)
	if c.Fix != "" {
		x.Fixes = []string{"the API says: " + c.Fix} // it must not look like advice of m2m
	}
	return x
}

// failedChecks reads the report that m2m serve puts into a problem document.
func (e *Evidence) failedChecks() []apiCheck {
	var document struct{ Checks []apiCheck }
	if e.Said.Kind != reply.JSON || json.Unmarshal(e.head, &document) != nil || len(document.Checks) == 0 ||
		document.Checks[0].Name != string(verify.CheckForm) {
		return nil
	}
	var failed []apiCheck
	for _, c := range document.Checks[:min(len(document.Checks), 32)] {
		if c.Status == string(verify.Fail) {
			for _, s := range []*string{&c.Name, &c.Expected, &c.Found, &c.Cause, &c.Fix} {
				*s = text.Bound(e.Redact(*s), maxText)
			}
			failed = append(failed, c)
		}
	}
	return failed
}

func orNothing(s string) string { return cmp.Or(s, "nothing") }

// proxyCredentials: RFC 9110 section 15.5.8.
func proxyCredentials(e *Evidence) *Diagnosis {
	if e.status() != http.StatusProxyAuthRequired {
		return nil
	}
	if schemes := transport.ProxySchemes(e.Header); offersOnlySingleSignOn(schemes) {
		return certain(CodeProxy, "a proxy on the way wants credentials of its own", singleSignOnHints(schemes)...)
	}
	return certain(CodeProxy, "a proxy on the way wants credentials of its own",
		"put them into HTTPS_PROXY, as http://user:password@host:port").with(ShowRequest)
}

// otherScheme: an API that challenges, but not for a bearer token.
func otherScheme(e *Evidence) *Diagnosis {
	challenges := e.Said.Challenges
	if !e.unauthorized() || len(challenges) == 0 || e.bearer.Scheme != "" || challenges[0].Scheme == "" || e.Said.GivesReason() {
		return nil
	}
	return certain(CodeOtherScheme,
		fmt.Sprintf("the API asks for %s credentials, not for a bearer token", text.Bound(challenges[0].Scheme, 40)),
		"check that this is the address of the API, and that a gateway before it passes bearer tokens on").with(ShowRequest)
}

// invalidRequest: RFC 6750 section 3.1.
func invalidRequest(e *Evidence) *Diagnosis {
	if e.status() != http.StatusBadRequest || e.bearer.Params["error"] != "invalid_request" {
		return nil
	}
	return certain(CodeInvalidRequest, "the API cannot read how the token was sent",
		"send one token, in one Authorization header, and nowhere else").with(ShowRequest)
}

// keysOutOfReach: an API that cannot verify anything answers 503, and the token
// may be good. The words are those of m2m serve.
func keysOutOfReach(e *Evidence) *Diagnosis {
	if e.status() != http.StatusServiceUnavailable || !e.Said.Problem || !strings.Contains(e.Said.Words(), "token") {
		return nil
	}
	return likely(CodeKeysOutOfReach, "the API cannot verify any token now, because the identity provider's keys are out of its reach",
		"check that the API reaches its tenant's login host; the token may well be good").with(Retry)
}

// otherStatus: what is not about the token.
func otherStatus(e *Evidence) *Diagnosis {
	switch status := e.status(); {
	case status == http.StatusNotFound || status == http.StatusGone:
		x := certain(CodeNotFound, fmt.Sprintf("%s answers that there is nothing at this address", orAPI(e)),
			"check the path, and the path of API_URL before it").with(ShowRequest)
		if e.is("sent") && !e.isMicrosofts() && e.Said.GivesReason() {
			x.Cause = fmt.Sprintf("%s does not find what was asked for", orAPI(e))
		}
		return x
	case status == http.StatusMethodNotAllowed:
		cause := "the address does not take " + text.Bound(e.Method, 40)
		if allow := e.Header.Get("Allow"); allow != "" {
			cause += "; it takes " + text.Bound(allow, 100)
		}
		return certain(CodeMethodNotAllowed, cause).with(ChooseMethod)
	case status == http.StatusNotAcceptable, status == http.StatusUnsupportedMediaType:
		return certain(CodeMediaType, "the API does not take the media type of the request",
			"send the Content-Type and Accept that the API documents").with(ShowRequest)
	case status == http.StatusRequestHeaderFieldsTooLarge, status == http.StatusRequestEntityTooLarge, status == http.StatusRequestURITooLong:
		return certain(CodeTooLarge, e.tooLarge(), "send less, or raise the limit of the server").with(ShowRequest)
	case status == http.StatusTooManyRequests:
		return certain(CodeTooMany, "the API has had too many requests"+e.retryAfterClause(), "call less often").with(Retry)
	case status >= 500:
		return e.serverFault()
	case status >= 400 && !e.rejected():
		return e.ownCause(CodeBadRequest)
	}
	return nil
}

func orAPI(e *Evidence) string {
	if r := e.responder(); r != nil && r.By != "host" && r.Kind != catalogue.Framework {
		return r.Name
	}
	return "the API"
}

func (e *Evidence) tooLarge() string {
	if e.status() == http.StatusRequestHeaderFieldsTooLarge {
		return fmt.Sprintf("the header of the request is too large for the server; the token alone has %d bytes", len(e.Token.Reveal()))
	}
	return "the request is too large for the server"
}

// serverFault: the fault is the other side's, or of what stands before it.
func (e *Evidence) serverFault() *Diagnosis {
	by := "the API, or a gateway before it,"
	if name := orAPI(e); name != "the API" {
		by = name
	}
	x := certain(CodeServerFault, fmt.Sprintf("%s failed: %s%s", by, e.statusText(), e.retryAfterClause()))
	if ids := e.Said.IDs(); len(ids) == 0 {
		x.Fixes = []string{"look into the API's log"}
	} else {
		x.Fixes = []string{"look into the API's log for " + strings.Join(ids, ", ")}
	}
	if e.status() == http.StatusNotImplemented {
		return x
	}
	return x.with(Retry)
}

func (e *Evidence) retryAfterClause() string {
	if !e.hasRetry {
		return ""
	}
	return ", and asks to come back in " + text.Duration(e.retry)
}

// allowedCommand makes the request with a method that the address takes.
func (e *Evidence) allowedCommand() string {
	for method := range strings.SplitSeq(e.Header.Get("Allow"), ",") {
		if method = strings.TrimSpace(method); method == http.MethodGet || method == http.MethodPost || method == http.MethodPut {
			return e.callCommand("-X " + method)
		}
	}
	return e.callCommand("-X OPTIONS", "-i")
}

// retryCommand tries again, and allows the time that the API asks for, unless
// that is too long to wait.
func (e *Evidence) retryCommand() string {
	switch {
	case e.hasRetry && e.retry > longestWait:
		return e.callCommand("-v")
	case e.hasRetry && e.retry > shortWait:
		return e.callCommand("--retry 3", "--timeout "+text.Duration(e.retry+time.Minute))
	}
	return e.callCommand("--retry 3")
}

const (
	// shortWait is a wait that the usual time-out of m2m call leaves room for.
	shortWait = 10 * time.Second
	// longestWait is the longest wait that a command is to sit through.
	longestWait = time.Hour
)

// ownCause makes the other side's words the cause.
func (e *Evidence) ownCause(code Code) *Diagnosis {
	if !e.Said.GivesReason() {
		return certain(code, fmt.Sprintf("%s does not accept the request, and does not say why", orAPI(e))).with(ShowRequest)
	}
	return certain(code, e.quoted()).with(ShowRequest)
}

// ownWords: whoever answers says why, or does not. What was checked and found right
// narrows it down.
func ownWords(e *Evidence) *Diagnosis {
	if !e.rejected() {
		return nil
	}
	var x *Diagnosis
	switch {
	case e.Said.GivesReason():
		x = certain(CodeSaidByAPI, e.quoted())
	case e.status() == http.StatusForbidden:
		x = certain(CodeUnexplained, orAPI(e)+" does not let this caller in, and does not say why", e.forbiddenAdvice()...)
	default:
		x = certain(CodeUnexplained, orAPI(e)+" rejects the token, and does not say why")
		if e.Said.Kind == reply.HTML || len(e.Said.Challenges) == 0 && e.Said.Kind != reply.JSON {
			x.Fixes = append(x.Fixes, "check who answers: something before the API can reject a request before the API sees it")
		}
		if !e.isMicrosofts() {
			x.Fixes = append(x.Fixes, "the reason is in the log of the API")
		}
	}
	if checked := e.checked(); checked != "" {
		x.Facts = append(x.Facts, Fact{FromChecked, checked})
	}
	if e.token == nil {
		return x.with(ShowRequest)
	}
	return x.with(VerifyToken)
}

// quoted makes a clause of what the other side says.
func (e *Evidence) quoted() string {
	return orAPI(e) + " says: " + oneClause(reply.Sentence(e.Said.Telling()))
}

// forbiddenAdvice is what a 403 without a word leaves open, by where the permissions
// of the API come from.
func (e *Evidence) forbiddenAdvice() []string {
	switch e.permissionsIn() {
	case "azure":
		return []string{"check the Azure role assignments of the caller on the resource, and its network rules; neither is in the token"}
	case "entra":
		return []string{"compare the permissions in the token with what the request needs by the API's documentation"}
	case "own":
		return []string{"check what the service itself has granted to the caller; such permissions are not in the token"}
	}
	return []string{"ask the operator of the API what it requires: a role, an entry in a list of callers, a network rule"}
}

// checked says what m2m compared and found right; "" for a token that it cannot read.
func (e *Evidence) checked() string {
	t := e.token
	if t == nil || e.tokenErr != nil {
		return ""
	}
	right := "the token has the form of a JWT"
	if !t.ExpiresAt.IsZero() && t.ExpiresAt.After(e.now) && t.ExpiresAt.After(e.serverNow()) {
		right += ", it has not expired by this machine's clock"
		if e.skewKnown {
			right += " and the API's"
		}
	}
	switch {
	case slices.ContainsFunc(e.Audiences, func(audience string) bool { return sameAudience(audience, t.Audience) }):
		right += ", its audience is the one that the settings name"
	case e.resource() != "" && e.audienceFits():
		right += ", its audience is the API's"
	}
	return right + "; its signature was not checked"
}
