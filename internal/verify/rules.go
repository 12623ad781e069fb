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
func (o outcome) allows() bool      { return o.status == Pass || o.reason == ErrSwitchedOff }
func (o outcome) isPending() bool   { return o.reason == ErrPending }

// rule is one check: decide is all that a program needs; describe adds, for a
// person, what was expected and what was found. lasts says that a pass holds for
// as long as the key does: it depends on the token, the issuer and the policy
// alone. Client and permission do too, and are asked again all the same, because
// who may call is worth being decided at each call.
type rule struct {
	check    Check
	decide   func(*evaluation) outcome
	describe func(*evaluation) (expected, found string)
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

// evaluation is one token before the judge: what it says, and what was found out.
type evaluation struct {
	reader *jwt.Reader
	jwt.Parsed
	policy    *Policy
	keys      jwks.Source
	validator *gojwt.Validator
	now       time.Time
	fault     *jwt.Fault // of the form

	lookedUp bool // keys was asked
	key      *jwks.Key
	issuer   jwks.Issuer
	keyErr   error

	signatureChecked bool // the signature was checked
	signatureErr     error
}

// lookUpKey asks for the key. It is what may go to the network.
func (h *evaluation) lookUpKey(ctx context.Context) {
	if h.keys == nil {
		return
	}
	h.lookedUp = true
	h.key, h.issuer, h.keyErr = h.keys.Lookup(ctx, h.Token.Version, h.Token.KeyID)
}

// checkSignature lets golang-jwt verify the signature. Without a key there is nothing to
// verify, and Graph's own signatures match no header that anyone is sent.
func (h *evaluation) checkSignature() {
	if h.key == nil || h.Signature == nil || h.isForGraph() {
		return
	}
	h.signatureChecked = true
	h.signatureErr = gojwt.SigningMethodRS256.Verify(h.SigningInput, h.Signature, h.key.RSA)
}

// retryAfter is when keys may be in reach again; 0 if nobody knows.
func (h *evaluation) retryAfter() time.Duration {
	var e *jwks.UnreachableError
	if errors.As(h.keyErr, &e) {
		return e.RetryAfter
	}
	return 0
}
