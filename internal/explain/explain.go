package explain

import (
	"strings"
	"time"

	"m2m/internal/call"
	"m2m/internal/entra"
)

// Context is what the caller knows in addition to the answer. Every field may be zero.
type Context struct {
	// Token is the token that was sent.
	Token entra.Secret
	// Audiences are those that the API accepts, where they are known.
	Audiences []string
	// RequiredRoles are those of which the API wants one, where they are known.
	RequiredRoles []string
	// Now is the moment to check the token's times by; zero means when the answer came.
	Now time.Time
	// TokenFile is the file that the token came from; empty if m2m acquired it.
	// The command shown then looks at that token and not at a new one.
	TokenFile string
	// Flags is put into every m2m command shown, such as "--local".
	Flags string
	// TokenFlags is put into those that get a token, in place of Flags; empty
	// means Flags.
	TokenFlags string
	// CallFlags are put into m2m call commands, in place of Flags: all that makes up
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

// Explanation says why an answer is not the one that was wanted, and what to
// do. What it says of the token was read from the token, unverified.
type Explanation struct {
	// Cause is the most likely cause, as one clause without a full stop. A guess
	// has the word "likely" in it.
	Cause string `json:"cause"`
	// Code names the cause for machines.
	Code Code `json:"code"`
	// Certain is false where the cause is a guess.
	Certain bool `json:"certain"`
	// Facts are what there is to see, in the order to show it.
	Facts []Fact `json:"facts,omitempty"`
	// Fixes say what to do, the best first: one clause each.
	Fixes []string `json:"fixes,omitempty"`
	// Command is the command that shows or repairs it; empty if there is none.
	Command string `json:"command,omitempty"`
	// Challenges are those of WWW-Authenticate.
	Challenges []call.Challenge `json:"challenges,omitempty"`
}

// Code names a cause.
type Code string

// The causes that Explain knows.
const (
	CodeRedirected       Code = "redirected"            // a redirect that was not followed
	CodeLoginPage        Code = "login_page"            // a page for people came
	CodePlainHTTP        Code = "plain_http_to_tls"     // the port speaks TLS
	CodeClaimsChallenge  Code = "claims_challenge"      // a token with other claims is wanted
	CodeNoToken          Code = "no_token"              // none was sent
	CodeSaidByAPI        Code = "said_by_api"           // the API's own check list
	CodeNotAToken        Code = "not_a_token"           // what was sent is no JWT
	CodeGraphToken       Code = "graph_token_elsewhere" // a token for Microsoft Graph, sent to another API
	CodeExpired          Code = "token_expired"
	CodeNotYetValid      Code = "token_not_yet_valid"
	CodeWrongAudience    Code = "wrong_audience"
	CodeWrongTenant      Code = "wrong_tenant"
	CodeVersion          Code = "wrong_version" // v1.0 where v2.0 is wanted, or the reverse
	CodeWrongKey         Code = "wrong_key"
	CodeIDToken          Code = "id_token"
	CodeUserToken        Code = "user_token"
	CodeNoRoles          Code = "no_roles"
	CodeMissingRole      Code = "missing_role"
	CodeMissingScope     Code = "missing_scope"
	CodeForbidden        Code = "forbidden"
	CodeInvalidRequest   Code = "invalid_request"
	CodeInvalidToken     Code = "invalid_token"
	CodeGateway          Code = "gateway"            // a 401 without a challenge
	CodeOtherScheme      Code = "other_scheme"       // the API does not take bearer tokens
	CodeProxy            Code = "proxy_credentials"  // a 407
	CodeKeysOutOfReach   Code = "keys_out_of_reach"  // the API cannot tell
	CodeNotFound         Code = "not_found"          // a 404 or 410
	CodeMethodNotAllowed Code = "method_not_allowed" // a 405
	CodeTooMany          Code = "too_many_requests"  // a 429
	CodeServerFault      Code = "server_fault"       // a 5xx
	CodeBadRequest       Code = "bad_request"        // another 4xx
)

// Fact is one thing seen, and where.
type Fact struct {
	// Source says where it was read.
	Source Source `json:"source"`
	// Text is one clause.
	Text string `json:"text"`
}

// Source is where a fact was read.
type Source string

// The sources of facts.
const (
	FromAnswer Source = "answer" // status and header
	FromAPI    Source = "api"    // words of the API's own
	FromToken  Source = "token"  // the token's claims, unverified
	FromClock  Source = "clock"  // the Date header next to this machine's clock
)

// rule looks for one cause. It returns nil where it does not apply.
type rule func(e *evidence) *Explanation

// rules lists the causes to look for, the most telling first: what the API says
// outright, then what the token shows, then what the form of the answer
// suggests.
var rules = []rule{
	redirected, plainHTTP, loginPage,
	claimsChallenge, noToken, saidByAPI, otherScheme, notAToken,
	graphTokenElsewhere, idToken, expired, notYetValid,
	challengedAudience, challengedTenant, microsoftAPI, knownAudience,
	algorithm, otherIssuer, knownTenant, longLived,
	missingScope, userToken, noRoles, missingRole, forbiddenByProblem, forbidden,
	invalidRequest, saidByLibrary, gateway, invalidToken,
	keysOutOfReach, otherStatus,
}

// Explain says why the answer is not the one that was wanted. It reads the
// beginning of the body if that was not done. It returns nil where nothing is
// known, as for most answers below 400.
func Explain(a *call.Answer, c Context) *Explanation {
	e := newEvidence(a, c)
	for _, applies := range rules {
		if x := applies(e); x != nil {
			if !c.Caller.canRun(x.Command) {
				x.Command = ""
			}
			x.Facts = e.facts()
			x.Challenges = e.challenges
			return x.Map(a.Redact) // Location, Allow and the address may hold it too
		}
	}
	return nil
}

// certain and likely make an Explanation; the word itself stands in cause.
func certain(code Code, cause string, fixes ...string) *Explanation {
	return &Explanation{Code: code, Cause: cause, Certain: true, Fixes: fixes}
}

func likely(code Code, cause string, fixes ...string) *Explanation {
	return &Explanation{Code: code, Cause: cause, Fixes: fixes}
}

func (x *Explanation) with(command string) *Explanation {
	x.Command = command
	return x
}

// Map returns an explanation with each of its texts replaced by what f makes of
// it; nil for nil.
func (x *Explanation) Map(f func(string) string) *Explanation {
	if x == nil {
		return nil
	}
	out := *x
	out.Cause, out.Command, out.Fixes = f(x.Cause), f(x.Command), mapTexts(x.Fixes, f)
	out.Facts, out.Challenges = nil, nil
	for _, fact := range x.Facts {
		out.Facts = append(out.Facts, Fact{fact.Source, f(fact.Text)})
	}
	for _, c := range x.Challenges {
		params := map[string]string{}
		for name, value := range c.Params {
			params[name] = f(value)
		}
		out.Challenges = append(out.Challenges, call.Challenge{Scheme: f(c.Scheme), Token68: f(c.Token68), Params: params})
	}
	return &out
}

func mapTexts(texts []string, f func(string) string) []string {
	var out []string
	for _, s := range texts {
		out = append(out, f(s))
	}
	return out
}
