package explain

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"m2m/internal/entra"
	"m2m/internal/jwt"
	"m2m/internal/text"
)

// notAToken: what was sent has not the form of a JWT.
func notAToken(e *evidence) *Explanation {
	if !e.unauthorized() || e.tokenErr == nil || e.token != nil {
		return nil
	}
	return certain(CodeNotAToken, "what was sent is not a token of Entra's: "+text.Bound(e.tokenErr.Error(), maxText),
		"check where it comes from: an empty or truncated file, a secret in its place, or quotes around it").
		with(e.verifyCommand("--decode"))
}

// graphTokenElsewhere: Graph's tokens carry a nonce in the header that was
// changed after signing, so that only Graph can verify them.
func graphTokenElsewhere(e *evidence) *Explanation {
	if !e.unauthorized() || e.token == nil || e.isGraph() || !entra.IsGraph(e.token.Audience) {
		return nil
	}
	cause := "the token is for Microsoft Graph, and was sent to another API"
	if _, nonce := e.token.Header.Get("nonce"); nonce {
		cause += "; nobody but Graph can verify such a token"
	}
	return certain(CodeGraphToken, cause,
		"ask for a token for this API: set API_SCOPE to its own scope, such as api://<API's client ID>/.default").
		with(e.verifyCommand())
}

// expired: by this machine's clock, or by the API's where that is known.
func expired(e *evidence) *Explanation {
	if !e.unauthorized() || e.token == nil || e.token.ExpiresAt.IsZero() {
		return nil
	}
	exp := e.token.ExpiresAt
	switch {
	case !exp.After(e.now):
		return certain(CodeExpired, fmt.Sprintf("the token expired %s ago, at %s", text.Duration(e.now.Sub(exp)), text.Time(exp)),
			"get a new one").with(e.freshCommand())
	case e.clocksDiffer() && !exp.After(e.serverNow()):
		return likely(CodeExpired,
			fmt.Sprintf("by the API's clock, which is %s, the token has expired: that is likely why", describeSkew(e.skew)),
			"set both machines' clocks by NTP", "get a new token meanwhile").with(e.freshCommand())
	}
	return nil
}

// notYetValid: Entra's tokens are valid at once, so that a clock is wrong. APIs
// allow a few minutes, hence the guess within five.
func notYetValid(e *evidence) *Explanation {
	if !e.unauthorized() || e.token == nil || e.token.NotBefore.IsZero() {
		return nil
	}
	ahead := e.token.NotBefore.Sub(e.serverNow())
	switch {
	case ahead <= 0:
		return nil
	case !e.clocksDiffer():
		ahead = max(ahead, time.Second)
		return likely(CodeNotYetValid,
			fmt.Sprintf("the token is not valid for another %s, which is likely why: a clock is wrong", text.Duration(ahead)),
			"set the clocks of this machine and of the issuer by NTP").with(e.verifyCommand())
	}
	return likely(CodeNotYetValid,
		fmt.Sprintf("by the API's clock, which is %s, the token is not valid yet: that is likely why", describeSkew(e.skew)),
		"set both machines' clocks by NTP").with(e.verifyCommand())
}

// knownAudience: the settings say which audiences the API accepts. Where they
// hold only an App ID URI, the client ID in a v2.0 token may be the same API's.
func knownAudience(e *evidence) *Explanation {
	if !e.unauthorized() || e.token == nil || len(e.context.Audiences) == 0 {
		return nil
	}
	guids := false
	for _, audience := range e.context.Audiences {
		if sameAudience(audience, e.token.Audience) {
			return nil
		}
		guids = guids || entra.IsGUID(audience)
	}
	if !guids && entra.IsGUID(e.token.Audience) {
		return nil
	}
	return likely(CodeWrongAudience,
		fmt.Sprintf("the token is for %s, and the API likely accepts only %s", orNothing(text.Bound(e.token.Audience, maxShown)),
			list(e.context.Audiences)),
		"set API_SCOPE to the API's own scope; a v1.0 token carries the App ID URI, a v2.0 token the client ID",
		"or set the API's audience to what the token carries").with(e.verifyCommand())
}

// idToken: RFC 9700 section 2.3 and Entra's own advice; its audience is the
// client, not an API.
func idToken(e *evidence) *Explanation {
	if !e.rejected() || e.token == nil || e.token.Kind != jwt.ID {
		return nil
	}
	return certain(CodeIDToken, "an ID token was sent: it tells a client who signed in, and is never for an API",
		"send an access token").with(e.command("m2m token", "m2m verify"))
}

// userToken: the API lets apps in, and this token is a user's, or the reverse.
func userToken(e *evidence) *Explanation {
	if e.token == nil || e.token.Kind != jwt.User || len(e.token.Roles) > 0 ||
		e.Status != http.StatusForbidden && !(e.unauthorized() && len(e.context.RequiredRoles) > 0) {
		return nil
	}
	return likely(CodeUserToken, "the token is a user's, and the API likely lets only apps in, by their roles",
		"call with an app's own token").with(e.command("m2m token", "m2m verify"))
}

// noRoles: Entra gives role-less tokens to any app of the tenant.
func noRoles(e *evidence) *Explanation {
	if e.Status != http.StatusForbidden || e.token == nil || e.token.Kind != jwt.App || len(e.token.Roles) > 0 || e.isGraph() {
		return nil
	}
	return likely(CodeNoRoles,
		"the token carries no roles: likely no app role of the API was assigned to the client, or it was assigned after the token was made",
		"assign an app role of the API to the client as an application permission, and grant admin consent",
		"then get a new token: the old one does not change").with(e.freshCommand())
}

// missingRole: the roles that the API wants are known.
func missingRole(e *evidence) *Explanation {
	if e.Status != http.StatusForbidden || e.token == nil || len(e.context.RequiredRoles) == 0 || e.isGraph() {
		return nil
	}
	for _, want := range e.context.RequiredRoles {
		if slices.Contains(e.token.Roles, want) {
			return nil
		}
	}
	fix := "assign one of the required roles to the client, grant admin consent, and get a new token"
	for _, want := range e.context.RequiredRoles {
		for _, have := range e.token.Roles {
			if strings.EqualFold(want, have) {
				fix = fmt.Sprintf("roles are compared letter by letter: write %s in the API's settings, or rename the app role", text.Quote(have))
			}
		}
	}
	return likely(CodeMissingRole, fmt.Sprintf("the API likely wants the role %s, and the token carries %s",
		strings.Join(e.context.RequiredRoles, " or "), list(e.token.Roles)), fix).with(e.freshCommand())
}

// missingScope: RFC 6750 section 3 lets the API name what it wants.
func missingScope(e *evidence) *Explanation {
	wanted := e.bearer.Params["scope"]
	if e.Status != http.StatusForbidden || wanted == "" || e.bearer.Params["error"] != "insufficient_scope" {
		return nil
	}
	wanted = text.Bound(wanted, maxShown)
	if e.token != nil && e.token.Kind == jwt.App {
		return likely(CodeMissingScope,
			fmt.Sprintf("the API wants the scope %q, which an app's own token never carries: it was likely written for users' tokens only", wanted),
			"have the API accept an app role as well (REQUIRED_ROLES, --require-role)").with(e.verifyCommand())
	}
	return certain(CodeMissingScope, fmt.Sprintf("the API wants the scope %q, and the token lacks it", wanted),
		"have the scope granted to the client, and get a new token").with(e.verifyCommand())
}

// forbiddenByProblem: an API that speaks RFC 6750 and RFC 9457 says itself what it
// requires, so that nothing has to be guessed.
func forbiddenByProblem(e *evidence) *Explanation {
	said := e.body.problem && e.body.message != "" && e.bearer.Params["error"] == "insufficient_scope"
	if e.Status != http.StatusForbidden || !said || e.token == nil || e.token.Kind != jwt.App || len(e.token.Roles) == 0 {
		return nil
	}
	// The words are those of m2m serve, whose challenge names no scope to an app.
	if strings.Contains(e.body.message, "requires scp ") {
		return certain(CodeMissingScope, e.body.message+", which an app's own token never carries",
			"have the API accept an app role as well (REQUIRED_ROLES, --require-role)").with(e.verifyCommand())
	}
	return certain(CodeForbidden, fmt.Sprintf("%s; the token carries the roles %s", e.body.message, list(e.token.Roles)),
		"grant the role to the client as an application permission, give admin consent, then get a new token: m2m token --refresh",
		"compare spelling and case of the roles").with(e.verifyCommand())
}

// forbidden: who calls is known, and may not.
func forbidden(e *evidence) *Explanation {
	switch {
	case e.Status != http.StatusForbidden:
		return nil
	case e.token == nil || len(e.token.Roles) == 0 || e.body.kind == bodyHTML:
		return likely(CodeForbidden,
			"the API, or a gateway before it, knows the caller and does not let it in: likely a role, an access list or a network rule",
			"ask whoever runs the API what it requires").with(e.verifyCommand())
	}
	return likely(CodeForbidden,
		fmt.Sprintf("the token carries the roles %s, and the API likely wants another one or reads them elsewhere", list(e.token.Roles)),
		"compare spelling and case with what the API requires",
		"in ASP.NET Core, set MapInboundClaims to false and RoleClaimType to \"roles\"",
		"if the API keeps a list of object IDs, it must hold the service principal's, not the app registration's").with(e.verifyCommand())
}
