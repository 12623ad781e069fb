package explain

import (
	"strings"

	"m2m/internal/call"
	"m2m/internal/explain/catalogue"
)

// Diagnosis says why a response is not the one that was wanted, and what to do.
// What it says of the token was read from the token, unverified.
type Diagnosis struct {
	// Said is what the other side says itself, in one line; "" where it says
	// nothing.
	Said string `json:"said,omitempty"`
	// Cause is the cause, as one clause without a full stop; Certainty says how sure
	// it is.
	Cause     string    `json:"cause"`
	Certainty Certainty `json:"certainty"`
	// Code names the cause for machines: a Code, or the id of a row of the catalogue.
	Code Code `json:"code"`
	// AnsweredBy is who answered, where that is known.
	AnsweredBy *Responder `json:"answered_by,omitempty"`
	// Facts are what there is to see, in the order to show it.
	Facts []Fact `json:"facts,omitempty"`
	// Fixes say what to do, the best first: one clause each.
	Fixes []string `json:"fixes,omitempty"`
	// Command is the command that shows or repairs it; empty if there is none.
	Command string `json:"command,omitempty"`
	// Source is where the cause is documented; empty where it follows from what is
	// seen.
	Source string `json:"source,omitempty"`
	// Challenges are those of WWW-Authenticate.
	Challenges []call.Challenge `json:"challenges,omitempty"`

	advice []Advice
}

// Certainty says how sure a cause is.
type Certainty = catalogue.Certainty

// The certainties.
const (
	Certain  = catalogue.Certain
	Likely   = catalogue.Likely
	Possible = catalogue.Possible
)

// Responder is who answered.
type Responder struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Kind is "api", "gateway" or "framework".
	Kind catalogue.Kind `json:"kind"`
	// By is what shows it: "host", "header NAME", "its words" or "audience".
	By string `json:"by"`
}

// Code names a cause.
type Code string

// The causes that are not rows of the catalogue.
const (
	CodeRedirected       Code = "redirected"            // a redirect that was not followed
	CodeSignIn           Code = "sign_in_page"          // a page, or a redirect to one, where people sign in
	CodePage             Code = "html_page"             // a page for people came with a good status
	CodeErrorInside      Code = "error_inside"          // the status says success, the body an error
	CodePlainHTTP        Code = "plain_http_to_tls"     // the port speaks TLS
	CodeClaimsChallenge  Code = "claims_challenge"      // a token with other claims is wanted
	CodeNoToken          Code = "no_token"              // none was sent
	CodeSaidByAPI        Code = "said_by_api"           // the API's own words, or its list of checks
	CodeUnexplained      Code = "unexplained"           // the API says nothing about why
	CodeNotAToken        Code = "not_a_token"           // what was sent is not a JWT
	CodeGraphToken       Code = "graph_token_elsewhere" // a token for Microsoft Graph, sent to another API
	CodeExpired          Code = "token_expired"
	CodeNotYetValid      Code = "token_not_yet_valid"
	CodeWrongAudience    Code = "wrong_audience"
	CodeWrongTenant      Code = "wrong_tenant"
	CodeWrongIssuer      Code = "wrong_issuer"
	CodeAlgorithm        Code = "wrong_algorithm"
	CodeLifetime         Code = "long_lifetime"
	CodeIDToken          Code = "id_token"
	CodeBound            Code = "bound_token" // the token is bound to a key
	CodeUserToken        Code = "user_token"
	CodeNoRoles          Code = "no_roles"
	CodeMissingRole      Code = "missing_role"
	CodeMissingScope     Code = "missing_scope"
	CodeInvalidRequest   Code = "invalid_request"
	CodeOtherScheme      Code = "other_scheme"       // the API does not take bearer tokens
	CodeProxy            Code = "proxy_credentials"  // a 407
	CodeKeysOutOfReach   Code = "keys_out_of_reach"  // the API cannot tell
	CodeNotFound         Code = "not_found"          // a 404 or 410
	CodeMethodNotAllowed Code = "method_not_allowed" // a 405
	CodeMediaType        Code = "media_type"         // a 406 or 415
	CodeTooLarge         Code = "too_large"          // a 413, 414 or 431
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
	FromAnswer  Source = "answer"  // status and header
	FromAPI     Source = "api"     // words of the other side
	FromToken   Source = "token"   // the token's claims, unverified
	FromClock   Source = "clock"   // the Date header next to this machine's clock
	FromChecked Source = "checked" // what was checked and found right
)

// certain, likely and possible make a Diagnosis.
func certain(code Code, cause string, fixes ...string) *Diagnosis {
	return &Diagnosis{Code: code, Cause: cause, Certainty: Certain, Fixes: fixes}
}

func likely(code Code, cause string, fixes ...string) *Diagnosis {
	return &Diagnosis{Code: code, Cause: cause, Certainty: Likely, Fixes: fixes}
}

func possible(code Code, cause string, fixes ...string) *Diagnosis {
	return &Diagnosis{Code: code, Cause: cause, Certainty: Possible, Fixes: fixes}
}

// with adds advice of m2m's own, which is worded when the situation is known.
func (x *Diagnosis) with(code AdviceCode, args ...string) *Diagnosis {
	x.advice = append(x.advice, Advice{code, args})
	return x
}

// Speaker is who says what Said repeats.
func (x *Diagnosis) Speaker() string {
	if x.AnsweredBy == nil || x.AnsweredBy.Kind == catalogue.Framework {
		return "the API"
	}
	return x.AnsweredBy.Name
}

// Line is the cause as people read it: how sure it is stands before it.
func (x *Diagnosis) Line() string {
	if x.Certainty == Certain {
		return x.Cause
	}
	return string(x.Certainty) + " cause: " + x.Cause
}

// Map returns a diagnosis with each of its texts replaced by what f makes of it;
// nil for nil.
func (x *Diagnosis) Map(f func(string) string) *Diagnosis {
	if x == nil {
		return nil
	}
	out := *x
	out.Said, out.Cause, out.Command, out.Fixes = f(x.Said), f(x.Cause), f(x.Command), mapTexts(x.Fixes, f)
	out.Facts, out.Challenges = nil, nil
	for _, fact := range x.Facts {
		out.Facts = append(out.Facts, Fact{fact.Source, f(fact.Text)})
	}
	for _, c := range x.Challenges {
		params := map[string]string{}
		for name, value := range c.Params {
			params[name] = f(value)
		}
		out.Challenges = append(out.Challenges,
			call.Challenge{Scheme: f(c.Scheme), Token68: f(c.Token68), Params: params, Rest: f(c.Rest)})
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

// oneClause takes the full stop off a text that goes into a clause.
func oneClause(s string) string { return strings.TrimRight(strings.TrimSpace(s), ".") }
