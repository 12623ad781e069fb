package verify_test

import (
	"fmt"
	"sync"
	"testing"

	"m2m/internal/verify"
)

// TestConcurrent: verifiers use their memory again, and nothing of one token
// may decide about another, nor be told of it.
func TestConcurrent(t *testing.T) {
	v := verifier(t, policy(), keys(t))
	var wg sync.WaitGroup
	for i := range 8 {
		uti := fmt.Sprint("token-", i)
		mine := mint(header(), claimsV2().str("uti", uti))
		forged := []string{flip(mine), graft(claimsV2().str("uti", uti)), mine[:len(mine)-6], mine[:len(mine)-342], "", "a.b.c"}
		wg.Go(func() {
			for range 50 {
				token, err := v.Verify(t.Context(), mine)
				if err != nil {
					t.Errorf("want it believed, got %v", err)
					return
				}
				if got, _ := token.Claim("uti"); got != `"`+uti+`"` {
					t.Errorf("want %s, got %s", uti, got)
				}
				for _, text := range forged {
					if _, err := v.Verify(t.Context(), text); err == nil {
						t.Errorf("believed %q", text)
					}
					if report := v.Judge(t.Context(), text); report.Verdict == verify.Believed {
						t.Errorf("believed %q", text)
					}
				}
			}
		})
	}
	wg.Wait()
}
