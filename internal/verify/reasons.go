package verify

import (
	"m2m/internal/jwt"
	"sync"
)

// Reason says why a check did not pass. It is stable, so that programs can go by
// it, and an error whose text is a sentence for people. Empty: none. The reasons of
// CheckForm are those of package jwt.
type Reason string

// Error returns the sentence.
func (r Reason) Error() string {
	if s, ok := sentences()[r]; ok {
		return s
	}
	return jwt.Reason(r).Error()
}

// Is matches the reason of package jwt that this one is.
func (r Reason) Is(target error) bool {
	form, ok := target.(jwt.Reason)
	return ok && Reason(form) == r
}

// isUnverifiable reports whether only the token's audience or its issuer can validate
// it.
func (r Reason) isUnverifiable() bool { return r == ErrGraphNonce || r == ErrOktaOrg }

// Reasons of CheckAlgorithm.
const (
	ErrAlgMissing    Reason = "alg_missing"
	ErrAlgNotAllowed Reason = "alg_not_allowed"
	ErrCrit          Reason = "crit"
	ErrB64           Reason = "b64"
	ErrTyp           Reason = "typ"
	ErrCty           Reason = "cty"
	ErrZip           Reason = "zip"
)

// Reasons of CheckKey.
const (
	ErrKeyIDMissing    Reason = "key_id_missing"
	ErrKeyIDLong       Reason = "key_id_long"
	ErrNoKeySource     Reason = "no_key_source"
	ErrKeyIssuer       Reason = "key_issuer"
	ErrKeyCloud        Reason = "key_cloud"
	ErrKeysUnreachable Reason = "keys_unreachable"
	ErrKeyUnknown      Reason = "key_unknown"
)

// Reasons of CheckSignature.
const (
	ErrSignatureMismatch  Reason = "signature_mismatch"
	ErrSignatureUnchecked Reason = "signature_unchecked"
	// ErrGraphNonce: Microsoft Graph signs a header other than the one it sends.
	ErrGraphNonce Reason = "graph_nonce"
	// ErrOktaOrg: Okta publishes no keys for tokens of its org authorization server.
	ErrOktaOrg Reason = "okta_org"
)

// Reasons of CheckIssuer.
const (
	ErrVersion        Reason = "version"
	ErrIssuerMissing  Reason = "issuer_missing"
	ErrIssuerUnset    Reason = "issuer_unset"
	ErrIssuerMismatch Reason = "issuer_mismatch"
)

// Reasons of CheckTenant.
const (
	ErrTenantMissing    Reason = "tenant_missing"
	ErrTenantForm       Reason = "tenant_form"
	ErrTenantNotInIss   Reason = "tenant_not_in_iss"
	ErrTenantMismatch   Reason = "tenant_mismatch"
	ErrTenantUnresolved Reason = "tenant_unresolved"
	ErrTenantUnset      Reason = "tenant_unset"
)

// Reasons of CheckAudience.
const (
	ErrAudienceMissing    Reason = "audience_missing"
	ErrAudienceSeveral    Reason = "audience_several"
	ErrAudienceMismatch   Reason = "audience_mismatch"
	ErrAudienceIncomplete Reason = "audience_incomplete"
	ErrAudienceUnset      Reason = "audience_unset"
	// ErrAudienceExchange: the token is a credential for a token exchange, and no
	// access token for any API.
	ErrAudienceExchange Reason = "audience_exchange"
)

// Reasons of CheckLifetime.
const (
	ErrLifetime       Reason = "lifetime"
	ErrDateMissing    Reason = "date_missing"
	ErrDateOrder      Reason = "date_order"
	ErrTooLong        Reason = "too_long"
	ErrExpired        Reason = "expired"
	ErrNotYetValid    Reason = "not_yet_valid"
	ErrIssuedInFuture Reason = "issued_in_future"
)

// Reasons of CheckKind.
const (
	ErrIDToken       Reason = "id_token"
	ErrUserToken     Reason = "user_token"
	ErrNotAppOnly    Reason = "not_app_only"
	ErrClientMissing Reason = "client_missing"
)

// Reasons of CheckBinding.
const (
	ErrBound Reason = "bound"
)

// Reasons of CheckClient.
const (
	ErrClientNotListed Reason = "client_not_listed"
)

// Reasons of CheckPermission.
const (
	ErrRoleMissing  Reason = "role_missing"
	ErrScopeMissing Reason = "scope_missing"
	// ErrScopeOnly: scopes alone are required, which no app-only token can have.
	ErrScopeOnly Reason = "scope_only"
	// ErrAgentMissing: only Entra agent identities may call, and the token shows none.
	ErrAgentMissing Reason = "agent_missing"
)

// ErrSwitchedOff is the reason of a check that the policy or the key source
// does not ask for.
const (
	ErrSwitchedOff Reason = "switched_off"
)

// Reasons of a check that has no answer yet.
const (
	ErrPending    Reason = "pending"
	ErrNotReached Reason = "not_reached"
)

// sentences are the reasons for people.
var sentences = sync.OnceValue(func() map[Reason]string {
	return map[Reason]string{
		ErrAlgMissing:         "the header names no algorithm",
		ErrAlgNotAllowed:      "the algorithm is not RS256",
		ErrCrit:               "the header holds crit, extensions that must be understood",
		ErrB64:                "the header holds b64, which changes what is signed (RFC 7797)",
		ErrTyp:                "the header's typ is not that of an access token",
		ErrCty:                "the header holds cty, a token inside the token",
		ErrZip:                "the header holds zip",
		ErrKeyIDMissing:       "the header names no key",
		ErrKeyIDLong:          "the key ID is longer than 128 characters",
		ErrNoKeySource:        "no keys are configured",
		ErrKeyIssuer:          "the key belongs to another issuer",
		ErrKeyCloud:           "the key belongs to another cloud",
		ErrSignatureMismatch:  "the key did not make this signature",
		ErrSignatureUnchecked: "the signature was not checked",
		ErrOktaOrg:            "only Okta can validate tokens of its org authorization server",
		ErrGraphNonce:         "only Microsoft Graph can verify its own tokens",
		ErrVersion:            "the token's version is neither 1.0 nor 2.0",
		ErrIssuerMissing:      "the token names no issuer",
		ErrIssuerUnset:        "no issuer is configured",
		ErrIssuerMismatch:     "the issuer is not the expected one",
		ErrTenantMissing:      "the token names no tenant",
		ErrTenantForm:         "tid is not a GUID",
		ErrTenantNotInIss:     "tid is not the tenant in iss",
		ErrTenantMismatch:     "the token is from another tenant",
		ErrTenantUnresolved:   "the GUID of the tenant's domain name is not known",
		ErrAudienceMissing:    "the token names no audience",
		ErrAudienceSeveral:    "aud is not a single string",
		ErrAudienceMismatch:   "the audience is not this API",
		ErrAudienceIncomplete: "the API's client ID, which v2.0 tokens carry as aud, is not configured",
		ErrAudienceExchange:   "the token is a credential for a token exchange, not an access token for an API",
		ErrLifetime:           "the token is not valid at this time",
		ErrDateMissing:        "iat, nbf or exp is missing",
		ErrDateOrder:          "the token ends before it begins",
		ErrTooLong:            "the token lives longer than any token of Entra",
		ErrExpired:            "the token has expired",
		ErrNotYetValid:        "the token is not valid yet",
		ErrIssuedInFuture:     "the token was issued in the future",
		ErrIDToken:            "an ID token is not an access token",
		ErrUserToken:          "a user's token is not let in",
		ErrNotAppOnly:         "the token is neither an app's nor a user's",
		ErrClientMissing:      "the token names no calling app",
		ErrBound:              "the token is bound to a key (cnf)",
		ErrClientNotListed:    "the calling app is not one of the allowed clients",
		ErrRoleMissing:        "a required role is missing",
		ErrScopeMissing:       "a required scope is missing",
		ErrAgentMissing:       "the token is not one of an Entra agent identity",
		ErrScopeOnly:          "app-only tokens never carry scp",
		ErrSwitchedOff:        "the check is switched off",
		ErrPending:            "the issuer's keys have not been asked for",
		ErrNotReached:         "an earlier check did not pass",
		ErrKeyUnknown:         "the issuer has no key of that ID",
		ErrKeysUnreachable:    "the issuer's keys are out of reach",
		ErrTenantUnset:        "no tenant is configured",
		ErrAudienceUnset:      "no audience is configured",
	}
})
