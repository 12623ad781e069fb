package serve_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"m2m/internal/entra"
	"m2m/internal/jwks"
	"m2m/internal/serve"
	"m2m/internal/verify"
)

// A service of your own behind the gate.
func ExampleRequire() {
	tenant := "6babcaad-604b-40ac-a9d7-9fd97c0b779f"
	keys, err := jwks.NewMetadata(
		entra.Authority{Origin: "https://login.microsoftonline.com", Tenant: tenant},
		jwks.MetadataOptions{HTTP: &http.Client{}})
	if err != nil {
		fmt.Println(err)
		return
	}
	verifier, err := verify.New(verify.Policy{
		Tenants:   []string{tenant},
		Audiences: []string{"8c4f2a10-5b1d-4e0b-9a77-2f6f0a4f7d31"}, // the API's client ID
		Roles:     []string{"Orders.Read"},
	}, keys, verify.Options{CacheBytes: verify.DefaultCacheBytes})
	if err != nil {
		fmt.Println(err)
		return
	}
	orders := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, _ := serve.TokenFrom(r.Context())
		fmt.Fprintf(w, "no orders for %s", caller.ClientID)
	})

	answer := httptest.NewRecorder()
	serve.Require(verifier, orders).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/orders", nil))
	fmt.Println(answer.Code, answer.Header().Get("WWW-Authenticate"))
	// Output: 401 Bearer realm="m2m"
}
