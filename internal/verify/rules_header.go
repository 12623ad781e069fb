package verify

import (
	"context"
	"errors"
	"strings"

	"m2m/internal/jwks"
	"m2m/internal/text"
)

func decideForm(h *evaluation) outcome {
	if h.fault != nil {
		return fail(Reason(h.fault.Reason))
	}
	return pass()
}

// decideAlgorithm allows one algorithm, whatever the key could do (RFC 8725
// section 3.1), and refuses every header that changes what the token means to
// a reader who understands it (RFC 7515 section 4.1.11, RFC 7797, RFC 7516).
func decideAlgorithm(h *evaluation) outcome {
	if h.Token == nil || h.Token.Header.IsZero() {
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

// typFits knows the types of access tokens. Entra writes JWT, never the
// at+jwt that RFC 9068 section 4 asks for.
func typFits(typ string) bool {
	if len(typ) > len("application/") && strings.EqualFold(typ[:len("application/")], "application/") {
		typ = typ[len("application/"):]
	}
	return typ == "JWT" || text.IsASCII(typ) && (strings.EqualFold(typ, "JWT") || strings.EqualFold(typ, "at+jwt"))
}

func decideKey(h *evaluation) outcome {
	switch {
	case h.fault != nil || !decideAlgorithm(h).allows():
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
	case h.fault != nil || !decideAlgorithm(h).allows():
		return notReached()
	case h.isForGraph():
		return unknown(ErrGraphNonce)
	case !h.signatureChecked && h.keyErr == nil && h.keys != nil && !h.lookedUp:
		return unknown(ErrPending)
	case !h.signatureChecked:
		return unknown(ErrSignatureUnchecked)
	case h.signatureErr != nil:
		return fail(ErrSignatureMismatch)
	}
	return pass()
}

// canLookUpKey says whether the header is good enough to ask for its key.
func (h *evaluation) canLookUpKey() bool {
	return h.fault == nil && decideAlgorithm(h).allows() && decideKey(h).isPending()
}

// resolveKey asks for the key and, if there is one, checks the signature.
func (h *evaluation) resolveKey(ctx context.Context) {
	if h.canLookUpKey() {
		h.lookUpKey(ctx)
		h.checkSignature()
	}
}
