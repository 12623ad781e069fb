package serve_test

import (
	"testing"

	"m2m/internal/serve"
	"m2m/internal/verify"
)

// TestWhoMayCall crosses what the API requires with who calls.
func TestWhoMayCall(t *testing.T) {
	callers := map[string]claims{
		"app, no role":      appClaims(claims{"roles": nil}),
		"app, Read":         appClaims(nil),
		"app, Read+Write":   appClaims(claims{"roles": []string{"Data.Read", "Data.Write"}}),
		"user, Read":        userClaims(claims{"scp": "Data.Read"}),
		"user, Read+Write":  userClaims(nil),
		"user, other scope": userClaims(claims{"scp": "Other"}),
	}
	both := []string{"Data.Read", "Data.Write"}
	for name, tc := range map[string]struct {
		policy verify.Policy
		want   map[string]int
	}{
		"nothing required": {verify.Policy{}, map[string]int{
			"app, no role": 200, "app, Read": 200, "app, Read+Write": 200,
			"user, Read": 401, "user, Read+Write": 401, "user, other scope": 401,
		}},
		"users allowed": {verify.Policy{AllowUser: true}, map[string]int{
			"app, no role": 200, "app, Read": 200, "app, Read+Write": 200,
			"user, Read": 200, "user, Read+Write": 200, "user, other scope": 200,
		}},
		"any role": {verify.Policy{Roles: both}, map[string]int{
			"app, no role": 403, "app, Read": 200, "app, Read+Write": 200,
			"user, Read": 401, "user, Read+Write": 401, "user, other scope": 401,
		}},
		"all roles": {verify.Policy{Roles: both, RequireAll: true}, map[string]int{
			"app, no role": 403, "app, Read": 403, "app, Read+Write": 200,
			"user, Read": 401, "user, Read+Write": 401, "user, other scope": 401,
		}},
		"any scope": {verify.Policy{Scopes: both}, map[string]int{
			"app, no role": 403, "app, Read": 403, "app, Read+Write": 403,
			"user, Read": 200, "user, Read+Write": 200, "user, other scope": 403,
		}},
		"all scopes": {verify.Policy{Scopes: both, RequireAll: true}, map[string]int{
			"app, no role": 403, "app, Read": 403, "app, Read+Write": 403,
			"user, Read": 403, "user, Read+Write": 200, "user, other scope": 403,
		}},
		"any role or scope": {verify.Policy{Roles: both, Scopes: both}, map[string]int{
			"app, no role": 403, "app, Read": 200, "app, Read+Write": 200,
			"user, Read": 200, "user, Read+Write": 200, "user, other scope": 403,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			tc.policy.Tenants, tc.policy.Audiences = []string{tenantID}, []string{audience}
			s := raise(t, serve.Config{Verifier: newVerifier(t, tc.policy, staticKeys(t))})
			for caller, want := range tc.want {
				if got := s.get(t, s.token(t, callers[caller])); got.status != want {
					t.Errorf("%s: status = %d, want %d: %s", caller, got.status, want, got.header.Get("WWW-Authenticate"))
				}
			}
		})
	}
}
