package verify_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"m2m/internal/entra"
	"m2m/internal/jwks"
	"m2m/internal/jwks/issuertest"
	"m2m/internal/verify"
)

// An API makes one verifier, keeps its keys fresh, and answers by the outcome.
func Example() {
	authority := entra.Authority{Origin: "https://login.microsoftonline.com", Tenant: issuertest.Tenant}
	keys, err := jwks.NewMetadata(authority, jwks.MetadataOptions{HTTP: &http.Client{}})
	if err != nil {
		fmt.Println(err)
		return
	}
	policy := verify.Policy{Tenants: []string{issuertest.Tenant}, Audiences: []string{issuertest.API},
		Roles: []string{"Data.Read"}}
	verifier, err := verify.New(policy, keys, verify.Options{CacheBytes: verify.DefaultCacheBytes})
	if err != nil {
		fmt.Println(err)
		return
	}
	// A server would also run: go keys.Run(ctx)

	switch _, err := verifier.Verify(context.Background(), "not a token"); {
	case err == nil:
		fmt.Println("let in")
	case errors.Is(err, verify.ErrUndecided):
		fmt.Println("503: try again later")
	case errors.Is(err, verify.ErrForbidden):
		fmt.Println("403:", err)
	default:
		fmt.Println("401:", err)
	}
	// Output: 401: form: a token has three parts between two dots: expected three base64url parts of strict JSON, found no dot at all
}
