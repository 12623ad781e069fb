package explain

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/jwks"
	"m2m/internal/jwt"
	"m2m/internal/text"
	"m2m/internal/transport"
	"m2m/internal/verify"
)

// The tenant of personal Microsoft accounts.
// Source: learn.microsoft.com/entra/identity-platform/id-token-claims-reference, tid.
const personalAccounts = "9188040d-6c67-4c5b-b112-36a304b66dad"

// tenantLine is the setting that would name the token's own tenant.
func (r tokenReport) tenantLine() string {
	if r.Token != nil && entra.IsGUID(r.Token.TenantID) {
		return "TENANT_ID=" + r.Token.TenantID
	}
	return "set TENANT_ID"
}

// scopeLine is the scope to ask for instead.
func (r tokenReport) scopeLine() string {
	resource, api := "<your API>", "your API"
	if len(r.Policy.Audiences) > 0 {
		resource = r.Policy.Audiences[0]
	}
	if entra.IsGraph(resource) {
		api = "Graph"
	}
	return "ask for a token for " + api + ": --scope " + resource + "/.default"
}

func (r tokenReport) adviseIssuer(reason verify.Reason) advice {
	switch reason {
	case verify.ErrVersion, verify.ErrIssuerMissing:
		return advice{"Entra writes iss and ver into every token; likely another issuer made it",
			"for tokens of another issuer: --issuer and --jwks"}
	case verify.ErrIssuerUnset:
		return advice{"nobody said whose tokens are believed", r.tenantLine()}
	case verify.ErrKeysUnreachable:
		return advice{"the issuer is not known before its discovery document is read", reachKeys(r.KeyErr)}
	}
	return r.adviseIssuerMismatch()
}

func (r tokenReport) adviseIssuerMismatch() advice {
	t := r.Token
	host, tenant, version := jwks.ParseIssuer(t.Issuer)
	cloud, isEntra := jwks.CloudOf(host)
	ours, known := r.cloud()
	switch {
	case host == "":
		return advice{"that is not the form of an issuer of Entra's; likely another issuer made the token",
			"for tokens of another issuer: --issuer and --jwks"}
	case tenant == jwks.TenantPlaceholder:
		return advice{"that is the template of a multi-tenant document, which no real token carries", refetch}
	case version != t.Version && t.Version != "":
		return advice{fmt.Sprintf("ver says %s, but iss has the form of %s: Entra writes no such token", t.Version, version), refetch}
	case isEntra && r.sameTenantOtherVersion(tenant, version):
		return advice{
			fmt.Sprintf("this is a v%s token, and the issuer that is expected is that of v%s tokens of the same tenant", version,
				otherVersion(version)),
			"leave out --issuer, or set requestedAccessTokenVersion in the API's registration (2 for v2.0; the client stays as it is) and " +
				"fetch a new token",
		}
	case isEntra && known && cloud.Name != ours.Name && (version == entra.V2 || cloud.STS != ours.STS):
		return advice{
			fmt.Sprintf("the token is from another cloud (%s, not %s)", cloud.Name, ours.Name),
			fmt.Sprintf("use one cloud for client and API: --cloud %s", ours.Name),
		}
	case isEntra || host == r.host():
		return r.adviseOtherTenant(tenant)
	case transport.Loopback((&url.URL{Host: host}).Hostname()):
		return advice{"the token is from an issuer on this machine; likely a local tenant, or an earlier run of one",
			"judge it with the settings of the tenant that runs now: --local"}
	}
	return advice{fmt.Sprintf("%s is not a login host of Entra's", text.Quote(host)), "for tokens of another issuer: --issuer and --jwks"}
}

// sameTenantOtherVersion: the API's registration decides the version, not the
// client, so that the issuer of the other version is an everyday surprise.
func (r tokenReport) sameTenantOtherVersion(tenant string, version entra.Version) bool {
	_, expected, expectedVersion := jwks.ParseIssuer(r.Issuer.Name)
	return expected == tenant && expectedVersion == otherVersion(version)
}

func otherVersion(v entra.Version) entra.Version {
	if v == entra.V1 {
		return entra.V2
	}
	return entra.V1
}

// adviseOtherTenant is also what a reader needs who compares iss with the
// template of /common: the template is filled with tid, and the tenants are
// listed.
func (r tokenReport) adviseOtherTenant(tenant string) advice {
	if tenant == personalAccounts {
		return advice{"the token is of a personal Microsoft account, not of an organisation", "sign in with an account of the tenant"}
	}
	return advice{
		"the token is from another tenant; an API for several tenants must list them, not compare with one",
		"ask the right tenant for a token, or, if this is the right one: " + setting("TENANT_ID", tenant),
	}
}

func (r tokenReport) adviseTenant(reason verify.Reason) advice {
	switch reason {
	case verify.ErrTenantUnset:
		return advice{"nobody said which tenant may call", r.tenantLine()}
	case verify.ErrTenantMismatch:
		return r.adviseOtherTenant(r.Token.TenantID)
	case verify.ErrTenantUnresolved:
		if r.KeyErr != nil {
			return advice{"the discovery document, which names the GUID of the domain, could not be read",
				"give the tenant by its GUID: " + r.tenantLine()}
		}
		return advice{"the domain name is not the one that the keys were asked for", "give the tenant by its GUID: " + r.tenantLine()}
	case verify.ErrTenantNotInIss:
		return advice{"tid and iss name different tenants: Entra writes no such token", refetch}
	}
	return advice{"Entra writes the tenant's GUID into every token; likely another issuer made it",
		"for tokens of another issuer: --issuer and --jwks"}
}

// host is the host of the expected issuer, as far as it is known.
func (r tokenReport) host() string {
	name := r.Issuer.Name
	if name == "" {
		name = r.Issuer.Hint
	}
	host, _, _ := jwks.ParseIssuer(name)
	return host
}

// cloud is the cloud of the expected issuer, if that is one of Entra's.
func (r tokenReport) cloud() (entra.Cloud, bool) { return jwks.CloudOf(r.host()) }

func (r tokenReport) adviseAudience(reason verify.Reason) advice {
	found := r.Token.Audience
	switch {
	case entra.IsGraph(r.Token.Audience):
		return advice{"the token is for Microsoft Graph: no scope of your API was asked for", r.scopeLine()}
	case reason == verify.ErrAudienceUnset && found != "":
		return advice{"nobody said which API this is", setting("API_AUDIENCE", found)}
	case reason == verify.ErrAudienceIncomplete:
		return advice{
			"v2.0 tokens carry the API's client ID as aud, which cannot be derived from the scope; likely this is it",
			setting("API_AUDIENCE", found),
		}
	case reason == verify.ErrAudienceMissing || reason == verify.ErrAudienceSeveral:
		return advice{"Entra writes one aud, a string, into every token; likely another issuer made it", refetch}
	case r.Token.Kind == jwt.ID:
		return advice{"an ID token is for the client that asked for it", "send the access token"}
	}
	return r.adviseAudienceMismatch(found)
}

func (r tokenReport) adviseAudienceMismatch(found string) advice {
	add := "if that is this API, add it: " + setting("API_AUDIENCE", append(slices.Clone(r.Policy.Audiences), found)...)
	expects := func(test func(string) bool) bool { return slices.ContainsFunc(r.Policy.Audiences, test) }
	bare := func(s string) string {
		return strings.TrimPrefix(strings.TrimSuffix(strings.ToLower(s), "/"), "api://")
	}
	switch {
	case expects(entra.IsGraph):
		return advice{"the token was asked for another API, and Microsoft Graph is expected", r.scopeLine()}
	case strings.Contains(found, "management.azure.com") || strings.Contains(found, "management.core.windows.net"):
		return advice{"the token is for Azure Resource Manager: no scope of your API was asked for", r.scopeLine()}
	case expects(func(a string) bool { return a != found && strings.TrimSuffix(a, "/") == strings.TrimSuffix(found, "/") }):
		return advice{"the two differ by a slash at the end: v1.0 tokens carry the App ID URI exactly as the client asked for it", add}
	case expects(func(a string) bool { return bare(a) == bare(found) && entra.IsGUID(bare(a)) }):
		return advice{"v1.0 tokens carry the App ID URI that was asked for, v2.0 tokens the API's client ID", add}
	case expects(func(a string) bool { return strings.EqualFold(a, found) }):
		return advice{"the two differ by upper and lower case, and aud is compared exactly", add}
	case r.Token.Version == entra.V1 && !entra.IsGUID(found) && expects(entra.IsGUID):
		return advice{
			"this is a v1.0 token, which carries the App ID URI that was asked for; the API expects the client ID of v2.0 tokens",
			add + "; or set requestedAccessTokenVersion to 2 in the API's registration and fetch a new token",
		}
	case entra.IsGUID(found) && !expects(entra.IsGUID):
		return advice{"v2.0 tokens carry the API's client ID as aud, not its App ID URI", add}
	case found == r.Token.ClientID && found != "":
		return advice{"the client asked for a token for itself", r.scopeLine()}
	}
	return advice{"the token was asked for another API", r.scopeLine()}
}

// setting is a line for somebody's settings that holds text of the token.
func setting(name string, values ...string) string {
	for _, value := range values {
		if !pastable(value) {
			return "set " + name
		}
	}
	return name + "=" + strings.Join(values, ",")
}

// pastable reports whether text of the token may stand in a line that a reader
// will paste into settings or a shell. A comma would be two values, and a quote,
// an ampersand or a line break worse; nothing of Entra's holds any.
func pastable(s string) bool {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_:/.~@?=%+"
	return s != "" && len(s) <= 300 && strings.Trim(s, allowed) == ""
}
