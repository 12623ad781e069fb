package verify

import (
	"slices"

	"m2m/internal/entra"
	"m2m/internal/jwt"
)

// decideKind lets in what app-only clients get, and users' tokens where the
// policy asks for their scopes or says so.
func decideKind(h *evaluation) outcome {
	if h.noClaims() {
		return notReached()
	}
	switch t := h.Token; {
	case t.Kind == jwt.ID:
		return fail(ErrIDToken)
	case t.ClientID == "", !h.Token.Plain && !entra.IsGUID(t.ClientID):
		return fail(ErrClientMissing)
	case t.Kind == jwt.User && !h.allowsUsers():
		return fail(ErrUserToken)
	case t.Kind != jwt.App && t.Kind != jwt.User:
		return fail(ErrNotAppOnly)
	}
	return pass()
}

// allowsUsers: to require scopes is to ask for users, except of an issuer that
// writes them for apps too.
func (h *evaluation) allowsUsers() bool {
	return h.policy.AllowUser || len(h.policy.Scopes) > 0 && !h.Token.Plain
}

func decideClient(h *evaluation) outcome {
	switch {
	case h.noClaims():
		return notReached()
	case len(h.policy.Clients) == 0:
		return switchedOff()
	case !slices.Contains(h.policy.Clients, h.Token.ClientID):
		return fail(ErrClientNotListed)
	}
	return pass()
}

// decidePermission asks an app for roles and a user for scopes, never the one
// for the other's: roles are granted to the app by an administrator, scopes to
// a client that acts for a user who may hold less.
func decidePermission(h *evaluation) outcome {
	if h.noClaims() {
		return notReached()
	}
	t, p := h.Token, h.policy
	switch {
	case t.Kind == jwt.User && !p.holds(t.Scopes, p.Scopes):
		return fail(ErrScopeMissing)
	case t.Kind == jwt.User && h.allowsUsers():
		return pass()
	case t.Kind != jwt.App:
		return notReached() // the kind check has refused it
	case len(p.Roles) == 0 && len(p.Scopes) > 0 && !h.Token.Plain:
		return fail(ErrScopeOnly)
	case len(p.Roles) == 0 && !p.holds(t.Scopes, p.Scopes):
		return fail(ErrScopeMissing)
	case !p.holds(t.Roles, p.Roles):
		return fail(ErrRoleMissing)
	}
	return pass()
}

// holds reports whether the token has any one of the required values, or all
// of them if the policy says so. Nothing required is always held.
func (p *Policy) holds(has, required []string) bool {
	found := 0
	for _, value := range required {
		if slices.Contains(has, value) {
			found++
		}
	}
	return found == len(required) || found > 0 && !p.RequireAll
}

// isForGraph reports whether this is one of Graph's own tokens: the header's nonce
// is not the one that was signed, so that only Graph can verify it.
func (h *evaluation) isForGraph() bool {
	return h.Token != nil && h.Token.Has.Nonce && entra.IsGraph(h.Token.Audience)
}
