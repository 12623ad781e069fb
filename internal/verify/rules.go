package verify

import (
	"context"
	"errors"
	"time"

	gojwt "github.com/golang-jwt/jwt/v5"

	"m2m/internal/jwks"
	"m2m/internal/jwt"
)

// outcome is what one rule says. Its zero value passes nothing.
type outcome struct {
	status Status
	reason Reason
}

func pass() outcome                 { return outcome{status: Pass} }
func fail(reason Reason) outcome    { return outcome{Fail, reason} }
func unknown(reason Reason) outcome { return outcome{Unknown, reason} }
func switchedOff() outcome          { return outcome{Skip, ErrSwitchedOff} }
func notReached() outcome           { return outcome{Skip, ErrNotReached} }
func (o outcome) lets() bool        { return o.status == Pass || o.reason == ErrSwitchedOff }
func (o outcome) pending() bool     { return o.reason == ErrPending }

// rule is one check: decide is all that a program needs; describe adds, for a
// person, what was expected and what was found. lasts says that a pass holds for
// as long as the key does: it depends on the token, the issuer and the policy
// alone. Client and permission do too, and are asked again all the same, because
// who may call is worth being decided at each call.
type rule struct {
	check    Check
	decide   func(*hearing) outcome
	describe func(*hearing) (expected, found string)
	lasts    bool
}

// rules returns every check in order. Verify and Judge both run this table, so
// that they cannot disagree.
func rules() []rule {
	return []rule{
		{CheckForm, decideForm, describeForm, true},
		{CheckAlgorithm, decideAlgorithm, describeAlgorithm, true},
		{CheckKey, decideKey, describeKey, true},
		{CheckSignature, decideSignature, describeSignature, true},
		{CheckIssuer, decideIssuer, describeIssuer, true},
		{CheckTenant, decideTenant, describeTenant, true},
		{CheckAudience, decideAudience, describeAudience, true},
		{CheckLifetime, decideLifetime, describeLifetime, false},
		{CheckKind, decideKind, describeKind, true},
		{CheckClient, decideClient, describeClient, false},
		{CheckPermission, decidePermission, describePermission, false},
	}
}

// hearing is one token before the judge: what it says, and what was found out.
type hearing struct {
	reader *jwt.Reader
	jwt.Parsed
	policy    *Policy
	keys      jwks.Source
	validator *gojwt.Validator
	now       time.Time
	fault     *jwt.Fault // of the form

	looked bool // keys was asked
	key    *jwks.Key
	issuer jwks.Issuer
	keyErr error

	checked bool // the signature was checked
	signed  error
}

// look asks for the key. It is what may go to the network.
func (h *hearing) look(ctx context.Context) {
	if h.keys == nil {
		return
	}
	h.looked = true
	h.key, h.issuer, h.keyErr = h.keys.Lookup(ctx, h.Token.Version, h.Token.KeyID)
}

// check lets golang-jwt verify the signature. Without a key there is nothing to
// verify, and Graph's own signatures match no header that anyone is sent.
func (h *hearing) check() {
	if h.key == nil || h.Signature == nil || h.graph() {
		return
	}
	h.checked = true
	h.signed = gojwt.SigningMethodRS256.Verify(h.SigningInput, h.Signature, h.key.RSA)
}

// retryAfter is when keys may be in reach again; 0 if nobody knows.
func (h *hearing) retryAfter() time.Duration {
	var e *jwks.UnreachableError
	if errors.As(h.keyErr, &e) {
		return e.RetryAfter
	}
	return 0
}
