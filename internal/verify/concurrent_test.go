package verify_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"m2m/internal/jwks"
	"m2m/internal/jwks/issuertest"
	"m2m/internal/jwt"
	"m2m/internal/verify"
)

// TestConcurrent: verifiers use their memory again, and nothing of one token
// may decide about another, nor be told of it, nor change one that was returned
// before; whether it is Entra's or a plain one.
func TestConcurrent(t *testing.T) {
	p := policy()
	p.PlainIssuer, p.Audiences = idp, append(p.Audiences, "https://orders.example")
	v := verifier(t, p, plainKeys(t, jwks.SetOptions{AnyIssuer: true}))
	var wg sync.WaitGroup
	for i := range 8 {
		claims := issuertest.ClaimsV2().Str("uti", fmt.Sprint("token-", i, strings.Repeat("x", 100*i)))
		if i%2 == 1 {
			claims = plainClaims().Str("jti", fmt.Sprint("token-", i)).Set("roles", `["Data.Read"]`)
		}
		mine := issuertest.Mint(issuertest.Header(), claims)
		forged := []string{
			flip(mine), graft(claims), mine[:len(mine)-6], mine[:len(mine)-342], "", "a.b.c",
			issuertest.Mint(issuertest.Header(), claims.Add("iss", `"x"`)),
			issuertest.Mint(issuertest.Header(), claims.Str("nonce", "n").Str("sub", "ada").Del("azp")),
			issuertest.Sign(issuertest.Pairs()[0], issuertest.Header().JSON(), claims.JSON()[:90]),
		}
		wg.Go(func() {
			var valid []*jwt.Token
			for range 50 {
				token, err := v.Verify(t.Context(), mine)
				if err != nil {
					t.Errorf("want it valid, got %v", err)
					return
				}
				valid = append(valid, token, v.Report(t.Context(), mine).Token)
				for _, text := range forged {
					if _, err := v.Verify(t.Context(), text); err == nil {
						t.Errorf("valid %q", text)
					}
					if report := v.Report(t.Context(), text); report.Verdict == verify.Valid {
						t.Errorf("valid %q", text)
					}
				}
			}
			for _, token := range valid {
				if !slices.Equal(slices.Collect(token.Claims.All()), claims) ||
					!slices.Equal(slices.Collect(token.Header.All()), issuertest.Header()) {
					t.Errorf("want %s, got %+v", claims.JSON(), token)
				}
			}
		})
	}
	wg.Wait()
}
