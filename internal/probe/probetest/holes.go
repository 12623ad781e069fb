package probetest

import (
	"net/http"
	"slices"
	"strings"
)

// Hole is one mistake. Let reports whether it accepts a request that should be
// rejected; Answer answers instead of the API and reports whether it did. One of
// them is set, or the hole is in the HTTP server.
type Hole struct {
	Name   string
	Let    func(*Gate, *http.Request) bool
	Answer func(*Gate, http.ResponseWriter, *http.Request) bool

	wire func(g *Gate, request string) action
}

// Holes lists every hole.
func Holes() []Hole {
	return slices.Concat(
		unsignedHoles(), signatureHoles(), contentHoles(), confusionHoles(), weakSecretHoles(), foreignKeyHoles(),
		namedKeyHoles(), keyIDHoles(), headerHoles(), formHoles(), spellingHoles(), sizeHoles(),
		placeHoles(), fieldHoles(), identityHoles(), methodHoles(), pathHoles(), metadataHoles(), issuedHoles(),
	)
}

// token makes a hole of a naive verifier of the token in the Authorization field.
func token(name string, accepts func(*Gate, parts) bool) Hole {
	return Hole{Name: name, Let: func(g *Gate, r *http.Request) bool {
		_, sent, found := strings.Cut(r.Header.Get("Authorization"), " ")
		return found && accepts(g, parseLoosely(sent))
	}}
}

// fault makes a hole that answers 500 where a handler would panic.
func fault(name string, when func(*Gate, *http.Request, parts) bool) Hole {
	return Hole{Name: name, Answer: func(g *Gate, w http.ResponseWriter, r *http.Request) bool {
		_, sent, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !when(g, r, parseLoosely(sent)) {
			return false
		}
		http.Error(w, "internal server error", http.StatusInternalServerError)
		return true
	}}
}

// stall makes a hole that does not answer before the caller hangs up.
func stall(name string, when func(*Gate, parts) bool) Hole {
	return Hole{Name: name, Answer: func(g *Gate, _ http.ResponseWriter, r *http.Request) bool {
		_, sent, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !when(g, parseLoosely(sent)) {
			return false
		}
		<-r.Context().Done()
		return true
	}}
}

// found makes a hole of a place where an API also looks for its token.
func found(name string, where func(*http.Request) string) Hole {
	return Hole{Name: name, Let: func(g *Gate, r *http.Request) bool { return g.verify(where(r)) == nil }}
}
