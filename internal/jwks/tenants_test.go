package jwks_test

import (
	"errors"
	"strings"
	"testing"

	"m2m/internal/entra"
	"m2m/internal/jwks"
	"m2m/internal/jwks/issuertest"
)

// otherIssuer adds the documents of a second tenant, with a key of its own under the
// first one's ID.
func otherIssuer(s *issuertest.Issuer) (issuerV2 string) {
	in := func(address string) string {
		return strings.ReplaceAll(address, issuertest.Tenant, issuertest.OtherTenant)
	}
	keys := issuertest.KeySet(issuertest.JWK(issuertest.Pairs()[1], issuertest.KeyID).Del("issuer"))
	s.Serve(in(issuertest.DiscoveryV2), issuertest.Document(in(issuertest.IssuerV2), in(issuertest.KeysV2)))
	s.Serve(in(issuertest.KeysV2), keys)
	return in(issuertest.IssuerV2)
}

func TestTenantsLookUpInTheTokensOwnSet(t *testing.T) {
	s := issuertest.New()
	other := otherIssuer(s)
	first := issuertest.Metadata(t, s, jwks.MetadataOptions{})
	second := issuertest.MetadataOf(t, s, entra.Authority{Origin: issuertest.Authority().Origin, Tenant: issuertest.OtherTenant}, jwks.MetadataOptions{})
	tenants := jwks.NewTenants(first, second)
	a, issuerA, errA := tenants.Lookup(t.Context(), entra.V2, issuertest.IssuerV2, issuertest.KeyID)
	b, issuerB, errB := tenants.Lookup(t.Context(), entra.V2, other, issuertest.KeyID)
	if err := errors.Join(errA, errB); err != nil {
		t.Fatal(err)
	}
	if a == b || a.Fingerprint == b.Fingerprint || issuerA.Name != issuertest.IssuerV2 || issuerB.Name != other {
		t.Errorf("both tenants have the key %x", a.Fingerprint)
	}
	if !tenants.Trusts(entra.V2, a) || !tenants.Trusts(entra.V2, b) {
		t.Error("a key that was looked up is not trusted")
	}
	stranger := strings.ReplaceAll(other, issuertest.OtherTenant, "00000000-0000-4000-8000-000000000000")
	before := s.Total()
	if _, _, err := tenants.Lookup(t.Context(), entra.V2, stranger, issuertest.KeyID); !errors.Is(err, jwks.ErrKeyUnknown) {
		t.Errorf("a third tenant's key: %v", err)
	}
	if tenants.Admits(entra.V2, stranger) || s.Total() != before {
		t.Error("a third tenant is admitted, or was asked about")
	}
}

func TestTenantsAreReadyWhenEachHadKeys(t *testing.T) {
	s := issuertest.New()
	first := issuertest.Metadata(t, s, jwks.MetadataOptions{})
	second := issuertest.MetadataOf(t, s, entra.Authority{Origin: issuertest.Authority().Origin, Tenant: issuertest.OtherTenant}, jwks.MetadataOptions{})
	tenants := jwks.NewTenants(first, second)
	if err := tenants.Fetch(t.Context(), entra.V2); !errors.Is(err, jwks.ErrKeysUnreachable) {
		t.Errorf("one tenant without keys: %v", err)
	}
	if issuers, ok := tenants.Issuers(); !ok || len(issuers) != 2 {
		t.Errorf("issuers = %q", issuers)
	}
}

// TestTenantOfADomain holds a domain name to the tenant that it stood for at first.
func TestTenantOfADomain(t *testing.T) {
	s := issuertest.New()
	in := func(address string) string { return strings.ReplaceAll(address, issuertest.Tenant, "contoso.example") }
	a := entra.Authority{Origin: issuertest.Authority().Origin, Tenant: "contoso.example"}
	s.Serve(in(issuertest.DiscoveryV2), issuertest.Document(issuertest.IssuerV2, issuertest.KeysV2))
	tenants := jwks.NewTenants(issuertest.MetadataOf(t, s, a, jwks.MetadataOptions{}))
	if issuers, ok := tenants.Issuers(); ok {
		t.Errorf("issuers = %q before anything was read", issuers)
	}
	if _, found, err := tenants.Lookup(t.Context(), entra.V2, issuertest.IssuerV2, issuertest.KeyID); err != nil || found.Domain != a.Tenant {
		t.Fatalf("issuer %+v, %v", found, err)
	}
	if tenants.Admits(entra.V2, strings.ReplaceAll(issuertest.IssuerV2, issuertest.Tenant, issuertest.OtherTenant)) {
		t.Error("another tenant is admitted once the domain's is known")
	}
	// Its v1.0 document now speaks for another tenant.
	s.Serve(in(issuertest.DiscoveryV1), issuertest.Document(strings.ReplaceAll(issuertest.IssuerV1, issuertest.Tenant, issuertest.OtherTenant), issuertest.KeysV1))
	_, _, err := tenants.Lookup(t.Context(), entra.V1, strings.ReplaceAll(issuertest.IssuerV1, issuertest.Tenant, issuertest.OtherTenant), issuertest.KeyID)
	if !errors.Is(err, jwks.ErrTenantChanged) {
		t.Errorf("the domain moved to another tenant: %v", err)
	}
}
