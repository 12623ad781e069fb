package issuer

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/tenant/refusal"
	"m2m/internal/text"
)

// instanceDiscovery is the answer to MSAL's question whether an authority's
// host is Entra's, and by which other names it goes.
type instanceDiscovery struct {
	TenantDiscoveryEndpoint string                `json:"tenant_discovery_endpoint"`
	APIVersion              string                `json:"api-version"`
	Metadata                []entra.InstanceAlias `json:"metadata"`
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
		Metadata:                entra.InstanceAliases(),
	})
}

func (i *Issuer) knowsHost(endpoint *url.URL) bool {
	host := text.LowerASCII(endpoint.Host)
	if endpoint.Scheme == "https" && "https://"+host == i.origin {
		return true
	}
	return slices.ContainsFunc(entra.InstanceAliases(), func(a entra.InstanceAlias) bool { return slices.Contains(a.Aliases, host) })
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
