package serve

import (
	"errors"
	"net/http"

	"m2m/internal/entra"
)

// forwardAuth answers a proxy that asks whether a request may pass: nginx's
// auth_request, Caddy's and Traefik's forward authentication. 200 has the
// identity headers and no content; the rest is 401 or 403, and 503 where the
// token cannot be judged, which is no answer about the caller.
func forwardAuth(w http.ResponseWriter, r *http.Request) {
	token, _ := TokenFrom(r.Context())
	h := w.Header()
	setIdentity(h, token)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
}

// refuseForward refuses as the API does, but a malformed request with 401:
// nginx takes 400 for a fault of ours and answers 500.
func (a *API) refuseForward(w http.ResponseWriter, r *http.Request, token entra.Secret, why error) {
	if errors.Is(why, ErrMalformed) {
		w = &unauthorized{w}
	}
	a.refuse(w, r, token, why)
}

// unauthorized sends another status than it is told.
type unauthorized struct{ http.ResponseWriter }

func (w *unauthorized) WriteHeader(int) { w.ResponseWriter.WriteHeader(http.StatusUnauthorized) }
