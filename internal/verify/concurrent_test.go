package verify_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"m2m/internal/verify"
)

// TestConcurrent: verifiers use their memory again, and nothing of one token
// may decide about another, nor be told of it, nor change one that was returned
// before; whether it is Entra's or a plain one.
func TestConcurrent(t *testing.T) {
	p := policy()
	p.PlainIssuer, p.Audiences = idp, append(p.Audiences, "https://orders.example")
	v := verifier(t, p, plainKeys(t, verify.KeySetOptions{AnyIssuer: true}))
	var wg sync.WaitGroup
	for i := range 8 {
		claims := claimsV2().str("uti", fmt.Sprint("token-", i, strings.Repeat("x", 100*i)))
		if i%2 == 1 {
			claims = plainClaims().str("jti", fmt.Sprint("token-", i)).set("roles", `["Data.Read"]`)
		}
		mine := mint(header(), claims)
		forged := []string{
			flip(mine), graft(claims), mine[:len(mine)-6], mine[:len(mine)-342], "", "a.b.c", mint(header(), claims.add("iss", `"x"`)),
			mint(header(), claims.str("nonce", "n").str("sub", "ada").del("azp")), sign(pairs()[0], header().json(), claims.json()[:90]),
		}
		wg.Go(func() {
			var believed []*verify.Token
			for range 50 {
				token, err := v.Verify(t.Context(), mine)
				if err != nil {
					t.Errorf("want it believed, got %v", err)
					return
				}
				believed = append(believed, token, v.Judge(t.Context(), mine).Token)
				for _, text := range forged {
					if _, err := v.Verify(t.Context(), text); err == nil {
						t.Errorf("believed %q", text)
					}
					if report := v.Judge(t.Context(), text); report.Verdict == verify.Believed {
						t.Errorf("believed %q", text)
					}
				}
			}
			for _, token := range believed {
				if !slices.Equal(slices.Collect(token.Claims.All()), claims) || !slices.Equal(slices.Collect(token.Header.All()), header()) {
					t.Errorf("want %s, got %+v", claims.json(), token)
				}
			}
		})
	}
	wg.Wait()
}
