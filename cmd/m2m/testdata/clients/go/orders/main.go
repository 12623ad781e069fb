// Orders is an API with net/http and go-oidc, of the kind that m2m test is for. It
// prints its address.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/coreos/go-oidc/v3/oidc"
)

type order struct {
	ID     string `json:"id"`
	Item   string `json:"item"`
	State  string `json:"state,omitempty"`
	looked int
}

type api struct {
	verifier *oidc.IDTokenVerifier
	mu       sync.Mutex
	orders   map[string]*order
	made     int
}

func main() {
	keys := oidc.NewRemoteKeySet(context.Background(), os.Getenv("M2M_JWKS_URI"))
	a := &api{
		verifier: oidc.NewVerifier(os.Getenv("M2M_ISSUER"), keys, &oidc.Config{ClientID: os.Getenv("API_AUDIENCE")}),
		orders:   map[string]*order{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders", a.create)
	mux.HandleFunc("GET /orders/{id}", a.read)
	mux.HandleFunc("PUT /orders/{id}", a.update)
	mux.HandleFunc("DELETE /orders/{id}", a.remove)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("http://" + listener.Addr().String())
	log.Fatal(http.Serve(listener, a.protected(mux)))
}

func (a *api) protected(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok {
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "no token", http.StatusUnauthorized)
			return
		}
		verified, err := a.verifier.Verify(r.Context(), token)
		if err != nil {
			w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		var claims struct{ Roles []string }
		if verified.Claims(&claims) != nil || !slices.Contains(claims.Roles, "Data.Read") {
			http.Error(w, "the role Data.Read is required", http.StatusForbidden)
			return
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		next.ServeHTTP(w, r)
	})
}

func (a *api) create(w http.ResponseWriter, r *http.Request) {
	a.made++
	made := &order{ID: fmt.Sprintf("order-%d", a.made)}
	if json.NewDecoder(r.Body).Decode(made) != nil {
		http.Error(w, "not an order", http.StatusBadRequest)
		return
	}
	a.orders[made.ID] = made
	w.Header().Set("Location", "/orders/"+made.ID)
	answer(w, http.StatusCreated, *made)
}

func (a *api) find(w http.ResponseWriter, r *http.Request) *order {
	found := a.orders[r.PathValue("id")]
	if found == nil {
		http.Error(w, "no such order", http.StatusNotFound)
	}
	return found
}

func (a *api) read(w http.ResponseWriter, r *http.Request) {
	if found := a.find(w, r); found != nil {
		found.looked++
		shown := *found
		shown.State = "new"
		if found.looked > 2 {
			shown.State = "ready"
		}
		answer(w, http.StatusOK, shown)
	}
}

func (a *api) update(w http.ResponseWriter, r *http.Request) {
	found := a.find(w, r)
	if found == nil {
		return
	}
	if json.NewDecoder(r.Body).Decode(found) != nil {
		http.Error(w, "not an order", http.StatusBadRequest)
		return
	}
	answer(w, http.StatusOK, *found)
}

func (a *api) remove(w http.ResponseWriter, r *http.Request) {
	if found := a.find(w, r); found != nil {
		delete(a.orders, found.ID)
		w.WriteHeader(http.StatusNoContent)
	}
}

func answer(w http.ResponseWriter, status int, o order) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(o)
}
