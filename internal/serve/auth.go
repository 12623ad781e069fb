package serve

import (
	"net/http"

	"m2m/internal/entra"
)

// authRoute is the path of forwardAuth.
const authRoute = "/auth"

// forwardAuth answers a proxy's authentication subrequest: nginx's auth_request,
// forward authentication of Caddy and Traefik. 200 has the identity headers and no
// content; otherwise 401, 403, or 503 where the token cannot be validated now. Every
// method needs a token, OPTIONS too: some proxies use the request's own method and
// accept any 2xx.
func forwardAuth(w http.ResponseWriter, r *http.Request) {
	token, _ := TokenFrom(r.Context())
	h := w.Header()
	setIdentity(h, token)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
}

// lookalikeHeader is the error for a request header that an upstream could mistake
// for one of forwardAuth's. The proxy replaces those of the exact name, but not
// X.Auth.Roles.
type lookalikeHeader struct{ name, as string }

// Error implements error.
func (d lookalikeHeader) Error() string {
	return "the request has a header " + quoted(d.name) + ", which a program could take for " + d.as
}

// Is makes it a malformed request.
func (lookalikeHeader) Is(target error) bool { return target == ErrMalformed }

// rejectLookalikes rejects requests with a lookalikeHeader.
func (a *API) rejectLookalikes(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name := range r.Header {
			if folded := foldHeader(name); isIdentity(folded) && !isIdentity(name) {
				a.rejectForward(w, r, entra.Secret{}, lookalikeHeader{name, folded})
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// rejectForward rejects as the API does, but answers a malformed request with 401:
// nginx takes 400 for a fault of the gate and answers 500.
func (a *API) rejectForward(w http.ResponseWriter, r *http.Request, token entra.Secret, why error) {
	a.recordRejection(r, token, why)
	c := a.challenge
	c.malformed = http.StatusUnauthorized
	c.reject(w, r, token, why)
}
