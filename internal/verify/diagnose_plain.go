package verify

import (
	"strings"

	"m2m/internal/jwks"
)

// advisePlain is advice about a token of the policy's PlainIssuer, where that of
// Entra's tokens would mislead.
func (r tokenReport) advisePlain(c Check, reason error) (a advice, ok bool) {
	if !r.plain() {
		return advice{}, false
	}
	switch c {
	case CheckKey:
		return r.advisePlainKey(reason)
	case CheckAudience:
		return r.advisePlainAudience(reason)
	case CheckLifetime:
		return r.adviseForeign("iat and exp, in order"), reason == ErrDateMissing || reason == ErrDateOrder
	case CheckKind:
		return r.advisePlainKind(reason), true
	case CheckClient:
		return advice{"another app is calling", r.allowClient()}, r.Token.ClientID != ""
	case CheckPermission:
		return r.advisePlainPermission(reason), true
	}
	return advice{}, false
}

func (r tokenReport) advisePlainKey(reason error) (a advice, ok bool) {
	switch reason {
	case ErrKeyIDMissing, ErrKeyIDLong:
		return r.adviseForeign("a key ID of at most 128 characters"), true
	case jwks.ErrKeyUnknown:
		return advice{"likely the issuer has changed its keys since these were read, or these are another issuer's", "read the keys again at the jwks_uri of the issuer"}, true
	}
	return advice{}, false
}

func (r tokenReport) advisePlainAudience(reason error) (a advice, ok bool) {
	found := r.Token.Audiences()
	if reason != ErrAudienceMismatch && reason != ErrAudienceUnset || found == nil {
		return advice{}, false
	}
	cause := "the token was asked for another API"
	switch {
	case reason == ErrAudienceUnset:
		cause = "nobody said which API this is"
	case len(found) > 1:
		cause = "the token is for several APIs, and any of them could send it to the others: all must be this one"
	}
	return advice{cause, "if that is this API: " + setting("API_AUDIENCE", found...)}, true
}

func (r tokenReport) advisePlainKind(reason error) advice {
	switch reason {
	case ErrIDToken:
		return advice{
			"it looks like an ID token (a nonce, a hash, a user's name, or the client itself as aud), and typ does not say at+jwt",
			"send the access token, not the id_token",
		}
	case ErrUserToken:
		return advice{
			"sub is not the client: it acts for a user, or the issuer gives its service accounts a sub of their own",
			"use the client credentials flow; have the issuer write the client's ID as sub (RFC 9068 section 2.2); or let users in: --allow-user",
		}
	case ErrClientMissing:
		return r.adviseForeign("one client, in client_id or azp")
	}
	return r.adviseForeign("the client's ID as sub, or the scope that a user granted")
}

func (r tokenReport) advisePlainPermission(reason error) advice {
	if reason == ErrScopeMissing {
		return advice{"the issuer did not grant the client this scope, or the client did not ask for it", "ask the issuer for the scope " + strings.Join(r.Policy.Scopes, " ")}
	}
	return advice{"the claim roles holds none of the required ones", "have the issuer grant the role, or ask for its scopes instead: --require-scope"}
}
