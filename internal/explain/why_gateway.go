package explain

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"time"

	"m2m/internal/call"
	"m2m/internal/entra"
	"m2m/internal/text"
	"m2m/internal/transport"
)

// redirected: the request ended at an address that it did not go on from.
func redirected(e *evidence) *Explanation {
	if len(e.Redirects) == 0 {
		return nil
	}
	last := e.Redirects[len(e.Redirects)-1]
	switch {
	case last.Followed:
		return nil
	case last.Target() == nil, last.IsRequested() && call.Origin(last.Target()) == call.Origin(e.URL):
		return certain(CodeRedirected, fmt.Sprintf("the API redirects to %q, and %s", last.To, last.Reason),
			"report it to whoever runs the API").with(e.callCommand("-v"))
	case entra.IsLoginHost(last.Target().Hostname()):
		return likely(CodeLoginPage,
			"the address sends callers to a login page of Entra's: it is likely meant for browsers, and does not read bearer tokens",
			"call the API behind it, or have its gateway answer 401 instead of a redirect (in App Service: unauthenticated requests, HTTP 401)").
			with(e.callCommand("-v"))
	case call.Origin(last.Target()) == call.Origin(e.URL):
		return certain(CodeRedirected, fmt.Sprintf("the API redirects to %s, and %s", last.To, last.Reason),
			"follow it with "+e.words.follow+", or call that address").with(e.callCommand("-L"))
	}
	return certain(CodeRedirected, fmt.Sprintf("the API redirects to %s, and %s", last.To, last.Reason),
		"if that is the API, call it by that address: the token then goes there").with(e.callCommand("-v"))
}

// plainHTTP: Go's, nginx's and Apache's answers to plain http at a TLS port.
func plainHTTP(e *evidence) *Explanation {
	if e.Status != http.StatusBadRequest || e.URL.Scheme != "http" {
		return nil
	}
	head, _ := e.Head()
	for _, words := range []string{
		"Client sent an HTTP request to an HTTPS server", "The plain HTTP request was sent to HTTPS port",
		"speaking plain HTTP to an SSL-enabled server port",
	} {
		if bytes.Contains(head, []byte(words)) {
			return certain(CodePlainHTTP, "the port speaks TLS, and the request was plain http",
				"call "+call.DisplayAddress("https://"+e.URL.Host+e.URL.EscapedPath()))
		}
	}
	return nil
}

// loginPage: a good status with a page for people in place of the API's answer.
func loginPage(e *evidence) *Explanation {
	if e.Status >= 400 || e.body.kind != bodyHTML {
		return nil
	}
	return likely(CodeLoginPage, "an HTML page came: likely a login page or a portal, not the API",
		"check the address and its path").with(e.callCommand("-v"))
}

// gateway: an API that rejects a token says how to authenticate (RFC 9110
// section 15.5.2 demands it). What stands before APIs often does not.
func gateway(e *evidence) *Explanation {
	if !e.unauthorized() || len(e.challenges) > 0 {
		return nil
	}
	if strings.Contains(strings.ToLower(e.body.message), "subscription key") { // Azure API Management's words
		return likely(CodeGateway,
			"the gateway before the API wants a subscription key of its own, beside the token: likely it did not look at the token yet",
			"send the key too, from the gateway's owner").with(e.callCommand("-H 'Ocp-Apim-Subscription-Key: KEY'"))
	}
	cause := "the 401 has no WWW-Authenticate, so that it likely comes from a gateway, a firewall or the like before the API"
	if e.body.kind == bodyHTML {
		cause = "the 401 is an HTML page without WWW-Authenticate: it likely comes from a gateway or a login page before the API"
	}
	return likely(CodeGateway, cause,
		"check that the gateway passes Authorization on, and whether it wants a key of its own (send it with "+e.words.header+")",
		"see what the token says meanwhile").with(e.verifyCommand())
}

// invalidToken: the API says no more than that. A good API does not: the reason
// is in its log.
func invalidToken(e *evidence) *Explanation {
	if !e.unauthorized() {
		return nil
	}
	return likely(CodeInvalidToken,
		"the API refuses the token and does not say why; by its times the token is good, so that audience, issuer or signature are likely",
		"check the token against the API's settings",
		"the reason is in the API's log; m2m serve --explain-rejections puts it into the answer").with(e.verifyCommand())
}

// otherStatus: what is not about the token.
func otherStatus(e *evidence) *Explanation {
	switch {
	case e.Status == http.StatusNotFound || e.Status == http.StatusGone:
		return certain(CodeNotFound, fmt.Sprintf("there is nothing at %s", call.DisplayAddress(e.URL.String())),
			"check the path, and the path of API_URL before it").with(e.callCommand("-v"))
	case e.Status == http.StatusMethodNotAllowed:
		return certain(CodeMethodNotAllowed,
			fmt.Sprintf("the address does not take %s; it takes %s", text.Bound(e.Method, 40), orNothing(text.Bound(e.Header.Get("Allow"), 100))),
			"choose the method with "+e.words.method).with(e.allowedCommand())
	case e.Status == http.StatusProxyAuthRequired && offersOnlySingleSignOn(transport.ProxySchemes(e.Header)):
		return certain(CodeProxy, "a proxy on the way wants credentials of its own", singleSignOnHints(transport.ProxySchemes(e.Header))...)
	case e.Status == http.StatusProxyAuthRequired:
		return certain(CodeProxy, "a proxy on the way wants credentials of its own",
			"put them into HTTPS_PROXY, as http://user:password@host:port").with(e.callCommand("-v"))
	case e.Status == http.StatusTooManyRequests:
		return certain(CodeTooMany, "the API has had too many requests"+e.retryAfterClause(),
			"call less often, or let "+e.words.retry+" wait").with(e.retryCommand())
	case e.Status >= 500:
		return certain(CodeServerFault, fmt.Sprintf("the API, or a gateway before it, failed: %s%s", e.StatusText(), e.retryAfterClause()),
			"look into the API's log", "try again with "+e.words.retry).with(e.retryCommand())
	case e.Status >= 400:
		said := cmp.Or(e.body.message, e.body.code, e.StatusText())
		if e.body.kind == bodyHTML {
			said = e.StatusText()
		}
		return certain(CodeBadRequest, "the API does not accept the request: "+said,
			"see what was sent and what the answer says").with(e.callCommand("-v"))
	}
	return nil
}

// allowedCommand makes the request with a method that the address takes.
func (e *evidence) allowedCommand() string {
	for method := range strings.SplitSeq(e.Header.Get("Allow"), ",") {
		if method = strings.TrimSpace(method); method == http.MethodGet || method == http.MethodPost || method == http.MethodPut {
			return e.callCommand("-X " + method)
		}
	}
	return e.callCommand("-X OPTIONS", "-i")
}

// retryCommand tries again, and allows the time that the API asks for, unless
// that is too long to wait.
func (e *evidence) retryCommand() string {
	switch wait, ok := e.RetryAfter(); {
	case ok && wait > longestWait:
		return e.callCommand("-v")
	case ok && wait > shortWait:
		return e.callCommand("--retry 3", "--timeout "+text.Duration(wait+time.Minute))
	}
	return e.callCommand("--retry 3")
}

const (
	// shortWait is a wait that the usual time-out of m2m call leaves room for.
	shortWait = 10 * time.Second
	// longestWait is the longest wait that a command is to sit through.
	longestWait = time.Hour
)

func (e *evidence) retryAfterClause() string {
	wait, ok := e.RetryAfter()
	if !ok {
		return ""
	}
	return ", and asks to come back in " + text.Duration(wait)
}
