package explain

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/text"
	"m2m/internal/verify"
)

// claimsChallenge: the token is good, but the API wants one with certain claims
// (learn.microsoft.com/entra/identity-platform/claims-challenge).
func claimsChallenge(e *evidence) *Explanation {
	if e.bearer.Params["error"] != "insufficient_claims" {
		return nil
	}
	claims, ok := e.bearer.ClaimsChallenge()
	if !ok {
		return certain(CodeClaimsChallenge, "the API asks for a token with other claims, in a challenge that cannot be read",
			"report it to whoever runs the API: the claims of WWW-Authenticate are not base64 of a JSON object")
	}
	return certain(CodeClaimsChallenge, "the API asks for a token with other claims: "+text.Bound(claims, maxText),
		"pass the claims on when asking for the token; Entra's conditional access then decides").
		with(e.claimsCommand(claims))
}

// claimsCommand gets the token that was asked for and calls with it, unless the
// token comes from a file.
func (e *evidence) claimsCommand(claims string) string {
	if e.context.TokenFile != "" {
		return e.command("m2m token --claims " + text.ShellQuote(claims))
	}
	return e.callCommand("--claims " + text.ShellQuote(claims))
}

// noToken: RFC 6750 section 3.1 has the API give no error code in this case.
func noToken(e *evidence) *Explanation {
	switch {
	case e.SentToken() || !e.rejected():
		return nil
	case e.unauthorized() && (len(e.challenges) == 0 || e.bearer.Scheme != ""):
		return certain(CodeNoToken, "no bearer token was sent, and the API wants one",
			e.words.withToken).with(e.callCommand(withToken))
	case e.unauthorized():
		return nil
	}
	return likely(CodeNoToken, "no bearer token was sent, which is likely why the API refuses",
		e.words.withToken).with(e.callCommand(withToken))
}

// saidByAPI: an API that says why it rejects a token, as serve does on request, knows
// best. Its first failing check is the one it acted on.
func saidByAPI(e *evidence) *Explanation {
	if !e.rejected() {
		return nil
	}
	for _, c := range e.body.checks {
		if c.Status != string(verify.Fail) {
			continue
		}
		cause := fmt.Sprintf("the API's check %s failed: expected %s, found %s", text.Quote(c.Name), orNothing(c.Expected), orNothing(c.Found))
		if c.Cause != "" {
			cause = fmt.Sprintf("the API's check %s failed: %s", text.Quote(c.Name), c.Cause)
		}
		x := certain(CodeSaidByAPI, cause).with(e.verifyCommand())
		// That the check failed is sure, but the API may guess why.
		x.Certain = !strings.Contains(cause, "likely")
		if c.Fix != "" {
			x.Fixes = []string{"the API says: " + c.Fix} // it must not look like advice of m2m's
		}
		return x
	}
	return nil
}

// otherScheme: an API that challenges, but not for a bearer token.
func otherScheme(e *evidence) *Explanation {
	if !e.unauthorized() || len(e.challenges) == 0 || e.bearer.Scheme != "" {
		return nil
	}
	return certain(CodeOtherScheme,
		fmt.Sprintf("the API asks for %s credentials, not for a bearer token", text.Bound(e.challenges[0].Scheme, 40)),
		"check that this is the address of the API, and that a gateway before it passes bearer tokens on").with(e.callCommand("-v"))
}

// challengedAudience: some APIs say which resource they are (Azure Key Vault:
// resource="https://vault.azure.net").
func challengedAudience(e *evidence) *Explanation {
	wanted := cmp.Or(e.bearer.Params["resource"], e.bearer.Params["resource_id"])
	if !e.unauthorized() || wanted == "" || e.token == nil || e.token.Audience == "" || sameAudience(wanted, e.token.Audience) {
		return nil
	}
	wanted = text.Bound(wanted, maxShown)
	scope := text.ShellQuote(wanted + "/.default") // the API's words, and people paste such a line
	return certain(CodeWrongAudience,
		fmt.Sprintf("the API says that it is %s, and the token is for %s", wanted, text.Bound(e.token.Audience, maxShown)),
		"ask for a token for the API: API_SCOPE="+scope).with(e.command("m2m token --scope " + scope))
}

// sameAudience ignores the slash that Entra sometimes puts at the end, and the
// case of GUIDs and hosts.
func sameAudience(a, b string) bool {
	return text.LowerASCII(strings.TrimSuffix(a, "/")) == text.LowerASCII(strings.TrimSuffix(b, "/"))
}

// challengedTenant: the authority in the challenge names another tenant.
func challengedTenant(e *evidence) *Explanation {
	authority := cmp.Or(e.bearer.Params["authorization_uri"], e.bearer.Params["authorization"])
	if !e.unauthorized() || e.token == nil || !entra.IsGUID(e.token.TenantID) {
		return nil
	}
	for part := range strings.SplitSeq(authority, "/") {
		if entra.IsGUID(part) && !strings.EqualFold(part, e.token.TenantID) {
			return certain(CodeWrongTenant,
				fmt.Sprintf("the API takes tokens of the tenant %s, and the token is of %s", part, e.token.TenantID),
				"set TENANT_ID="+part+", with a client that is registered there").with(e.verifyCommand())
		}
	}
	return nil
}

// invalidRequest: RFC 6750 section 3.1.
func invalidRequest(e *evidence) *Explanation {
	if e.Status != http.StatusBadRequest || cmp.Or(e.bearer.Params["error"], e.body.code) != "invalid_request" {
		return nil
	}
	return certain(CodeInvalidRequest, "the API cannot read how the token was sent: "+
		orNothing(cmp.Or(text.Bound(e.bearer.Params["error_description"], maxText), e.body.message)),
		"send one token, in one Authorization header, and nowhere else").with(e.callCommand("-v"))
}

// keysOutOfReach: an API that cannot verify anything answers 503, and the token
// may be good.
func keysOutOfReach(e *evidence) *Explanation {
	if e.Status != http.StatusServiceUnavailable || !e.body.problem {
		return nil
	}
	x := likely(CodeKeysOutOfReach, "the API cannot verify any token now, likely because the identity provider's keys are out of its reach",
		"check that the API reaches its tenant's login host; the token may well be good")
	if wait, ok := e.RetryAfter(); ok {
		x.Fixes = append(x.Fixes, fmt.Sprintf("try again in %s, or with %s", text.Duration(wait), e.words.retry))
	}
	return x.with(e.retryCommand())
}
