package issuer

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"m2m/internal/tenant/refusal"
	"m2m/internal/text"
)

// instanceDiscovery is the answer to MSAL's question whether an authority's
// host is Entra's, and by which other names it goes.
type instanceDiscovery struct {
	TenantDiscoveryEndpoint string          `json:"tenant_discovery_endpoint"`
	APIVersion              string          `json:"api-version"`
	Metadata                []instanceAlias `json:"metadata"`
}

type instanceAlias struct {
	PreferredNetwork string   `json:"preferred_network"`
	PreferredCache   string   `json:"preferred_cache"`
	Aliases          []string `json:"aliases"`
}

// instanceAliases is Entra's own list, closed clouds included.
func instanceAliases() []instanceAlias {
	alone := func(host string) instanceAlias { return instanceAlias{host, host, []string{host}} }
	return []instanceAlias{
		{"login.microsoftonline.com", "login.windows.net", []string{"login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"}},
		{"login.partner.microsoftonline.cn", "login.partner.microsoftonline.cn", []string{"login.partner.microsoftonline.cn", "login.chinacloudapi.cn"}},
		alone("login.microsoftonline.de"),
		{"login.microsoftonline.us", "login.microsoftonline.us", []string{"login.microsoftonline.us", "login.usgovcloudapi.net"}},
		alone("login-us.microsoftonline.com"),
	}
}

// serveInstance answers instance discovery: the hosts of Entra's own list are
// known, and the tenant's own.
func (i *Issuer) serveInstance(w http.ResponseWriter, r *http.Request) {
	x := newExchange(r, i.now())
	x.documentHeaders(w.Header())
	query := r.URL.Query()
	endpoint, err := url.Parse(query.Get("authorization_endpoint"))
	if err != nil || !i.knowsHost(endpoint) {
		x.writeRefusal(w, refusal.UnknownInstance.With(query.Get("authorization_endpoint")))
		return
	}
	version := query.Get("api-version")
	if version == "" {
		version = "1.0"
	}
	writeJSON(w, http.StatusOK, instanceDiscovery{
		TenantDiscoveryEndpoint: tenantDiscovery(endpoint),
		APIVersion:              refusal.Bound(version),
		Metadata:                instanceAliases(),
	})
}

func (i *Issuer) knowsHost(endpoint *url.URL) bool {
	host := text.LowerASCII(endpoint.Host)
	if endpoint.Scheme == "https" && "https://"+host == i.origin {
		return true
	}
	return slices.ContainsFunc(instanceAliases(), func(a instanceAlias) bool { return slices.Contains(a.Aliases, host) })
}

// tenantDiscovery is the discovery document that goes with an authorization
// endpoint: of the same host, tenant and version.
func tenantDiscovery(authorize *url.URL) string {
	tenant, rest, _ := strings.Cut(strings.TrimPrefix(authorize.Path, "/"), "/")
	version := ""
	if strings.HasPrefix(rest, "oauth2/v2.0/") {
		version = "/v2.0"
	}
	u := url.URL{Scheme: "https", Host: authorize.Host, Path: "/" + tenant + version + "/.well-known/openid-configuration"}
	return u.String()
}
