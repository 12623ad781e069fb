package explain

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/explain/catalogue"
	"m2m/internal/issuer"
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
	switch t := r.Token; {
	case r.Situation.inAnswer:
		return "the API must name the tenants that it accepts"
	case t != nil && r.family.ID == issuer.ExternalID:
		return r.externalID()
	case t != nil && entra.IsGUID(t.TenantID):
		return "TENANT_ID=" + t.TenantID
	}
	return "set TENANT_ID"
}

// externalID says how a token of External ID is validated.
func (r tokenReport) externalID() string {
	t := r.Token
	if !entra.IsGUID(t.TenantID) || r.Situation.inAnswer {
		return "the API must accept the issuer https://TENANT-ID.ciamlogin.com/TENANT-ID/v2.0"
	}
	tid := strings.ToLower(t.TenantID)
	return r.verifyWith("--tenant " + tid + " --authority-host https://" + tid + ".ciamlogin.com")
}

// scopeLine is the scope to ask for instead.
func (r tokenReport) scopeLine() string {
	resource, api := "YOUR-API", "your API"
	if len(r.Policy.Audiences) > 0 {
		resource = r.Policy.Audiences[0]
	}
	if entra.IsGraph(resource) {
		api = "Graph"
	}
	if r.Situation.inAnswer {
		return "ask for a token for " + api + ": scope " + resource + "/.default"
	}
	return "ask for a token for " + api + ": --scope " + resource + "/.default"
}

func (r tokenReport) adviseIssuer(reason verify.Reason) advice {
	t := r.Token
	switch reason {
	case verify.ErrIssuerMissing:
		return advice{"the token names no issuer; Entra's always do", r.refetch()}
	case verify.ErrVersion:
		return advice{"Entra writes ver 1.0 or 2.0 into every token; likely another issuer made it", r.refetch()}
	case verify.ErrIssuerUnset:
		return advice{"no tenant is configured", r.tenantLine()}
	case verify.ErrKeysUnreachable:
		return advice{"the issuer is not known before its discovery document is read", r.either(reachKeys(r.KeyErr), "try again later")}
	}
	if difference := onlyDifference(t.Issuer, r.expectedIssuer()); difference != "" {
		return advice{"the issuer differs from the expected one only by " + difference, r.exactIssuer()}
	}
	return r.adviseIssuerMismatch()
}

// expectedIssuer is the issuer that the token was compared with, as far as it is known.
func (r tokenReport) expectedIssuer() string {
	return cmp.Or(r.Policy.PlainIssuer, r.Issuer.Name, r.Issuer.Hint)
}

// exactIssuer says how the token's own issuer is named.
func (r tokenReport) exactIssuer() string {
	if r.Policy.PlainIssuer != "" && pastable(r.Token.Issuer) {
		return r.either("if that is your issuer, name it as the token does: --issuer "+r.Token.Issuer, "the API must name the issuer exactly")
	}
	return r.refetch()
}

// onlyDifference says by what alone two issuers differ, if that is a detail.
func onlyDifference(found, expected string) string {
	a, errA := url.Parse(found)
	b, errB := url.Parse(expected)
	if errA != nil || errB != nil || found == expected || a.Host == "" || b.Host == "" {
		return ""
	}
	differences := map[string]bool{
		"the scheme, " + a.Scheme + " instead of " + b.Scheme: a.Scheme != b.Scheme,
		"the port":             a.Hostname() == b.Hostname() && a.Port() != b.Port(),
		"the host":             !strings.EqualFold(a.Hostname(), b.Hostname()),
		"a slash at its end":   a.Path != b.Path && strings.TrimSuffix(a.Path, "/") == strings.TrimSuffix(b.Path, "/"),
		"the path":             strings.TrimSuffix(a.Path, "/") != strings.TrimSuffix(b.Path, "/") && !strings.EqualFold(a.Path, b.Path),
		"upper and lower case": strings.EqualFold(a.Hostname()+a.Path, b.Hostname()+b.Path) && a.Hostname()+a.Path != b.Hostname()+b.Path,
	}
	only := ""
	for what, differs := range differences {
		switch {
		case differs && only != "":
			return ""
		case differs:
			only = what
		}
	}
	if only == "the host" || only == "the path" {
		return "" // which is another issuer
	}
	return only
}

func (r tokenReport) adviseIssuerMismatch() advice {
	t := r.Token
	host, tenant, version := jwks.ParseIssuer(t.Issuer)
	cloud, isEntra := jwks.CloudOf(host)
	ours, known := r.cloud()
	switch {
	case r.family.ID == issuer.ExternalID:
		return advice{"this is a token of Microsoft Entra External ID, whose issuer is not Entra's login host", r.externalID()}
	case host == "":
		return advice{"that is not the form of an Entra issuer; likely another issuer made the token", r.otherIssuer()}
	case tenant == jwks.TenantPlaceholder:
		return advice{"that is the template of a multi-tenant document, which no real token carries", r.refetch()}
	case version != t.Version && t.Version != "":
		return advice{fmt.Sprintf("ver says %s, but iss has the form of %s: Entra writes no such token", t.Version, version), r.refetch()}
	case isEntra && r.sameTenantOtherVersion(tenant, version):
		return advice{
			fmt.Sprintf("this is a v%s token, and the expected issuer is that of v%s tokens of the same tenant", version, otherVersion(version)),
			clauses(r.onCommandLine("leave out --issuer"),
				"or set requestedAccessTokenVersion in the API's registration (2 for v2.0) and fetch a new token"),
		}
	case isEntra && known && cloud.Name != ours.Name && (version == entra.V2 || cloud.STS != ours.STS):
		return advice{
			fmt.Sprintf("the token is from another cloud (%s, not %s)", cloud.Name, ours.Name),
			r.either("if the API is in that cloud: --cloud "+cloud.Name+"; else fetch a token with --cloud "+ours.Name,
				"use one cloud for client and API"),
		}
	case isEntra || host == r.host():
		return r.adviseOtherTenant(tenant)
	case transport.Loopback((&url.URL{Host: host}).Hostname()):
		return advice{"the token is from an issuer on this machine; likely a local tenant, or an earlier run of one",
			r.onCommandLine("validate it with the settings of the tenant that runs now: --local")}
	}
	return advice{fmt.Sprintf("%s is not a login host of Entra", text.Quote(host)), r.otherIssuer()}
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

// adviseOtherTenant is about a token of Entra's from a tenant that is not accepted.
func (r tokenReport) adviseOtherTenant(tenant string) advice {
	if tenant == personalAccounts {
		return advice{"the token is of a personal Microsoft account, not of an organisation", "sign in with an account of the tenant"}
	}
	return advice{
		"the token is from another tenant",
		r.either("ask the right tenant for a token, or, if this is the right one: "+setting("TENANT_ID", tenant),
			"ask the tenant of the API for a token"),
	}
}

func (r tokenReport) adviseTenant(reason verify.Reason) advice {
	switch reason {
	case verify.ErrTenantUnset:
		return advice{"no tenant is configured", r.tenantLine()}
	case verify.ErrTenantMismatch:
		return r.adviseOtherTenant(r.Token.TenantID)
	case verify.ErrTenantUnresolved:
		if r.KeyErr != nil {
			return advice{"the discovery document, which names the GUID of the domain, could not be read",
				"give the tenant by its GUID: " + r.tenantLine()}
		}
		return advice{"the domain name is not the one that the keys were asked for", "give the tenant by its GUID: " + r.tenantLine()}
	case verify.ErrTenantNotInIss:
		return advice{"tid and iss name different tenants: Entra writes no such token", r.refetch()}
	}
	return advice{"Entra writes the tenant's GUID into every token; likely another issuer made it", r.refetch()}
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

// cloud is the cloud of the expected issuer, if that is one of Entra.
func (r tokenReport) cloud() (entra.Cloud, bool) { return jwks.CloudOf(r.host()) }

func (r tokenReport) adviseAudience(reason verify.Reason) advice {
	found := r.Token.Audience
	switch {
	case reason == verify.ErrAudienceExchange:
		return advice{"this token is a credential for a token exchange, not an access token for an API", r.exchange()}
	case entra.IsGraph(r.Token.Audience):
		return advice{"the token is for Microsoft Graph: no scope of your API was asked for", r.scopeLine()}
	case reason == verify.ErrAudienceUnset && len(r.Token.Audiences()) > 0:
		return advice{"no audience is configured, so it is not known which API this is",
			r.either("if the token is for your API: "+setting("API_AUDIENCE", found), "the API must name its audience")}
	case reason == verify.ErrAudienceIncomplete:
		return advice{
			"v2.0 tokens carry the API's client ID as aud, which cannot be derived from the scope; likely this is it",
			r.either(setting("API_AUDIENCE", found), "the API must name its client ID as audience"),
		}
	case reason == verify.ErrAudienceMissing:
		return advice{"the token names no API; Entra's always do", r.refetch()}
	case reason == verify.ErrAudienceSeveral:
		return advice{"aud is a list; Entra writes one string; likely another issuer made the token", r.refetch()}
	case r.Token.Kind == jwt.ID:
		return advice{"an ID token is for the client that asked for it", "send the access token"}
	}
	return r.adviseAudienceMismatch(found)
}

func (r tokenReport) adviseAudienceMismatch(found string) advice {
	add := r.either("if that is this API, add it: "+setting("API_AUDIENCE", append(slices.Clone(r.Policy.Audiences), found)...),
		"if that is this API, it must accept this audience too")
	expects := func(test func(string) bool) bool { return slices.ContainsFunc(r.Policy.Audiences, test) }
	bare := func(s string) string {
		return strings.TrimPrefix(strings.TrimSuffix(strings.ToLower(s), "/"), "api://")
	}
	service, _ := catalogue.ServiceByAudience(found)
	switch {
	case expects(entra.IsGraph):
		return advice{"the token was asked for another API, and Microsoft Graph is expected", r.scopeLine()}
	case service.Name != "":
		return advice{"the token is for " + service.Name + ": no scope of your API was asked for", r.scopeLine()}
	case expects(func(a string) bool { return a != found && strings.TrimSuffix(a, "/") == strings.TrimSuffix(found, "/") }):
		return advice{"the two differ by a slash at the end: v1.0 tokens carry the App ID URI exactly as the client asked for it", add}
	case expects(func(a string) bool { return bare(a) == bare(found) && entra.IsGUID(bare(a)) }):
		return advice{"the two are forms of one API's name: tokens carry the client ID (v2.0) or the App ID URI that was asked for (v1.0)", add}
	case expects(func(a string) bool { return strings.EqualFold(a, found) }):
		return advice{"the two differ by upper and lower case, and aud is compared exactly", add}
	case r.Token.Version == entra.V1 && !entra.IsGUID(found) && expects(entra.IsGUID):
		return advice{
			"this is a v1.0 token, which carries the App ID URI that was asked for; the API expects a client ID, as v2.0 tokens carry",
			clauses(add, "or set requestedAccessTokenVersion to 2 in the API's registration and fetch a new token"),
		}
	case r.Token.Version == entra.V1 && entra.IsGUID(found) && !expects(entra.IsGUID):
		return advice{"the client asked by the API's client ID, and v1.0 tokens carry the name that was asked for", add}
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
