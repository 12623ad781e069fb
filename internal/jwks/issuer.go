package jwks

import (
	"net/url"
	"slices"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/jwt"
	"m2m/internal/text"
)

// TenantPlaceholder stands for the token's own tid in the issuer of /common and
// /organizations, and in the issuer of keys.
const TenantPlaceholder = "{tenantid}"

// AuthorityOf returns the authority that a token says it came from, if its iss has
// the exact form of one of Entra's issuers. That proves nothing: the authority's
// keys have to verify the token. A v1.0 issuer is shared by two clouds
// (sts.windows.net); the public one is then assumed.
func AuthorityOf(t *jwt.Token) (a entra.Authority, ok bool) {
	if t == nil {
		return a, false
	}
	host, tenant, ok := SplitIssuer(t.Version, t.Issuer)
	switch {
	case !ok || !entra.IsGUID(tenant):
		return a, false
	case host == entra.ExternalIDHost(tenant):
		return entra.Authority{Origin: "https://" + text.LowerASCII(host), Tenant: strings.ToLower(tenant)}, true
	}
	cloud, ok := entra.CloudByHost(host)
	if t.Version == entra.V1 {
		cloud, ok = entra.CloudBySTS(host)
	}
	return entra.Authority{Origin: "https://" + cloud.Host, Tenant: strings.ToLower(tenant)}, ok
}

// SplitIssuer takes apart https://HOST/TENANT/v2.0 or, for v1.0,
// https://HOST/TENANT/ with its slash at the end. The tenant is a GUID or
// {tenantid}.
func SplitIssuer(v entra.Version, issuer string) (host, tenant string, ok bool) {
	rest, ok := strings.CutPrefix(issuer, "https://")
	if !ok {
		return "", "", false
	}
	host, rest, _ = strings.Cut(rest, "/")
	tenant, rest, ok = strings.Cut(rest, "/")
	switch {
	case !ok || host == "":
		return "", "", false
	case v == entra.V1 && rest != "", v == entra.V2 && rest != "v2.0", v != entra.V1 && v != entra.V2:
		return "", "", false
	}
	return host, tenant, tenant == TenantPlaceholder || entra.IsGUID(tenant)
}

// issuerFits reports whether an authority may name that issuer: the tenant is
// its own, and the host too, or one that stands for the same cloud. OpenID
// Connect Discovery section 4.3 wants the issuer to equal the address of the
// document. Entra keeps to that only for v2.0 at the cloud's main host:
// aliases answer with the main host, and v1.0 tokens are issued by an STS.
func issuerFits(a entra.Authority, v entra.Version, issuer string) bool {
	host, tenant, ok := SplitIssuer(v, issuer)
	return ok && tenantFits(a.Tenant, tenant) && hostFits(a, v, host, tenant)
}

func hostFits(a entra.Authority, v entra.Version, host, tenant string) bool {
	if entra.IsExternalIDHost(hostOf(a)) {
		return host == entra.ExternalIDHost(tenant)
	}
	if v == entra.V1 {
		cloud, _ := a.Cloud()
		return host == hostOf(a) || host == "sts.windows.net" || host == cloud.STS
	}
	return sameCloud(a, host)
}

// sameCloud reports whether host is the authority's own, or another login host
// of the same Entra cloud, or of External ID if the authority is.
func sameCloud(a entra.Authority, host string) bool {
	if host == hostOf(a) || entra.IsExternalIDHost(host) && entra.IsExternalIDHost(hostOf(a)) {
		return true
	}
	cloud, ok := a.Cloud()
	return ok && (host == cloud.Host || slices.Contains(cloud.Aliases, host))
}

func tenantFits(configured, found string) bool {
	switch {
	case entra.IsGUID(configured):
		return strings.EqualFold(configured, found)
	case configured == "common" || configured == "organizations":
		return true
	}
	return entra.IsGUID(found) // a domain name, whose GUID is in the document
}

func hostOf(a entra.Authority) string { return strings.TrimPrefix(a.Origin, "https://") }

// MatchesIssuer reports whether iss is the issuer once each {tenantid} is replaced by
// the token's tid; External ID's have two. It allocates nothing, because it runs for
// every token.
func MatchesIssuer(issuer, tid, iss string) bool {
	for {
		before, after, found := strings.Cut(issuer, TenantPlaceholder)
		if !found {
			return iss == issuer
		}
		if len(iss) < len(before)+len(tid) || iss[:len(before)] != before || iss[len(before):len(before)+len(tid)] != tid {
			return false
		}
		issuer, iss = after, iss[len(before)+len(tid):]
	}
}

// MayVerify reports whether the key may verify tokens of that issuer. The keys of
// v1.0 carry no issuer; where one does, it is the v2.0 form of the same authority,
// which is what Microsoft.IdentityModel compares as well. The token's iss cannot
// replace it: public and US government share sts.windows.net.
func (k *Key) MayVerify(t *jwt.Token, keyIssuer string) bool {
	if k.Issuer == "" || MatchesIssuer(k.Issuer, t.TenantID, t.Issuer) {
		return true
	}
	host, tenant, ok := SplitIssuer(entra.V2, k.Issuer)
	if t.Version != entra.V1 || !ok || tenant != TenantPlaceholder && tenant != t.TenantID {
		return false
	}
	if keyIssuer != "" {
		expected, _, _ := SplitIssuer(entra.V2, keyIssuer)
		return host == expected
	}
	// No authority is configured, only an issuer: its host must at least be one
	// that belongs to the key's own cloud.
	signer := entra.Authority{Origin: "https://" + host, Tenant: t.TenantID}
	return t.Issuer == expectedIssuer(signer, entra.V1) || t.Issuer == signer.URL()+"/"
}

// IsEntraIssuer reports whether an issuer is one of Entra: by its host, or by its
// form, which a local tenant's has too. Azure AD B2C's are not: their tokens differ.
func IsEntraIssuer(issuer string) bool {
	if host, _, _ := ParseIssuer(issuer); host != "" || strings.Contains(issuer, TenantPlaceholder) {
		return true
	}
	u, err := url.Parse(issuer)
	if err != nil {
		return false // iss may be any text (RFC 7519 section 4.1.1); none of Entra is
	}
	host := text.LowerASCII(u.Hostname())
	_, known := CloudOf(host)
	return known || entra.IsExternalIDHost(host)
}

// ParseIssuer takes an issuer of either version apart.
func ParseIssuer(issuer string) (host, tenant string, v entra.Version) {
	for _, v := range []entra.Version{entra.V2, entra.V1} {
		if host, tenant, ok := SplitIssuer(v, issuer); ok {
			return host, tenant, v
		}
	}
	return "", "", ""
}

func CloudOf(host string) (entra.Cloud, bool) {
	if c, ok := entra.CloudByHost(host); ok {
		return c, ok
	}
	return entra.CloudBySTS(host)
}
