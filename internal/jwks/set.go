package jwks

import (
	"context"
	"strings"

	"m2m/internal/entra"
)

// SetOptions say whose keys a [Set] holds. With none of them the issuer
// check is unknown and no token is valid.
type SetOptions struct {
	// Issuer is the exact iss; {tenantid} in it stands for the token's tid.
	Issuer string
	// Authority gives the issuers of v1.0 and v2.0 tokens of an Entra tenant.
	Authority entra.Authority
	// AnyIssuer switches the issuer check off. It costs: whoever holds one of
	// these keys can speak for every issuer.
	AnyIssuer bool
}

// Set is a [Source] of keys that are given once, as from a file.
type Set struct {
	keys    map[string]*Key
	v1, v2  Issuer
	skipped int
}

var _ Source = (*Set)(nil)

// NewSet reads a JSON Web Key Set (RFC 7517). Keys that are not usable are
// skipped; if none is left the error matches ErrNoUsableKey and says why. What
// is no key set at all matches ErrKeySet.
func NewSet(jwks []byte, o SetOptions) (*Set, error) {
	keys, skipped, err := readKeys(jwks)
	if err != nil {
		return nil, err
	}
	return &Set{keys, o.issuer(entra.V1), o.issuer(entra.V2), skipped}, nil
}

// Skipped is the number of keys that were not usable.
func (s *Set) Skipped() int { return s.skipped }

// Lookup implements [Source]. It never goes to the network.
func (s *Set) Lookup(_ context.Context, v entra.Version, _, kid string) (*Key, Issuer, error) {
	k, ok := s.keys[kid]
	if !ok {
		return nil, s.issuer(v), ErrKeyUnknown
	}
	return k, s.issuer(v), nil
}

func (s *Set) issuer(v entra.Version) Issuer {
	if v == entra.V1 {
		return s.v1
	}
	return s.v2
}

func (o SetOptions) issuer(v entra.Version) Issuer {
	switch {
	case o.AnyIssuer:
		return Issuer{Any: true, Given: true}
	case o.Issuer != "":
		return Issuer{Name: o.Issuer, Given: true}
	case o.Authority == entra.Authority{}:
		return Issuer{}
	default:
		cloud, _ := o.Authority.Cloud()
		return Issuer{Name: expectedIssuer(o.Authority, v), KeyIssuer: expectedIssuer(o.Authority, entra.V2), Cloud: cloud.InstanceName}
	}
}

// expectedIssuer is the issuer that an authority's document will name, or would
// name where none can be read.
func expectedIssuer(a entra.Authority, v entra.Version) string {
	tenant := TenantPlaceholder
	if entra.IsGUID(a.Tenant) {
		tenant = strings.ToLower(a.Tenant)
	}
	cloud, ok := a.Cloud()
	if v == entra.V2 && entra.IsExternalIDHost(hostOf(a)) {
		return "https://" + entra.ExternalIDHost(tenant) + "/" + tenant + "/v2.0"
	}
	if v == entra.V1 {
		if !ok {
			cloud.STS = "sts.windows.net"
		}
		return "https://" + cloud.STS + "/" + tenant + "/"
	}
	if !ok {
		cloud.Host = hostOf(a)
	}
	return "https://" + cloud.Host + "/" + tenant + "/v2.0"
}

// Admits implements [Source].
func (s *Set) Admits(v entra.Version, issuer string) bool {
	expected := s.issuer(v)
	switch {
	case expected.Any:
		return true
	case v == "" && !expected.Given:
		return false
	case expected.Name == "":
		return true // unknown, for the issuer check to say
	}
	before, after, template := strings.Cut(expected.Name, TenantPlaceholder)
	if !template {
		return issuer == expected.Name
	}
	last := strings.LastIndex(after, TenantPlaceholder)
	if last >= 0 {
		after = after[last+len(TenantPlaceholder):]
	}
	return strings.HasPrefix(issuer, before) && strings.HasSuffix(issuer, after)
}

// Trusts implements [Source].
func (s *Set) Trusts(_ entra.Version, k *Key) bool { return k != nil && s.keys[k.ID] == k }
