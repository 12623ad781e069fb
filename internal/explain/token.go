package explain

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/issuer"
	"m2m/internal/jwks"
	"m2m/internal/jwt"
	"m2m/internal/text"
	"m2m/internal/verify"
)

// Judged is what the caller knows of a token that a report is about, and who reads
// what is said about it. Every field may be zero.
type Judged struct {
	// Situation is where the reader acts: on the command line, or on the other side
	// of an API that answered. There no flag and no command is named.
	Situation Situation
	// Text is what was given, which need not be a token.
	Text entra.Secret
	// File is the file that it came from, "-" for stdin; empty if it was typed.
	File string
	// NamesFile says that the text is the name of a file that exists.
	NamesFile bool
	// Flags are those that commands have to repeat, such as --local.
	Flags string
}

// advice is what a person needs in addition to the bare fact: why, and what to do.
// It decides nothing. "Likely" marks what the token alone cannot prove.
type advice struct{ cause, fix string }

// tokenReport is a report to explain.
type tokenReport struct {
	*verify.Report
	Judged
	family *issuer.Family
}

// Report fills in Cause and Fix of every finding that is not Pass, and returns the
// report.
func Report(report *verify.Report, j Judged) *verify.Report {
	r := tokenReport{report, j, &issuer.Family{}}
	if report.Verdict != verify.Valid {
		r.family = issuer.Of(report.Token)
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Status == verify.Pass {
			continue
		}
		a := r.advise(f)
		f.Cause, f.Fix = a.cause, a.fix
	}
	return report
}

// plain reports whether the token is of another issuer, which the policy names.
func (r tokenReport) plain() bool {
	return r.Token != nil && r.Token.Plain && r.Policy.PlainIssuer != ""
}

// foreign reports whether the token is of another issuer, and none is named.
func (r tokenReport) foreign() bool {
	return r.Token != nil && r.Token.Plain && r.Policy.PlainIssuer == ""
}

// onCommandLine returns what may be said to the reader of a command's output; in
// the answer of an API nothing of it is.
func (r tokenReport) onCommandLine(fix string) string {
	if r.Situation.inAnswer {
		return ""
	}
	return fix
}

// either chooses between the words for a command line and those for an answer.
func (r tokenReport) either(onCommandLine, inAnswer string) string {
	if r.Situation.inAnswer {
		return inAnswer
	}
	return onCommandLine
}

// refetch is the fix where only a new token helps.
func (r tokenReport) refetch() string {
	const bare = "fetch a new token"
	switch t := r.Token; {
	case t == nil:
		return bare
	case t.Plain && r.family.ID != issuer.Unknown && r.family.ID != issuer.RFC9068:
		return bare + " from " + r.family.Name
	case t.Plain:
		return bare + " from its issuer"
	case managedIdentity(t) != "":
		return r.either(bare+": m2m token --managed-identity", bare+" from the managed identity")
	}
	return r.either(bare+": "+r.command("token")+" --refresh", bare)
}

// command is a command of m2m with the flags that it has to repeat.
func (r tokenReport) command(name string) string {
	return strings.TrimSpace("m2m " + name + " " + r.Flags)
}

// clauses joins what is not empty.
func clauses(all ...string) string {
	return strings.Join(slices.DeleteFunc(all, func(s string) bool { return s == "" }), "; ")
}

func (r tokenReport) advise(f *verify.Finding) advice {
	switch {
	case f.Reason == verify.ErrNotReached && f.BlockedBy != "":
		return advice{cause: fmt.Sprintf("not checked, because of the %s check", f.BlockedBy)}
	case f.Reason == verify.ErrNotReached:
		return advice{cause: "not checked: an earlier check did not pass"}
	case f.Reason == verify.ErrSwitchedOff:
		return r.adviseSwitchedOff(f.Check)
	}
	if a, ok := r.adviseOther(f); ok {
		return a
	}
	switch f.Check {
	case verify.CheckForm:
		return r.adviseForm(f)
	case verify.CheckAlgorithm:
		return r.adviseAlgorithm(f.Reason)
	case verify.CheckKey:
		return r.adviseKey(f.Reason)
	case verify.CheckSignature:
		return r.adviseSignature(f.Reason)
	case verify.CheckIssuer:
		return r.adviseIssuer(f.Reason)
	case verify.CheckTenant:
		return r.adviseTenant(f.Reason)
	case verify.CheckAudience:
		return r.adviseAudience(f.Reason)
	case verify.CheckLifetime:
		return r.adviseLifetime(f.Reason)
	case verify.CheckKind:
		return r.adviseKind(f.Reason)
	case verify.CheckBinding:
		return r.adviseBinding()
	case verify.CheckClient:
		return r.adviseClient()
	}
	return r.advisePermission(f.Reason)
}

func (r tokenReport) adviseSwitchedOff(c verify.Check) advice {
	if c == verify.CheckTenant && r.plain() && !r.Policy.AnyTenant {
		return advice{"not required: the issuer that is configured is not Entra's, and implies the tenant", ""}
	}
	switch c {
	case verify.CheckIssuer:
		return advice{"switched off: every issuer with these keys is accepted", ""}
	case verify.CheckTenant:
		return advice{"switched off: every tenant of the issuer is accepted", "tell callers apart by tid and oid together"}
	case verify.CheckAudience:
		return advice{"switched off: a token that was sent to another API is accepted", ""}
	}
	return advice{"not limited: any app of the tenant may call", ""}
}

// adviseForm is about a text that is not a token, or not a whole one.
func (r tokenReport) adviseForm(f *verify.Finding) advice {
	const whole = "copy the whole token: three parts with two dots, the first begins with eyJ"
	reason := jwt.Reason(f.Reason)
	if reason == jwt.ErrMemberType || reason == jwt.ErrDate {
		return r.adviseType()
	}
	if p, ok := r.whatIs(); ok && (p.Certain || r.Token == nil && reason != jwt.ErrTokenSize) {
		return advice{p.Cause(), r.pastedFix(p)}
	}
	switch reason {
	case jwt.ErrTokenSize:
		return advice{"no token is that long; likely this is a file, or several tokens", "pass one token"}
	case jwt.ErrTruncated:
		if strings.Contains(f.Found, "three dots") {
			return advice{"the token was shortened with three dots by the program that showed it", whole}
		}
		return advice{"the token was cut off: its end is missing", whole}
	case jwt.ErrSegments, jwt.ErrSegmentEmpty:
		return r.adviseParts(reason, whole)
	case jwt.ErrEncrypted:
		return advice{
			"this is an encrypted token (JWE): only the API that it is for can read it",
			"let that API validate it, or ask for a token that is not encrypted",
		}
	case jwt.ErrCharset:
		if strings.Contains(f.Found, "…") {
			return advice{"the token was shortened with an ellipsis (…) by the program that showed it", whole}
		}
		return advice{"likely something else was copied with the token: a quote, a line break, padding", whole}
	case jwt.ErrBase64:
		return advice{"a part of the token was cut off or changed", whole}
	}
	return advice{"it is not the JSON of a token: likely a part was cut off or changed, or a faulty program wrote it", whole}
}

func (r tokenReport) adviseParts(reason jwt.Reason, whole string) advice {
	if reason == jwt.ErrSegmentEmpty && r.Token != nil && !r.Token.Unread {
		return advice{"the token has no signature: it was removed, or never made", r.refetch()}
	}
	return advice{"this does not have the form of a token", whole}
}

// adviseType is about values of a wrong type. Who wrote them cannot be seen, but for
// a signature that matches.
func (r tokenReport) adviseType() advice {
	cause := "a value has another type than " + r.writer() + " gives it"
	if r.Finding(verify.CheckSignature).Status == verify.Pass {
		cause += "; the signature matches, so that the issuer wrote it so"
	}
	var names []string
	dates := false
	for _, x := range r.Token.Mistyped {
		names = append(names, text.Printable(x.Name))
		dates = dates || strings.HasPrefix(x.Wanted, "a whole number")
	}
	fix := fmt.Sprintf("correct %s where the token is made (a test, a mock, a claims mapping)", strings.Join(names[:min(3, len(names))], ", "))
	if dates {
		fix += ": dates are whole seconds since 1970, as JSON numbers"
	}
	return advice{cause, fix}
}

// writer is whose form a token should have.
func (r tokenReport) writer() string {
	if r.Token.Plain {
		return "RFC 7519"
	}
	return "Entra"
}

func (r tokenReport) adviseAlgorithm(reason verify.Reason) advice {
	const forged = "Entra writes no such header: another issuer made the token, or it was forged"
	if reason != verify.ErrAlgNotAllowed {
		return advice{forged, r.refetch()}
	}
	switch alg := r.Token.Algorithm; {
	case alg == "" || strings.EqualFold(alg, "none"):
		return advice{"the token is not signed: anyone could have written it", r.refetch()}
	case r.Token.Plain && len(alg) == 5 && alg[:2] == "HS":
		return advice{
			fmt.Sprintf("the token is signed with a shared secret (%s): only who has the secret can validate it", alg),
			"use an issuer that signs with RS256",
		}
	case r.Token.Plain:
		return advice{
			fmt.Sprintf("the issuer signs with %s; m2m validates RS256 alone, which is what Entra signs with and accepts", text.Quote(alg)),
			"have the issuer sign with RS256",
		}
	case len(alg) == 5 && alg[:2] == "HS":
		return advice{"Entra never signs with a shared secret; forgers do, with the public key as the secret", r.refetch()}
	}
	return advice{"Entra signs with RS256 alone; likely another issuer made the token", r.refetch()}
}

func (r tokenReport) adviseKey(reason verify.Reason) advice {
	switch reason {
	case verify.ErrKeyIDMissing, verify.ErrKeyIDLong:
		return advice{"Entra always names its key: another issuer made the token, or it was forged", r.refetch()}
	case verify.ErrNoKeySource:
		return advice{"no tenant is configured, so there are no keys to check the signature with", r.tenantLine()}
	case verify.ErrKeysUnreachable:
		cause := "the keys could not be read"
		if r.KeyErr != nil {
			cause += ": " + jwks.ErrorText(r.KeyErr)
		}
		return advice{cause, r.either(reachKeys(r.KeyErr), "try again later")}
	case verify.ErrKeyIssuer, verify.ErrKeyCloud:
		return advice{"the issuer publishes this key for tokens of another issuer or cloud", r.refetch()}
	}
	return r.adviseKeyUnknown()
}

// reachKeys says what to do about keys that are out of reach.
func reachKeys(err error) string {
	if fault := jwks.NetworkFault(err); fault != nil {
		return strings.Join(connectionHints(fault), "; ")
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "allow more time with --timeout"
	case errors.Is(err, jwks.ErrNoUsableKey):
		return "try again: the issuer publishes no usable key now"
	case errors.Is(err, jwks.ErrStatus):
		return "try again; if it lasts, check the tenant and --authority-host"
	case errors.Is(err, jwks.ErrRedirect), errors.Is(err, jwks.ErrBodySize), errors.Is(err, jwks.ErrDiscovery), errors.Is(err, jwks.ErrKeySet):
		return "what answers there is likely not the issuer: check --authority-host and the proxy on the way to it"
	}
	return "check network, proxy and --ca-file, then try again"
}

func (r tokenReport) adviseKeyUnknown() advice {
	t := r.Token
	switch cloud, _ := r.cloud(); {
	case r.Finding(verify.CheckLifetime).Reason == verify.ErrExpired:
		return advice{"the token has expired; likely its key has been retired since", r.refetch()}
	case t.Version == entra.V1 && cloud.Name == "public":
		return advice{
			"likely the keys have changed since, or the token is of the US government cloud, whose v1.0 tokens name the same issuer",
			clauses(r.refetch(), r.onCommandLine("for the US government cloud: --cloud usgov")),
		}
	case t.ClientID == "":
		return advice{"likely the issuer has changed its keys since, as a local tenant does at every start", r.refetch()}
	}
	keys := ""
	if pastable(t.Audience) {
		keys = "for an API with a signing key of its own, read the keys at the jwks_uri with ?appid=" + t.Audience
	}
	return advice{
		"likely the issuer has changed its keys since (a local tenant does at every start), or the API's app has a signing key of its own",
		clauses(r.refetch(), r.onCommandLine(keys)),
	}
}

func (r tokenReport) adviseSignature(reason verify.Reason) advice {
	switch {
	case reason == verify.ErrGraphNonce:
		a := advice{
			"this is a token for Microsoft Graph: the nonce in its header is not the one that was signed, so only Graph can verify it",
			r.scopeLine(),
		}
		if o := r.Finding(verify.CheckAudience); o.Status == verify.Pass { // Graph's is what is wanted
			a.fix = "call Graph with it: its answer is the verdict"
		}
		return a
	case reason == verify.ErrOktaOrg:
		return advice{
			"an Okta org authorization server issued this token: only Okta can validate it",
			"use a custom authorization server, such as https://YOUR-ORG.okta.com/oauth2/default, or Okta's introspection endpoint",
		}
	case reason == verify.ErrSignatureUnchecked:
		return advice{"there is no key to check it with", ""}
	case r.Token.Has.Nonce:
		return advice{"likely the token is for a service of Microsoft's own: its header holds a nonce that is not the one that was signed",
			r.scopeLine()}
	}
	return advice{"the token was changed after it was signed, or was signed with a different key", r.refetch()}
}

func (r tokenReport) adviseLifetime(reason verify.Reason) advice {
	t := r.Token
	switch reason {
	case verify.ErrExpired:
		return r.adviseExpired()
	case verify.ErrNotYetValid, verify.ErrIssuedInFuture:
		ahead := t.NotBefore.Sub(r.Now)
		if reason == verify.ErrIssuedInFuture {
			ahead = t.IssuedAt.Sub(r.Now)
		}
		return advice{
			fmt.Sprintf("likely this machine's clock is slow: the token begins in %s", text.Duration(ahead)),
			clauses("set the clock (NTP)", r.onCommandLine("or allow for the difference: --leeway, at most 5m")),
		}
	case verify.ErrTooLong:
		life := text.Duration(t.ExpiresAt.Sub(t.IssuedAt))
		if t.Plain {
			return advice{
				fmt.Sprintf("the token lives %s; at most %s is accepted", life, text.Duration(r.Policy.MaxLifetime)),
				"have the issuer shorten it" + prefixed(": ", r.family.Lifetime),
			}
		}
		return advice{
			fmt.Sprintf("the token lives %s; Entra's live 60 to 90 minutes, or up to 28 hours under continuous access evaluation", life),
			r.refetch(),
		}
	}
	if t.Plain || r.Issuer.Given {
		return r.adviseIncomplete("iat and exp, in order")
	}
	return advice{"Entra writes iat, nbf and exp, in order, into every token; likely another issuer made this one", r.refetch()}
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

// adviseIncomplete is for a token of an issuer that the user named, and that does
// not write what every token needs. A new token of that issuer would be no better.
func (r tokenReport) adviseIncomplete(what string) advice {
	return advice{
		"every token, of any issuer, must hold " + what,
		clauses("have the issuer add what is missing", r.onCommandLine("to see the token without checks: --decode")),
	}
}

func (r tokenReport) adviseExpired() advice {
	ago := r.Now.Sub(r.Token.ExpiresAt)
	cause := fmt.Sprintf("it expired %s ago", text.Duration(ago))
	fix := r.refetch()
	if ago < verify.MaxLeeway {
		cause += "; likely it was kept too long, or the clocks differ"
		fix = clauses(fix, "set the clock (NTP)")
	}
	return advice{cause, fix}
}

func (r tokenReport) adviseKind(reason verify.Reason) advice {
	t := r.Token
	switch reason {
	case verify.ErrIDToken:
		return advice{
			"this is an ID token: it tells a client who signed in, and is never for an API",
			"send the access token, not the id_token",
		}
	case verify.ErrUserToken:
		cause := "this is a user's token (idtyp user)"
		if len(t.Scopes) > 0 {
			cause = fmt.Sprintf("this is a user's token: it has scp %s", text.Quote(strings.Join(t.Scopes, " ")))
		}
		return advice{cause, r.either(
			"get an app's own token: "+r.command("token")+"; or let users in: --require-scope, or --allow-user",
			"send an app's own token (client credentials)")}
	case verify.ErrClientMissing:
		if r.Issuer.Given {
			return r.adviseIncomplete("the client's ID (a GUID) in azp or appid")
		}
		return advice{"Entra's access tokens name their client in azp (v2.0) or appid (v1.0): this is likely not an access token", r.refetch()}
	}
	if idtyp, _ := claimText(t, "idtyp"); idtyp == "app" {
		return advice{"idtyp says app, but scp holds scopes, which only users' tokens have", r.refetch()}
	} else if idtyp != "" {
		return advice{fmt.Sprintf("idtyp is %s: neither an app nor a user", text.Quote(idtyp)), r.refetch()}
	}
	return advice{
		"nothing marks it as an app's token: it has no idtyp, and oid is not sub; a user's would have scp",
		"ask for the optional claim idtyp in the API's registration, then " + r.refetch(),
	}
}

// claimText returns a claim that is a string.
func claimText(t *jwt.Token, name string) (value string, ok bool) {
	raw, _ := t.Claim(name)
	return jwt.Unquote(raw)
}

// adviseBinding is about a token that is bound to a key.
func (r tokenReport) adviseBinding() advice {
	raw, _ := r.Token.Claim("cnf")
	what, check := "a key", "have the caller of the API prove that it holds the key"
	switch member, value := confirmation(raw); member {
	case "x5t#S256":
		what = "the client certificate with the SHA-256 thumbprint " + value + " (mutual TLS)"
		check = "call over mutual TLS with that certificate; the API must compare it with this thumbprint"
	case "jkt":
		what = "the key with the thumbprint " + value + " (DPoP)"
		check = "send it with the scheme DPoP and a proof by that key"
	}
	return advice{"the token is bound to " + what + ": without that key it proves nothing", check}
}

// adviseClient knows the mistake that the portal invites: it shows an app's
// client ID, the object ID of its registration and, on another page, the
// object ID of its service principal.
func (r tokenReport) adviseClient() advice {
	t := r.Token
	fix := r.allowClient()
	switch {
	case t.ClientID == "":
		return advice{"the token names no client that the list could hold", ""}
	case slices.Contains(r.Policy.Clients, t.ObjectID):
		return advice{"the list of clients has the object ID of the app's service principal, not its client ID", fix}
	case t.Plain:
		return advice{"another app is calling", fix}
	case entra.IsGUID(t.ClientID):
		fix = clauses(fix, r.onCommandLine("compare with: az ad sp show --id "+t.ClientID))
	}
	return advice{
		"another app is calling; or likely, if the app is the right one, the list of clients has one of its object IDs",
		fix,
	}
}

// allowClient is what lets the calling app in.
func (r tokenReport) allowClient() string {
	fix := r.either("if this app may call, add it: --client", "if this app may call, add it to the API's list of clients")
	if !pastable(r.Token.ClientID) || r.Situation.inAnswer {
		return fix
	}
	return fix + " " + r.Token.ClientID
}

func (r tokenReport) advisePermission(reason verify.Reason) advice {
	p, t := r.Policy, r.Token
	switch {
	case reason == verify.ErrAgentMissing:
		return advice{
			"the caller is not an agent identity, or the API's registration does not ask for the claims that show it",
			"add xms_par_app_azp, xms_act_fct and xms_sub_fct to optionalClaims.accessToken of the API's registration, then " + r.refetch(),
		}
	case reason == verify.ErrScopeOnly:
		return advice{
			"app-only tokens never carry scp: scopes are a user's, roles an app's",
			r.either("name a role for apps: --require-role (REQUIRED_ROLES)", "the API must accept an app role as well"),
		}
	case reason == verify.ErrScopeMissing && len(t.Scopes) > 0 && alike(t.Scopes, p.Scopes):
		return advice{"the scope differs only by upper and lower case, and scopes are compared exactly",
			"use one spelling in the API's registration and in " + r.either("REQUIRED_SCOPES", "its settings")}
	case reason == verify.ErrScopeMissing:
		return advice{"the client did not ask for the scope, or the user has not consented to it",
			"ask for the scope " + strings.Join(p.Scopes, " ") + " and consent to it"}
	case alike(t.Roles, p.Roles):
		return advice{"the role differs only by upper and lower case, and roles are compared exactly",
			"use one spelling in the API's registration and in " + r.either("REQUIRED_ROLES", "its settings")}
	case t.Kind == jwt.User:
		return advice{"the user has none of the required roles",
			fmt.Sprintf("assign the app role %s to the user, then %s", strings.Join(p.Roles, " or "), r.refetch())}
	case len(t.Roles) > 0:
		return advice{"the client has other roles than the required one", r.grant()}
	}
	return advice{
		fmt.Sprintf("the client has no role of this API: likely none is granted, or consent is missing, or the token (issued %s) is "+
			"older than the grant", text.Time(t.IssuedAt)),
		r.grant(),
	}
}

// grant says how the caller gets the required role, by what it is.
func (r tokenReport) grant() string {
	t, role := r.Token, strings.Join(r.Policy.Roles, " or ")
	principal := ""
	if entra.IsGUID(t.ObjectID) {
		principal = " (object ID " + t.ObjectID + ")"
	}
	switch {
	case managedIdentity(t) != "":
		return fmt.Sprintf("assign the app role %s to the managed identity's service principal%s with Microsoft Graph or PowerShell "+
			"(New-MgServicePrincipalAppRoleAssignment): the portal cannot; Azure keeps the token for up to 24 hours, so that a new role "+
			"shows only then: a refresh changes nothing", role, principal)
	case isAgent(t):
		return fmt.Sprintf("assign the app role %s to the agent identity itself%s, not to its blueprint, then %s", role, principal, r.refetch())
	}
	client := "the client"
	if pastable(t.ClientID) {
		client = "client " + t.ClientID
	}
	return fmt.Sprintf("grant the app role %s to %s as an application permission, give admin consent, then %s", role, client, r.refetch())
}

// alike reports whether two lists share a value but for upper and lower case.
func alike(has, required []string) bool {
	return slices.ContainsFunc(has, func(a string) bool {
		return slices.ContainsFunc(required, func(b string) bool { return a != b && strings.EqualFold(a, b) })
	})
}
