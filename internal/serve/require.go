package serve

import (
	"context"
	"fmt"
	"net/http"

	"m2m/internal/entra"
	"m2m/internal/jwt"
	"m2m/internal/verify"
)

// Require passes only requests with a valid token to next, which gets the token
// from [TokenFrom]. Other requests get the response of RFC 6750. A request with a
// valid token in its header and another one in a form body is rejected too; next
// still reads the whole body.
func Require(v *verify.Verifier, next http.Handler) http.Handler {
	reject := challenge{}.reject
	return require(v.Verify, rejectFormToken(next, reject), reject)
}

// rejectFunc answers a rejected request. The token is as it was sent, and empty where
// none was found.
type rejectFunc func(w http.ResponseWriter, r *http.Request, token entra.Secret, why error)

// validateFunc validates a token, as [verify.Verifier.Verify] does.
type validateFunc func(ctx context.Context, token string) (*jwt.Token, error)

func require(validate validateFunc, next http.Handler, reject rejectFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent, err := Bearer(r)
		if err != nil {
			reject(w, r, sent, err)
			return
		}
		token, err := validate(r.Context(), sent.Reveal())
		if err != nil {
			reject(w, r, sent, err)
			return
		}
		next.ServeHTTP(w, withCaller(r, token))
	})
}

// rejectFormToken rejects requests that have a token in a form body next to the valid
// one in the header. The body of a request without a valid token is never read, so
// that strangers cannot make the API hold any of it.
func rejectFormToken(next http.Handler, reject rejectFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch found, err := formHasToken(r); {
		case err != nil:
			reject(w, r, entra.Secret{}, err)
		case found:
			reject(w, r, entra.Secret{}, fmt.Errorf("%w: there is a second one in the form body", ErrMalformed))
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// withCaller makes the token available to next: in the exchange that the API
// attached to the request, which saves two allocations, or in a new one where there
// is none or it already has a caller. A handler behind one gate may call several
// inner ones at once, each with a token of its own.
func withCaller(r *http.Request, token *jwt.Token) *http.Request {
	x := exchangeOf(r)
	if x == nil || x.caller != nil {
		x = &exchange{}
		r = withExchange(r, x)
	}
	x.caller = token
	return r
}

// TokenFrom returns the valid token of a request that [Require] accepted;
// ok is false for any other. The token is shared: do not change it.
func TokenFrom(ctx context.Context) (token *jwt.Token, ok bool) {
	x := exchangeIn(ctx)
	if x == nil || x.caller == nil {
		return nil, false
	}
	return x.caller, true
}
