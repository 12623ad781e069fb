package serve

import (
	"context"
	"net/http"

	"m2m/internal/entra"
	"m2m/internal/verify"
)

// Require lets only requests with a believed token through to next, which finds
// the token with [TokenFrom]. Everyone else gets the answer of RFC 6750.
func Require(v *verify.Verifier, next http.Handler) http.Handler {
	return require(v.Verify, next, challenge{}.refuse)
}

// refusal answers a request that is not let in. The token is as it was sent, and
// empty where none was found.
type refusal func(w http.ResponseWriter, r *http.Request, token entra.Secret, why error)

// judge decides whether to believe a token, as [verify.Verifier.Verify] does.
type judge func(ctx context.Context, token string) (*verify.Token, error)

func require(believe judge, next http.Handler, refuse refusal) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent, err := Bearer(r)
		if err != nil {
			refuse(w, r, sent, err)
			return
		}
		token, err := believe(r.Context(), sent.Reveal())
		if err != nil {
			refuse(w, r, sent, err)
			return
		}
		next.ServeHTTP(w, withCaller(r, token))
	})
}

// withCaller lets next find the token: in the exchange that the API made of the
// request, or in one of its own where Require stands alone, or behind another
// gate. Who was let in there stays who it was: a handler may ask several inner
// ones at once, each with a token of its own.
func withCaller(r *http.Request, token *verify.Token) *http.Request {
	x := exchangeOf(r)
	if x == nil || x.caller != nil {
		x = &exchange{}
		r = withExchange(r, x)
	}
	x.caller = token
	return r
}

// TokenFrom returns the believed token of a request that [Require] let through;
// ok is false for any other. The token is shared: do not change it.
func TokenFrom(ctx context.Context) (token *verify.Token, ok bool) {
	x := exchangeIn(ctx)
	if x == nil || x.caller == nil {
		return nil, false
	}
	return x.caller, true
}
