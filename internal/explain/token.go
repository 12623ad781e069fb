package explain

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/jwks"
	"m2m/internal/jwt"
	"m2m/internal/text"
	"m2m/internal/verify"
)

// advice is what a person needs beside the bare fact: why, and what to do. It
// decides nothing. "Likely" marks what the token alone cannot prove.
type advice struct{ cause, fix string }

// refetch is the fix where only a new token helps.
const refetch = "fetch a new token: m2m token --refresh"

// tokenReport is a report to explain.
type tokenReport struct{ *verify.Report }

// plain reports whether the policy's PlainIssuer issued the token.
func (r tokenReport) plain() bool { return r.Token != nil && r.Token.Plain }

// Report fills in Cause and Fix of every finding that is not Pass, and returns the
// report.
func Report(report *verify.Report) *verify.Report {
	r := tokenReport{report}
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Status == verify.Pass {
			continue
		}
		a := r.advise(f)
		if r.plain() {
			a.fix = strings.ReplaceAll(a.fix, refetch, "fetch a new token from its issuer")
		}
		f.Cause, f.Fix = a.cause, a.fix
	}
	return report
}

func (r tokenReport) advise(f *verify.Finding) advice {
	switch f.Reason {
	case verify.ErrNotReached:
		return advice{cause: "not reached: an earlier check did not pass"}
	case verify.ErrSwitchedOff:
		return r.adviseSwitchedOff(f.Check)
	}
	if a, ok := r.advisePlain(f.Check, f.Reason); ok {
		return a
	}
	switch f.Check {
	case verify.CheckForm:
		return adviseForm(f.Reason)
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
	case verify.CheckClient:
		return r.adviseClient()
	}
	return r.advisePermission(f.Reason)
}

func (r tokenReport) adviseSwitchedOff(c verify.Check) advice {
	if c == verify.CheckTenant && r.plain() && !r.Policy.AnyTenant {
		return advice{"not asked for: the issuer that was named is none of Entra's, and stands for the tenant", ""}
	}
	switch c {
	case verify.CheckIssuer:
		return advice{"switched off: every issuer whose keys these are is believed", ""}
	case verify.CheckTenant:
		return advice{"switched off: every tenant of the issuer is let in", "tell callers apart by tid and oid together"}
	case verify.CheckAudience:
		return advice{"switched off: a token that was sent to another API is let in", ""}
	}
	return advice{"not limited: any app of the tenant may call", ""}
}

func adviseForm(reason verify.Reason) advice {
	const whole = "paste the whole token: it begins with eyJ and holds two dots"
	switch jwt.Reason(reason) {
	case jwt.ErrTokenSize:
		return advice{"no token of Entra's is that long; likely this is a file, or several tokens", "pass one token"}
	case jwt.ErrSegments, jwt.ErrSegmentEmpty:
		return advice{"likely this is something else, such as a client secret, or a part of a token", whole}
	case jwt.ErrEncrypted:
		return advice{"an encrypted token can be read by its audience alone", "let the API that it is meant for judge it"}
	case jwt.ErrCharset:
		return advice{"likely a quote, a line break, padding or part of a header line was copied with the token", whole}
	case jwt.ErrBase64:
		return advice{"the end of a part was cut off or changed", whole}
	}
	return advice{"Entra writes no such token: it was changed after it was issued, or forged", refetch}
}

func (r tokenReport) adviseAlgorithm(reason verify.Reason) advice {
	const forged = "Entra writes no such header: the token was forged, or another issuer made it"
	if reason != verify.ErrAlgNotAllowed {
		return advice{forged, refetch}
	}
	switch alg := r.Token.Algorithm; {
	case alg == "" || strings.EqualFold(alg, "none"):
		return advice{"the token is not signed at all: anyone could have written it", refetch}
	case len(alg) == 5 && alg[:2] == "HS":
		return advice{"Entra never signs with a shared secret; forgers do, with the public key as the secret", refetch}
	}
	return advice{"Entra signs with RS256 alone; likely another issuer made the token", refetch}
}

func (r tokenReport) adviseKey(reason verify.Reason) advice {
	switch reason {
	case verify.ErrKeyIDMissing, verify.ErrKeyIDLong:
		return advice{"Entra always names its key: the token was forged, or another issuer made it", refetch}
	case verify.ErrNoKeySource:
		return advice{"nobody knows whose keys to ask for", r.tenantLine()}
	case verify.ErrKeysUnreachable:
		cause := "no keys could be read"
		if r.KeyErr != nil {
			cause = "the keys could not be read: " + jwks.ErrorText(r.KeyErr)
		}
		return advice{cause, reachKeys(r.KeyErr)}
	case verify.ErrKeyIssuer, verify.ErrKeyCloud:
		a := advice{"the issuer publishes this key for tokens of another issuer or cloud", refetch}
		if o := r.Finding(verify.CheckIssuer); o.Status == verify.Fail {
			a.fix = r.adviseIssuer(o.Reason).fix
		}
		return a
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
		return "try again: the issuer publishes no key now that could be used"
	case errors.Is(err, jwks.ErrStatus):
		return "try again; if it lasts, check the tenant and --authority-host"
	case errors.Is(err, jwks.ErrRedirect), errors.Is(err, jwks.ErrBodySize), errors.Is(err, jwks.ErrDiscovery), errors.Is(err, jwks.ErrKeySet):
		return "what answers there is likely not the issuer: check --authority-host and the proxy on the way to it"
	}
	return "check network, proxy and --ca-file, then try again"
}

func (r tokenReport) adviseKeyUnknown() advice {
	t := r.Token
	if o := r.Finding(verify.CheckIssuer); o.Status == verify.Fail {
		return advice{"the token is from another issuer, which signs with other keys", r.adviseIssuer(o.Reason).fix}
	}
	if o := r.Finding(verify.CheckLifetime); o.Reason == verify.ErrExpired {
		return advice{"the token has expired; likely its key has been retired since", refetch}
	}
	keys := setting("?appid", t.Audience)
	if t.ClientID == "" {
		return advice{"likely the issuer has changed its keys since, as a local tenant does at every start", refetch}
	}
	return advice{
		"likely the issuer has changed its keys since (a local tenant does at every start), or the API's app has a signing key of its own",
		fmt.Sprintf("%s; for an app with its own key, read the keys at the jwks_uri with %s", refetch, keys),
	}
}

func (r tokenReport) adviseSignature(reason verify.Reason) advice {
	switch {
	case reason == verify.ErrGraphNonce:
		a := advice{
			"this is a token for Microsoft Graph: the nonce in its header is not the one that was signed, so only Graph can verify it, and " +
				"nobody else should",
			r.scopeLine(),
		}
		if o := r.Finding(verify.CheckAudience); o.Status == verify.Pass { // Graph's is what is wanted
			a.fix = "call Graph with it: its answer is the verdict"
		}
		return a
	case reason == verify.ErrSignatureUnchecked:
		return advice{"there is no key to check it with", ""}
	case r.Token.Has.Nonce:
		return advice{"likely the token is for a service of Microsoft's own: its header holds a nonce that is not the one that was signed",
			r.scopeLine()}
	}
	return advice{"the token was changed after it was signed, or was signed by somebody who has not this key", refetch}
}

func (r tokenReport) adviseLifetime(reason verify.Reason) advice {
	t := r.Token
	switch reason {
	case verify.ErrExpired:
		return r.adviseExpired(text.Duration(r.Now.Sub(t.ExpiresAt)))
	case verify.ErrNotYetValid, verify.ErrIssuedInFuture:
		ahead := t.NotBefore.Sub(r.Now)
		if reason == verify.ErrIssuedInFuture {
			ahead = t.IssuedAt.Sub(r.Now)
		}
		return advice{
			fmt.Sprintf("likely this machine's clock is slow: the token begins in %s", text.Duration(ahead)),
			"set the clock (NTP), or allow for it: --leeway, at most 5m",
		}
	case verify.ErrTooLong:
		return advice{"Entra's tokens live 60 to 90 minutes, or up to 28 hours under continuous access evaluation; likely another issuer made it",
			refetch}
	}
	if r.Issuer.Given {
		return r.adviseForeign("iat, nbf and exp, in order")
	}
	return advice{"Entra writes iat, nbf and exp in order into every token: this one was changed, or another issuer made it", refetch}
}

// adviseForeign is for a token of an issuer that the user named, and that does
// not write what Entra does. A new token of that issuer would be no better.
func (r tokenReport) adviseForeign(what string) advice {
	return advice{
		"every token must hold " + what + ", whoever issued it",
		"have the issuer add what is missing, or read the token unjudged: --decode",
	}
}

func (r tokenReport) adviseExpired(ago string) advice {
	if r.Now.Sub(r.Token.ExpiresAt) < verify.MaxLeeway {
		return advice{
			fmt.Sprintf("it expired %s ago; likely it was kept too long, or the clocks differ", ago),
			refetch + "; renew tokens 5 minutes early; set the clock (NTP)",
		}
	}
	return advice{fmt.Sprintf("it expired %s ago; it was kept too long", ago), refetch + "; renew tokens 5 minutes early"}
}

func (r tokenReport) adviseKind(reason verify.Reason) advice {
	switch t := r.Token; reason {
	case verify.ErrIDToken:
		return advice{
			"an ID token tells a client who signed in; one registration as client and API makes it look like an access token",
			"send the access token, not the id_token",
		}
	case verify.ErrUserToken:
		return advice{
			fmt.Sprintf("the client acts for a user (scp %s)", text.Quote(strings.Join(t.Scopes, " "))),
			"use the client credentials flow (m2m token), or let users in: --require-scope, or --allow-user",
		}
	case verify.ErrClientMissing:
		if r.Issuer.Given {
			return r.adviseForeign("the client's ID (a GUID) in azp or appid")
		}
		return advice{"an access token of Entra's names its client in azp (v2.0) or appid (v1.0)", refetch}
	}
	return advice{"neither idtyp nor oid = sub marks it as an app's, and it holds no scp of a user's", refetch}
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
		return advice{"the list holds the object ID of the app's service principal, not its client ID", fix}
	case entra.IsGUID(t.ClientID):
		fix += "; compare with: az ad sp show --id " + t.ClientID
	}
	return advice{
		"another app is calling, or, likely if the app is the right one, the list holds an object ID: an app's client ID, its " +
			"registration's object ID and its service principal's are three different GUIDs",
		fix,
	}
}

// allowClient is the flag that lets the calling app in.
func (r tokenReport) allowClient() string {
	const fix = "if this app may call, add it: --client"
	if !pastable(r.Token.ClientID) {
		return fix
	}
	return fix + " " + r.Token.ClientID
}

func (r tokenReport) advisePermission(reason verify.Reason) advice {
	p, t := r.Policy, r.Token
	switch {
	case reason == verify.ErrScopeOnly:
		return advice{
			"app-only tokens never carry scp: scopes are a user's, roles an app's",
			"name a role for apps: --require-role (REQUIRED_ROLES)",
		}
	case reason == verify.ErrScopeMissing && len(t.Scopes) > 0 && alike(t.Scopes, p.Scopes):
		return advice{"the spelling differs, and scopes are compared exactly",
			"use one spelling in the API's registration and in REQUIRED_SCOPES"}
	case reason == verify.ErrScopeMissing:
		return advice{"the client did not ask for the scope, or the user has not consented to it",
			"ask for the scope " + strings.Join(p.Scopes, " ") + " and consent to it"}
	case alike(t.Roles, p.Roles):
		return advice{"the spelling differs, and roles are compared exactly", "use one spelling in the API's registration and in REQUIRED_ROLES"}
	case len(t.Roles) > 0:
		return advice{"the client holds other roles than the required one", r.grant()}
	}
	return advice{
		fmt.Sprintf("the client holds no role of this API: likely none is granted to it, or an administrator has not consented yet, or "+
			"the token (issued %s) is older than the grant", text.Time(t.IssuedAt)),
		r.grant(),
	}
}

func (r tokenReport) grant() string {
	client := "the client"
	if id := r.Token.ClientID; pastable(id) {
		client = "client " + id
	}
	return fmt.Sprintf("grant the app role %s to %s as an application permission, give admin consent, then %s",
		strings.Join(r.Policy.Roles, " or "), client, refetch)
}

// alike reports whether two lists share a value but for upper and lower case.
func alike(has, required []string) bool {
	return slices.ContainsFunc(has, func(a string) bool {
		return slices.ContainsFunc(required, func(b string) bool { return a != b && strings.EqualFold(a, b) })
	})
}

// advisePlain is advice about a token of the policy's PlainIssuer, where that of
// Entra's tokens would mislead.
func (r tokenReport) advisePlain(c verify.Check, reason verify.Reason) (a advice, ok bool) {
	if !r.plain() {
		return advice{}, false
	}
	switch c {
	case verify.CheckKey:
		return r.advisePlainKey(reason)
	case verify.CheckAudience:
		return r.advisePlainAudience(reason)
	case verify.CheckLifetime:
		return r.adviseForeign("iat and exp, in order"), reason == verify.ErrDateMissing || reason == verify.ErrDateOrder
	case verify.CheckKind:
		return r.advisePlainKind(reason), true
	case verify.CheckClient:
		return advice{"another app is calling", r.allowClient()}, r.Token.ClientID != ""
	case verify.CheckPermission:
		return r.advisePlainPermission(reason), true
	}
	return advice{}, false
}

func (r tokenReport) advisePlainKey(reason verify.Reason) (a advice, ok bool) {
	switch reason {
	case verify.ErrKeyIDMissing, verify.ErrKeyIDLong:
		return r.adviseForeign("a key ID of at most 128 characters"), true
	case verify.ErrKeyUnknown:
		return advice{"likely the issuer has changed its keys since these were read, or these are another issuer's",
			"read the keys again at the jwks_uri of the issuer"}, true
	}
	return advice{}, false
}

func (r tokenReport) advisePlainAudience(reason verify.Reason) (a advice, ok bool) {
	found := r.Token.Audiences()
	if reason != verify.ErrAudienceMismatch && reason != verify.ErrAudienceUnset || found == nil {
		return advice{}, false
	}
	cause := "the token was asked for another API"
	switch {
	case reason == verify.ErrAudienceUnset:
		cause = "nobody said which API this is"
	case len(found) > 1:
		cause = "the token is for several APIs, and any of them could send it to the others: all must be this one"
	}
	return advice{cause, "if that is this API: " + setting("API_AUDIENCE", found...)}, true
}

func (r tokenReport) advisePlainKind(reason verify.Reason) advice {
	switch reason {
	case verify.ErrIDToken:
		return advice{
			"it looks like an ID token (a nonce, a hash, a user's name, or the client itself as aud), and typ does not say at+jwt",
			"send the access token, not the id_token",
		}
	case verify.ErrUserToken:
		return advice{
			"sub is not the client: it acts for a user, or the issuer gives its service accounts a sub of their own",
			"use the client credentials flow; have the issuer write the client's ID as sub (RFC 9068 section 2.2); or let users in: --allow-user",
		}
	case verify.ErrClientMissing:
		return r.adviseForeign("one client, in client_id or azp")
	}
	return r.adviseForeign("the client's ID as sub, or the scope that a user granted")
}

func (r tokenReport) advisePlainPermission(reason verify.Reason) advice {
	if reason == verify.ErrScopeMissing {
		return advice{"the issuer did not grant the client this scope, or the client did not ask for it",
			"ask the issuer for the scope " + strings.Join(r.Policy.Scopes, " ")}
	}
	return advice{"the claim roles holds none of the required ones",
		"have the issuer grant the role, or ask for its scopes instead: --require-scope"}
}
