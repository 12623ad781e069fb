package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"m2m/internal/explain/catalogue"
	"m2m/internal/text"
)

// What to do about a response.
const (
	ShowRequest    AdviceCode = "show_request"     // see what is sent and what comes
	VerifyToken    AdviceCode = "verify_token"     // Args: further words of the command
	FreshToken     AdviceCode = "fresh_token"      // a new token, because only a new one helps
	NewToken       AdviceCode = "new_token"        // an access token, whatever was sent
	TokenFor       AdviceCode = "token_for"        // Args: the resource
	OwnScope       AdviceCode = "own_scope"        // a token for the API that was called
	CallWithToken  AdviceCode = "call_with_token"  // none was sent
	FollowRedirect AdviceCode = "follow_redirect"  // inside the origin
	ChooseMethod   AdviceCode = "choose_method"    // of those that the address takes
	Retry          AdviceCode = "retry"            // later
	Again          AdviceCode = "again"            // once the fix is made
	PassClaims     AdviceCode = "pass_claims"      // Args: the claims
	SendHeader     AdviceCode = "send_header"      // Args: a header, NAME: VALUE
	GrantRole      AdviceCode = "grant_role"       // an app role of the API to the client
	GrantGraph     AdviceCode = "grant_graph"      // Args: the permissions
	AcceptRole     AdviceCode = "accept_role"      // the API is to accept an app role
	AssignAzure    AdviceCode = "assign_azure"     // Args: the role
	FederatedToken AdviceCode = "federated_token"  // exchange an assertion
	Certificate    AdviceCode = "use_certificate"  // the client is to prove itself by a certificate
	AskOtherTenant AdviceCode = "ask_other_tenant" // a client of the API's own tenant
)

// word turns the advice of a diagnosis into sentences, and into the one command
// that is shown: the first.
func (e *Evidence) word(x *Diagnosis) {
	for _, a := range x.advice {
		sentences, command := e.wordOne(a)
		switch a.Code {
		case GrantRole, GrantGraph, AssignAzure, TokenFor: // what is to be done first
			x.Fixes = append(sentences, x.Fixes...)
		default:
			x.Fixes = append(x.Fixes, sentences...)
		}
		if x.Command == "" {
			x.Command = command
		}
	}
}

// General words an action of a catalogue row for a reader without a response at hand;
// "" for one that only shows something.
func General(action string) string {
	name, arg, _ := strings.Cut(catalogue.Plain(action), " ")
	switch AdviceCode(name) {
	case AssignAzure:
		return strings.TrimSpace("assign the Azure role " + arg + " to the caller, on the resource")
	case GrantRole:
		return "assign an app role of the API to the client, grant admin consent, and get a new token"
	case GrantGraph:
		return "add " + cmp.Or(arg, "the permission") + " to the client as an application permission, grant admin consent, and get a new token"
	case TokenFor:
		if arg != "" && arg != strings.ToUpper(arg) {
			return "request the token for " + arg + "/.default"
		}
		return "request the token for the API that is called"
	case FreshToken:
		return "get a new token"
	case SendHeader:
		return "send the header " + arg
	case AcceptRole:
		return "have the API accept an app role as well"
	case Certificate:
		return "request the token with a certificate or a federated token instead of a secret"
	}
	return ""
}

func (e *Evidence) wordOne(a Advice) (sentences []string, command string) {
	arg := ""
	if len(a.Args) > 0 {
		arg = a.Args[0]
	}
	switch a.Code {
	case ShowRequest:
		return nil, e.callCommand("-v")
	case VerifyToken:
		if e.token == nil && arg == "" && e.TokenFile == "" {
			return nil, e.callCommand("-v")
		}
		return nil, e.verifyCommand(strings.Fields(arg)...)
	case FreshToken:
		return e.freshToken()
	case NewToken:
		return nil, e.command("m2m token", "m2m verify")
	case TokenFor:
		return e.tokenFor(arg)
	case OwnScope:
		return []string{"request a token for this API: set API_SCOPE to its own scope, such as api://API-CLIENT-ID/.default"}, e.verifyCommand()
	case CallWithToken:
		return []string{e.Situation.withToken}, e.callCommand(withToken)
	case FollowRedirect:
		return []string{"follow it with " + e.Situation.follow + ", or call that address"}, e.callCommand("-L")
	case ChooseMethod:
		return []string{"choose the method with " + e.Situation.method}, e.allowedCommand()
	case Again:
		return nil, e.callCommand()
	case Retry:
		return []string{"try again with " + e.Situation.retry}, e.retryCommand()
	case PassClaims:
		if e.TokenFile != "" {
			return []string{"request a token with these claims; Entra's Conditional Access then decides"},
				e.command("m2m token --claims " + text.ShellQuote(arg))
		}
		return []string{"pass the claims on with the token request; Entra's Conditional Access then decides"},
			e.callCommand("--claims " + text.ShellQuote(arg))
	case SendHeader:
		return []string{"send it with " + e.Situation.header}, e.callCommand("-H " + text.ShellQuote(arg))
	case AcceptRole:
		return []string{"have the API accept an app role as well; m2m serve: REQUIRED_ROLES or --require-role"}, e.verifyCommand()
	case FederatedToken:
		return nil, ""
	}
	return e.wordGrant(a.Code, arg)
}

// wordGrant words what is granted to the caller. A managed identity has no app
// registration, and Azure keeps its token.
func (e *Evidence) wordGrant(code AdviceCode, arg string) (sentences []string, command string) {
	fresh, refresh := e.freshToken()
	if want, have := e.roleInOtherCase(); code == GrantRole && want != "" {
		return []string{fmt.Sprintf("roles are compared letter by letter: the API wants %s and the token has %s; correct the API's settings, "+
			"or rename the app role", text.Quote(want), text.Quote(have))}, refresh
	}
	switch code {
	case GrantRole:
		if e.isManagedIdentity() {
			return append([]string{"assign an app role of the API to the managed identity's service principal" + e.forObject() +
				", by Microsoft Graph (appRoleAssignments) or PowerShell: the portal cannot"}, fresh...), refresh
		}
		return append([]string{"assign an app role of the API to the client" + e.forClient() +
			" as an application permission, and grant admin consent"}, fresh...), refresh
	case GrantGraph:
		what := "the permission"
		if arg != "" {
			what = arg
		}
		if e.isManagedIdentity() {
			return append([]string{"assign " + what + " to the managed identity's service principal" + e.forObject() +
				", by Microsoft Graph (appRoleAssignments) or PowerShell: the portal cannot"}, fresh...), refresh
		}
		return append([]string{"add " + what + " to the client" + e.forClient() +
			" as an application permission, not a delegated one, and grant admin consent"}, fresh...), refresh
	case AssignAzure:
		role := "ROLE"
		if arg != "" {
			role = text.ShellQuote(arg)
		}
		// The object id: --assignee with a client id asks Graph, which the person may not.
		who := "--assignee CLIENT_ID"
		if oid := e.value("oid"); oid != "" {
			who = "--assignee-object-id " + oid + " --assignee-principal-type ServicePrincipal"
		}
		return []string{
			"give the caller an Azure role on the resource: az role assignment create " + who + " --role " + role + " --scope RESOURCE_ID",
			"a new assignment takes effect after some minutes; the token stays the same",
		}, e.callCommand()
	case Certificate:
		return []string{"request the token with a certificate instead of a secret, or with a federated token"},
			e.command("m2m token", "m2m verify")
	case AskOtherTenant:
		return []string{"set TENANT_ID to the API's tenant, with a client that has a service principal there"}, e.verifyCommand()
	}
	return []string{string(code)}, ""
}

// roleInOtherCase finds a role of the token that the API, or the settings, name with
// other letters.
func (e *Evidence) roleInOtherCase() (want, have string) {
	if e.token == nil {
		return "", ""

	}
	words := append(strings.FieldsFunc(e.Said.Words(), func(r rune) bool {
		return strings.ContainsRune(" ,;:'\"\n()[]",
			r)
	}), e.RequiredRoles...)
	for _, word := range words {
		for _, role := range e.token.Roles {
			if word != role && strings.EqualFold(word, role) && !slices.Contains(words, role) {
				return text.Bound(word, maxShown), role
			}
		}
	}
	return "", ""
}

func (e *Evidence) forClient() string {
	if id := e.value("client"); id != "" {
		return " " + id
	}
	return ""
}

func (e *Evidence) forObject() string {
	if id := e.value("oid"); id != "" {
		return " " + id
	}
	return ""
}

// freshToken: a token does not change after it was issued. Azure caches those of
// managed identities, and m2m cannot make it issue another.
func (e *Evidence) freshToken() (sentences []string, command string) {
	switch {
	case e.isManagedIdentity():
		return []string{"Azure keeps a managed identity's token for up to 24 h: what is granted now is in the next one"}, ""
	case e.token != nil && e.family != nil && !e.isEntra():
		return []string{"get a new token from " + e.family.Name + ": the old one does not change"}, ""
	}
	return []string{"get a new token: the old one does not change"}, e.command("m2m token --refresh", "m2m verify")
}

// tokenFor requests a token for another resource: with the same call, unless the
// token came from a file.
func (e *Evidence) tokenFor(resource string) (sentences []string, command string) {
	if resource == "" {
		return []string{"request a token for this API: set API_SCOPE to its own scope"}, e.verifyCommand()
	}
	if e.token != nil && sameAudience(resource, e.token.Audience) {
		return nil, e.verifyCommand() // it has that audience
	}
	scope := text.ShellQuote(resource + "/.default") // may be the API's words, and people paste such a line
	if e.TokenFile != "" || e.Caller != CommandCaller {
		return []string{"request a token for it: API_SCOPE=" + scope}, e.command("m2m token --scope " + scope)
	}
	return []string{"request a token for it: API_SCOPE=" + scope}, e.callCommand("--scope "+scope, withToken)
}
