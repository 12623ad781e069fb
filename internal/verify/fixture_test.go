package verify_test

import (
	"testing"

	"m2m/internal/jwks"
	"m2m/internal/jwks/issuertest"
	"m2m/internal/verify"
)

func policy() verify.Policy {
	return verify.Policy{Tenants: []string{issuertest.Tenant}, Audiences: []string{issuertest.API, "api://m2m"},
		Roles: []string{"Data.Read"}}
}

func verifier(t testing.TB, p verify.Policy, keys jwks.Source) *verify.Verifier {
	t.Helper()
	v, err := verify.New(p, keys, verify.Options{Now: issuertest.At(issuertest.Noon)})
	if err != nil {
		t.Fatal(err)
	}
	return v
}
