package serve

import (
	"net/http"

	"m2m/internal/entra"
)

// forwardAuth answers a proxy that asks whether a request may pass: nginx's
// auth_request, Caddy's and Traefik's forward authentication. 200 has the
// identity headers and no content; the rest is 401 or 403, and 503 where the
// token cannot be judged, which is no answer about the caller. Methods are all
// alike: some proxies ask with the request's own, and let pass whatever is 2xx,
// so that OPTIONS may not be answered without a token here.
func forwardAuth(w http.ResponseWriter, r *http.Request) {
	token, _ := TokenFrom(r.Context())
	h := w.Header()
	setIdentity(h, token)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
}

// disguised says that a request has a header which a program behind the proxy
// could take for one of forwardAuth's. The proxy replaces those of the very name,
// but not X.Auth.Roles.
type disguised struct{ name, as string }

// Error implements error.
func (d disguised) Error() string {
	return "the request has a header " + quoted(d.name) + ", which a program could take for " + d.as
}

// Is makes it a malformed request.
func (disguised) Is(target error) bool { return target == ErrMalformed }

// undisguised refuses such requests.
func (a *API) undisguised(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name := range r.Header {
			if folded := foldHeader(name); isIdentity(folded) && !isIdentity(name) {
				a.refuseForward(w, r, entra.Secret{}, disguised{name, folded})
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// refuseForward refuses as the API does, but a malformed request with 401:
// nginx takes 400 for a fault of ours and answers 500.
func (a *API) refuseForward(w http.ResponseWriter, r *http.Request, token entra.Secret, why error) {
	a.note(r, token, why)
	c := a.challenge
	c.malformed = http.StatusUnauthorized
	c.refuse(w, r, token, why)
}
