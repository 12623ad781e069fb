package verify

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	gojwt "github.com/golang-jwt/jwt/v5"

	"m2m/internal/entra"
	"m2m/internal/issuer"
	"m2m/internal/jwks"
	"m2m/internal/jwt"
	"m2m/internal/text"
)

// outcome is the result of one rule. Its zero value is not a pass.
type outcome struct {
	status Status
	reason Reason
}

func pass() outcome                 { return outcome{status: Pass} }
func fail(reason Reason) outcome    { return outcome{Fail, reason} }
func unknown(reason Reason) outcome { return outcome{Unknown, reason} }
func switchedOff() outcome          { return outcome{Skip, ErrSwitchedOff} }
func notReached() outcome           { return outcome{Skip, ErrNotReached} }
func (o outcome) allows() bool      { return o.status == Pass || o.reason == ErrSwitchedOff }
func (o outcome) isPending() bool   { return o.reason == ErrPending }

// rule is one check. decide is all that Verify needs; describe says what was
// expected and found. lasts means that a pass holds as long as the key does,
// because it depends on token, issuer and policy alone. Client and permission do
// too, but who may call is decided at every call.
type rule struct {
	check    Check
	decide   func(*evaluation) outcome
	describe func(*evaluation) (expected, found string)
	lasts    bool
	// reads are the claims that it reads: it is skipped where one has a wrong type.
	reads []string
	// needs are checks without which a failure of this one means nothing.
	needs []Check
}

// rules returns every check in order. Verify and Report both run this table, so
// that they cannot disagree.
func rules() []rule {
	return []rule{
		{CheckForm, decideForm, describeForm, true, nil, nil},
		{CheckAlgorithm, decideAlgorithm, describeAlgorithm, true, []string{"alg", "typ"}, nil},
		{CheckKey, decideKey, describeKey, true, []string{"kid", "tid", "iss", "ver"}, []Check{CheckIssuer}},
		{CheckSignature, decideSignature, describeSignature, true, nil, []Check{CheckKey}},
		{CheckIssuer, decideIssuer, describeIssuer, true, []string{"iss", "ver"}, nil},
		{CheckTenant, decideTenant, describeTenant, true, []string{"tid"}, []Check{CheckIssuer}},
		{CheckAudience, decideAudience, describeAudience, true, []string{"aud"}, nil},
		{CheckLifetime, decideLifetime, describeLifetime, false, []string{"iat", "nbf", "exp"}, nil},
		{CheckKind, decideKind, describeKind, true, []string{"ver", "azp", "appid", "idtyp", "scp", "oid", "sub"}, nil},
		{CheckBinding, decideBinding, describeBinding, true, nil, nil},
		{CheckClient, decideClient, describeClient, false, []string{"ver", "azp", "appid"}, nil},
		{CheckPermission, decidePermission, describePermission, false, []string{"roles", "scp"}, []Check{CheckKind}},
	}
}

// blockedBy returns the check whose failure explains that of a rule: the form where a
// claim that the rule reads has a wrong type; a check that it needs; the issuer
// where that is not one of Entra, and no other is asked for. Every other answer
// of the rule stands.
func (h *evaluation) blockedBy(r rule, o outcome) (by Check, blocked bool) {
	if o.allows() || o.reason.isUnverifiable() || o.reason == ErrAudienceExchange || h.noClaims() {
		return "", false
	}
	if slices.ContainsFunc(h.Token.Mistyped, func(x jwt.Mistyped) bool { return slices.Contains(r.reads, x.Name) }) {
		return CheckForm, r.check != CheckForm
	}
	needs := r.needs
	switch {
	case r.check == CheckKey && (h.isForGraph() || h.isOktaOrg()):
		return CheckSignature, true
	case h.isForeign() && r.check != CheckAlgorithm && r.check != CheckForm && o.reason != ErrExpired:
		needs = []Check{CheckIssuer}
	case o.reason == ErrKeysUnreachable && r.check == CheckIssuer, o.isPending():
		needs = []Check{CheckForm, CheckAlgorithm, CheckKey}
	}
	for _, needed := range needs {
		for _, n := range h.rules {
			if n.check != needed || n.check == r.check {
				continue
			}
			by := n.decide(h)
			unset := by.reason == ErrIssuerUnset || by.reason == ErrNoKeySource
			if by.status == Fail || unset || needed == CheckKey && by.reason == ErrKeysUnreachable {
				return needed, true
			}
		}
	}
	return "", false
}

// isForeign reports whether the token is not of Entra's form, and the policy names no
// other issuer.
func (h *evaluation) isForeign() bool {
	return h.Token != nil && h.Token.Plain && h.policy.PlainIssuer == ""
}

// evaluation is one token while it is checked: what it holds, and what was found
// out.
type evaluation struct {
	reader *jwt.Reader
	jwt.Parsed
	policy    *Policy
	keys      jwks.Source
	validator *gojwt.Validator
	rules     []rule
	now       time.Time
	fault     *jwt.Fault // of the form

	lookedUp bool // keys was asked
	key      *jwks.Key
	issuer   jwks.Issuer
	keyErr   error

	signatureChecked bool // the signature was checked
	signatureErr     error
}

// lookUpKey asks the source for the key, which may send requests.
func (h *evaluation) lookUpKey(ctx context.Context) {
	if h.keys == nil {
		return
	}
	h.lookedUp = true
	h.key, h.issuer, h.keyErr = h.keys.Lookup(ctx, h.Token.Version, h.Token.Issuer, h.Token.KeyID)
}

// checkSignature verifies the signature with golang-jwt, unless there is no key or
// the token is one of Graph, whose signatures match no header that anyone is
// sent.
func (h *evaluation) checkSignature() {
	if h.key == nil || h.Signature == nil || h.isForGraph() {
		return
	}
	h.signatureChecked = true
	h.signatureErr = gojwt.SigningMethodRS256.Verify(h.SigningInput, h.Signature, h.key.RSA)
}

// retryAfter is how long until keys may be in reach again; 0 if that is not known.
func (h *evaluation) retryAfter() time.Duration {
	var e *jwks.UnreachableError
	if errors.As(h.keyErr, &e) {
		return e.RetryAfter
	}
	return 0
}

// decideKind accepts app-only tokens, and users' tokens where the policy requires
// scopes or allows users.
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

// decideBinding rejects a token that is bound to a key (RFC 8705, RFC 9449): without
// that key it proves nothing, and this package does not see who sends it.
func decideBinding(h *evaluation) outcome {
	switch {
	case h.noClaims():
		return notReached()
	case h.Token.Has.Cnf && h.policy.BoundUndecided:
		return unknown(ErrBound)
	case h.Token.Has.Cnf:
		return fail(ErrBound)
	}
	return pass()
}

// allowsUsers reports whether users may call. To require scopes is to ask for
// users, except of an issuer that writes scopes for apps too.
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

// decidePermission requires roles of an app and scopes of a user: an administrator
// grants roles to the app, scopes to a client that acts for a user who may hold
// less. A user who is let in without a scope needs a role where roles are required.
func decidePermission(h *evaluation) outcome {
	if h.noClaims() {
		return notReached()
	}
	t, p := h.Token, h.policy
	switch {
	case p.RequireAgent && (t.Kind == jwt.User || t.Kind == jwt.App) && !isAgent(t):
		return fail(ErrAgentMissing)
	case t.Kind == jwt.User && !p.holds(t.Scopes, p.Scopes):
		return fail(ErrScopeMissing)
	case t.Kind == jwt.User && len(p.Scopes) == 0 && !p.holds(t.Roles, p.Roles):
		return fail(ErrRoleMissing)
	case t.Kind == jwt.User && h.allowsUsers():
		return pass()
	case t.Kind != jwt.App:
		return notReached() // the kind check has failed
	case len(p.Roles) == 0 && len(p.Scopes) > 0 && !h.Token.Plain:
		return fail(ErrScopeOnly)
	case len(p.Roles) == 0 && !p.holds(t.Scopes, p.Scopes):
		return fail(ErrScopeMissing)
	case !p.holds(t.Roles, p.Roles):
		return fail(ErrRoleMissing)
	}
	return pass()
}

func isAgent(t *jwt.Token) bool {
	_, ok := t.Agent()
	return ok
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

func (h *evaluation) noClaims() bool {
	return h.Token == nil || h.Token.Claims.IsZero() || h.Token.Unread
}

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
	case t.Plain && t.Issuer != h.policy.PlainIssuer:
		return fail(ErrIssuerMismatch)
	case t.Version == "" && !t.Plain && !h.keys.Admits("", t.Issuer):
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

// issuerGiven reports whether the user named the issuer, or any. It is known before
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
	case slices.ContainsFunc(t.Audiences(), entra.IsExchange):
		return fail(ErrAudienceExchange)
	case p.AnyAudience:
		return switchedOff()
	case !t.Has.Aud:
		return fail(ErrAudienceMissing)
	case t.HasAudiences() && !t.Plain:
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

// decideLifetime compares with the clock by golang-jwt's Validator, which does not
// check that all three dates are there, in order, and not years apart.
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

// listsAll reports whether all audiences are this API: each of several APIs could
// replay the token at the others.
func (p *Policy) listsAll(audiences []string) bool {
	other := func(audience string) bool { return !slices.Contains(p.Audiences, audience) }
	return len(audiences) > 0 && !slices.ContainsFunc(audiences, other)
}

// decidePlainTenant compares the tenant only where token and policy both name one:
// the issuer, which is compared exactly, implies it.
func decidePlainTenant(h *evaluation) outcome {
	switch p := h.policy; {
	case h.isForeign():
		return notReached()
	case h.Token.TenantID == "", len(p.Tenants) == 0, p.AnyTenant:
		return switchedOff()
	case !slices.Contains(p.Tenants, h.Token.TenantID):
		return fail(ErrTenantMismatch)
	}
	return pass()
}

func decideForm(h *evaluation) outcome {
	if h.fault != nil {
		return fail(Reason(h.fault.Reason))
	}
	return pass()
}

// decideAlgorithm allows one algorithm, whatever the key could do (RFC 8725 section
// 3.1), and no header that changes the meaning of the token for a reader who knows
// it (RFC 7515 section 4.1.11, RFC 7797, RFC 7516).
func decideAlgorithm(h *evaluation) outcome {
	if h.Token == nil || h.Token.Header.IsZero() || h.fault != nil && h.fault.Reason == jwt.ErrEncrypted {
		return notReached()
	}
	has := &h.Token.Has
	switch {
	case !has.Alg:
		return fail(ErrAlgMissing)
	case h.Token.Algorithm != "RS256":
		return fail(ErrAlgNotAllowed)
	case has.Crit:
		return fail(ErrCrit)
	case has.B64:
		return fail(ErrB64)
	case has.Zip:
		return fail(ErrZip)
	case has.Cty:
		return fail(ErrCty)
	case has.Typ && !typFits(h.Token.Type):
		return fail(ErrTyp)
	}
	return pass()
}

// typFits reports whether typ is that of an access token. Entra writes JWT, not the
// at+jwt of RFC 9068 section 4.
func typFits(typ string) bool {
	if len(typ) > len("application/") && strings.EqualFold(typ[:len("application/")], "application/") {
		typ = typ[len("application/"):]
	}
	return typ == "JWT" || text.IsASCII(typ) && (strings.EqualFold(typ, "JWT") || strings.EqualFold(typ, "at+jwt"))
}

func decideKey(h *evaluation) outcome {
	switch {
	case h.isUnreadable() || !decideAlgorithm(h).allows():
		return notReached()
	case h.Token.KeyID == "":
		return fail(ErrKeyIDMissing)
	case len(h.Token.KeyID) > jwks.MaxKeyID:
		return fail(ErrKeyIDLong)
	case h.keys == nil:
		return unknown(ErrNoKeySource)
	case !h.lookedUp:
		return unknown(ErrPending)
	case errors.Is(h.keyErr, jwks.ErrKeyUnknown):
		return fail(ErrKeyUnknown)
	case h.keyErr != nil || h.key == nil:
		return unknown(ErrKeysUnreachable)
	}
	return decideKeyOwner(h)
}

// decideKeyOwner keeps one issuer's key from signing for another: the set of
// /common holds the keys of personal accounts and of the US government too.
func decideKeyOwner(h *evaluation) outcome {
	switch {
	case !h.key.MayVerify(h.Token, h.issuer.KeyIssuer):
		return fail(ErrKeyIssuer)
	case h.key.Cloud != "" && h.issuer.Cloud != "" && h.key.Cloud != h.issuer.Cloud:
		return fail(ErrKeyCloud)
	}
	return pass()
}

func decideSignature(h *evaluation) outcome {
	switch {
	case h.isUnreadable() || !decideAlgorithm(h).allows():
		return notReached()
	case h.isForGraph():
		return unknown(ErrGraphNonce)
	case h.isOktaOrg():
		return unknown(ErrOktaOrg)
	case !h.signatureChecked && h.keyErr == nil && h.keys != nil && !h.lookedUp:
		return unknown(ErrPending)
	case !h.signatureChecked:
		return unknown(ErrSignatureUnchecked)
	case h.signatureErr != nil:
		return fail(ErrSignatureMismatch)
	}
	return pass()
}

// canLookUpKey reports whether the token names a key that can be looked up. The keys
// of an issuer do not help with a token of another family.
func (h *evaluation) canLookUpKey() bool {
	return !h.isUnreadable() && decideAlgorithm(h).allows() && decideKey(h).isPending() && !h.isForeign()
}

// isUnreadable reports whether the token has not the form of one. A value of a wrong
// type does not hinder a look at the signature.
func (h *evaluation) isUnreadable() bool { return h.fault != nil && !h.fault.IsType() }

// isOktaOrg reports whether an Okta org authorization server issued the token: Okta
// alone can validate it.
// Source: developer.okta.com/docs/concepts/auth-servers.
func (h *evaluation) isOktaOrg() bool {
	return h.Token != nil && h.Token.Plain && issuer.Of(h.Token).ID == issuer.OktaOrg
}

// resolveKey looks the key up and checks the signature with it.
func (h *evaluation) resolveKey(ctx context.Context) {
	if h.canLookUpKey() {
		h.lookUpKey(ctx)
		h.checkSignature()
	}
}
