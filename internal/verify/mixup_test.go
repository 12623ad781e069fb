package verify_test

import (
	"strings"
	"testing"

	"m2m/internal/entra"
	"m2m/internal/jwks"
	"m2m/internal/jwks/issuertest"
	"m2m/internal/verify"
)

// TestTenantsAreNotMixedUp signs tokens of two tenants and both versions with every key,
// all of them under one key ID, and mixes signer, iss, tid and ver in every way. Only
// the token whose parts are all of one tenant and version is valid.
func TestTenantsAreNotMixedUp(t *testing.T) {
	s := issuertest.New()
	ids := []string{issuertest.Tenant, issuertest.OtherTenant}
	of := func(text string, tenant int) string { return strings.ReplaceAll(text, issuertest.Tenant, ids[tenant]) }
	var sources []*jwks.Metadata
	for tenant, id := range ids {
		key := issuertest.JWK(issuertest.Pairs()[tenant], issuertest.KeyID).Del("issuer")
		keysV1 := of("https://login.microsoftonline.com/"+issuertest.Tenant+"/discovery/keys", tenant)
		s.Serve(of(issuertest.DiscoveryV2, tenant),
			issuertest.Document(of(issuertest.IssuerV2, tenant), of(issuertest.KeysV2, tenant)))
		s.Serve(of(issuertest.DiscoveryV1, tenant), issuertest.Document(of(issuertest.IssuerV1, tenant), keysV1))
		s.Serve(of(issuertest.KeysV2, tenant), issuertest.KeySet(key))
		s.Serve(keysV1, issuertest.KeySet(key))
		sources = append(sources, issuertest.MetadataOf(t, s,
			entra.Authority{Origin: issuertest.Authority().Origin, Tenant: id}, jwks.MetadataOptions{}))
	}
	for _, listed := range [][]int{{0}, {1}, {0, 1}} {
		p, all := policy(), []*jwks.Metadata{}
		p.Tenants = nil
		for _, tenant := range listed {
			p.Tenants = append(p.Tenants, ids[tenant])
			all = append(all, sources[tenant])
		}
		v, err := verify.New(p, jwks.NewTenants(all...),
			verify.Options{Now: issuertest.At(issuertest.Noon), CacheBytes: verify.DefaultCacheBytes})
		if err != nil {
			t.Fatal(err)
		}
		for n := range 2 * 2 * 2 * 2 * 2 * 2 {
			signer, iss, tid, issVersion, ver, again := n&1, n>>1&1, n>>2&1, n>>3&1, n>>4&1, n>>5&1
			claims := []issuertest.Members{issuertest.ClaimsV1(), issuertest.ClaimsV2()}[ver]
			issuer := of([]string{issuertest.IssuerV1, issuertest.IssuerV2}[issVersion], iss)
			token := issuertest.Sign(issuertest.Pairs()[signer], issuertest.Header().JSON(),
				claims.Str("iss", issuer).Str("tid", ids[tid]).JSON())
			_, err := v.Verify(t.Context(), token)
			want := signer == iss && iss == tid && issVersion == ver && (len(listed) == 2 || listed[0] == tid)
			if (err == nil) != want {
				t.Errorf("listed %v, signed by %d, iss %d, tid %d, form of iss v%d, ver %d, again %d: %v, want valid: %v",
					listed, signer, iss, tid, issVersion+1, ver+1, again, err, want)
			}
		}
	}
}
