package verify

import "errors"

// Reasons of CheckAlgorithm.
var (
	ErrAlgMissing    = errors.New("the header names no algorithm")
	ErrAlgNotAllowed = errors.New("the algorithm is not RS256")
	ErrCrit          = errors.New("the header holds crit, extensions that must be understood")
	ErrB64           = errors.New("the header holds b64, which changes what is signed (RFC 7797)")
	ErrTyp           = errors.New("the header's typ is not that of an access token")
	ErrCty           = errors.New("the header holds cty, a token inside the token")
	ErrZip           = errors.New("the header holds zip")
)

// Reasons of CheckKey; see also ErrKeyUnknown and ErrKeysUnreachable.
var (
	ErrKeyIDMissing = errors.New("the header names no key")
	ErrKeyIDLong    = errors.New("the key ID is longer than 128 characters")
	ErrNoKeySource  = errors.New("no keys are configured")
	ErrKeyIssuer    = errors.New("the key belongs to another issuer")
	ErrKeyCloud     = errors.New("the key belongs to another cloud")
)

// Reasons of CheckSignature.
var (
	ErrSignatureMismatch  = errors.New("the key did not make this signature")
	ErrSignatureUnchecked = errors.New("the signature was not checked")
	// ErrGraphNonce: Microsoft Graph signs a header other than the one it sends.
	ErrGraphNonce = errors.New("only Microsoft Graph can verify its own tokens")
)

// Reasons of CheckIssuer.
var (
	ErrVersion        = errors.New("the token's version is neither 1.0 nor 2.0")
	ErrIssuerMissing  = errors.New("the token names no issuer")
	ErrIssuerUnset    = errors.New("no issuer is configured")
	ErrIssuerMismatch = errors.New("the issuer is not the expected one")
)

// Reasons of CheckTenant; see also ErrTenantUnset.
var (
	ErrTenantMissing    = errors.New("the token names no tenant")
	ErrTenantForm       = errors.New("tid is not a GUID")
	ErrTenantNotInIss   = errors.New("tid is not the tenant in iss")
	ErrTenantMismatch   = errors.New("the token is from another tenant")
	ErrTenantUnresolved = errors.New("the GUID of the tenant's domain name is not known")
)

// Reasons of CheckAudience; see also ErrAudienceUnset.
var (
	ErrAudienceMissing    = errors.New("the token names no audience")
	ErrAudienceSeveral    = errors.New("aud is not a single string")
	ErrAudienceMismatch   = errors.New("the audience is not this API")
	ErrAudienceIncomplete = errors.New("the API's client ID, which v2.0 tokens carry as aud, is not configured")
)

// Reasons of CheckLifetime.
var (
	ErrLifetime       = errors.New("the token is not valid at this time")
	ErrDateMissing    = errors.New("iat, nbf or exp is missing")
	ErrDateOrder      = errors.New("the token ends before it begins")
	ErrTooLong        = errors.New("the token lives longer than any of Entra's")
	ErrExpired        = errors.New("the token has expired")
	ErrNotYetValid    = errors.New("the token is not valid yet")
	ErrIssuedInFuture = errors.New("the token was issued in the future")
)

// Reasons of CheckKind.
var (
	ErrIDToken       = errors.New("an ID token is not an access token")
	ErrUserToken     = errors.New("a user's token is not let in")
	ErrNotAppOnly    = errors.New("the token is neither an app's nor a user's")
	ErrClientMissing = errors.New("the token names no calling app")
)

// Reasons of CheckClient.
var ErrClientNotListed = errors.New("the calling app is not one of the allowed clients")

// Reasons of CheckPermission.
var (
	ErrRoleMissing  = errors.New("a required role is missing")
	ErrScopeMissing = errors.New("a required scope is missing")
	// ErrScopeOnly: scopes alone are required, which no app-only token can have.
	ErrScopeOnly = errors.New("app-only tokens never carry scp")
)

// ErrSwitchedOff is the reason of a check that the policy or the key source
// does not ask for.
var ErrSwitchedOff = errors.New("the check is switched off")

// Reasons of a check that has no answer yet.
var (
	errPending    = errors.New("the issuer's keys have not been asked for")
	ErrNotReached = errors.New("an earlier check did not pass")
)
