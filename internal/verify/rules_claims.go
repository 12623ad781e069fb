package verify

import (
	"errors"
	"slices"
	"strings"

	gojwt "github.com/golang-jwt/jwt/v5"

	"m2m/internal/entra"
	"m2m/internal/jwks"
	"m2m/internal/jwt"
	"m2m/internal/text"
)

func (h *evaluation) noClaims() bool { return h.Token == nil || h.Token.Claims.IsZero() }

// decideIssuer compares with the metadata of the token's own version: v1.0 and
// v2.0 tokens of one tenant have different issuers.
func decideIssuer(h *evaluation) outcome {
	if h.noClaims() {
		return notReached()
	}
	t := h.Token
	switch {
	case t.Issuer == "":
		return fail(ErrIssuerMissing)
	case h.keys == nil:
		return unknown(ErrIssuerUnset)
	case t.Version == "" && !h.keys.Admits("", t.Issuer):
		return fail(ErrVersion)
	case !h.keys.Admits(t.Version, t.Issuer):
		return fail(ErrIssuerMismatch)
	case !h.lookedUp:
		return unknown(ErrPending)
	case h.issuer.Any:
		return switchedOff()
	case h.issuer.Name == "" && h.keyErr != nil:
		return unknown(ErrKeysUnreachable)
	case h.issuer.Name == "":
		return unknown(ErrIssuerUnset)
	case !jwks.MatchesIssuer(h.issuer.Name, t.TenantID, t.Issuer):
		return fail(ErrIssuerMismatch)
	}
	return pass()
}

func decideTenant(h *evaluation) outcome {
	if h.noClaims() {
		return notReached()
	}
	t := h.Token
	switch {
	case t.Plain:
		return decidePlainTenant(h)
	case t.TenantID == "":
		return fail(ErrTenantMissing)
	case !entra.IsGUID(t.TenantID):
		return fail(ErrTenantForm)
	case !tenantInIssuer(t) && !h.issuerGiven():
		return fail(ErrTenantNotInIss)
	case h.policy.AnyTenant:
		return switchedOff()
	case len(h.policy.Tenants) == 0:
		return unknown(ErrTenantUnset)
	}
	return decideTenantListed(h)
}

// decideTenantListed looks for tid among the policy's tenants. A domain name
// counts once the source has said which GUID it stands for.
func decideTenantListed(h *evaluation) outcome {
	unresolved := false
	for _, tenant := range h.policy.Tenants {
		if !entra.IsGUID(tenant) {
			tenant = h.resolve(tenant)
			unresolved = unresolved || tenant == ""
		}
		if tenant == h.Token.TenantID {
			return pass()
		}
	}
	switch {
	case !unresolved:
		return fail(ErrTenantMismatch)
	case !h.lookedUp && h.keys != nil:
		return unknown(ErrPending)
	}
	return unknown(ErrTenantUnresolved)
}

// resolve returns the GUID of a tenant's domain name, or nothing.
func (h *evaluation) resolve(domain string) (guid string) {
	if h.issuer.Domain == "" || text.LowerASCII(h.issuer.Domain) != text.LowerASCII(domain) {
		return ""
	}
	if _, guid, _ = jwks.SplitIssuer(h.Token.Version, h.issuer.Name); !entra.IsGUID(guid) {
		return ""
	}
	return guid
}

// issuerGiven reports whether the user named the issuer, or any: what is known before
// a key is looked up, because no other source admits a token without a version.
func (h *evaluation) issuerGiven() bool {
	return h.issuer.Given || !h.lookedUp && h.keys != nil && h.keys.Admits("", h.Token.Issuer)
}

func tenantInIssuer(t *jwt.Token) bool {
	_, after, ok := strings.Cut(strings.TrimPrefix(t.Issuer, "https://"), "/")
	return ok && len(after) > len(t.TenantID) && after[:len(t.TenantID)] == t.TenantID && after[len(t.TenantID)] == '/'
}

func decideAudience(h *evaluation) outcome {
	if h.noClaims() {
		return notReached()
	}
	t, p := h.Token, h.policy
	switch {
	case p.AnyAudience:
		return switchedOff()
	case !t.Has.Aud:
		return fail(ErrAudienceMissing)
	case t.Audience == "" && (!t.Plain || t.Audiences() == nil):
		return fail(ErrAudienceSeveral)
	case t.Plain && p.listsAll(t.Audiences()):
		return pass()
	case slices.Contains(p.Audiences, t.Audience):
		return pass()
	case p.AudienceIncomplete && t.Version == entra.V2 && entra.IsGUID(t.Audience) && !entra.IsGraph(t.Audience):
		return unknown(ErrAudienceIncomplete)
	case len(p.Audiences) == 0:
		return unknown(ErrAudienceUnset)
	}
	return fail(ErrAudienceMismatch)
}

// decideLifetime leaves the comparison with the clock to golang-jwt's
// Validator, and adds what it takes for granted: that all three dates are
// there, in order, and not years apart.
func decideLifetime(h *evaluation) outcome {
	if h.noClaims() {
		return notReached()
	}
	t := h.Token
	switch {
	case t.IssuedAt.IsZero() || t.NotBefore.IsZero() && !t.Plain || t.ExpiresAt.IsZero():
		return fail(ErrDateMissing)
	case !t.ExpiresAt.After(t.NotBefore) || !t.ExpiresAt.After(t.IssuedAt):
		return fail(ErrDateOrder)
	case t.ExpiresAt.Sub(t.IssuedAt) > h.policy.MaxLifetime:
		return fail(ErrTooLong)
	}
	switch err := h.validator.Validate(t.Dates()); {
	case err == nil:
		return pass()
	case errors.Is(err, gojwt.ErrTokenExpired):
		return fail(ErrExpired)
	case errors.Is(err, gojwt.ErrTokenNotValidYet):
		return fail(ErrNotYetValid)
	case errors.Is(err, gojwt.ErrTokenUsedBeforeIssued):
		return fail(ErrIssuedInFuture)
	}
	return fail(ErrLifetime)
}

// listsAll keeps a token for several APIs, each of which could replay it at the
// others, to APIs that are all this one.
func (p *Policy) listsAll(audiences []string) bool {
	other := func(audience string) bool { return !slices.Contains(p.Audiences, audience) }
	return len(audiences) > 0 && !slices.ContainsFunc(audiences, other)
}

// decidePlainTenant asks for a tenant only where the token names one and the
// policy does too: the issuer, which is compared exactly, stands for it.
func decidePlainTenant(h *evaluation) outcome {
	switch p := h.policy; {
	case h.Token.TenantID == "", len(p.Tenants) == 0, p.AnyTenant:
		return switchedOff()
	case !slices.Contains(p.Tenants, h.Token.TenantID):
		return fail(ErrTenantMismatch)
	}
	return pass()
}
