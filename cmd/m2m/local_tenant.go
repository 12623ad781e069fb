package main

import (
	"cmp"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"m2m/internal/entra"
	"m2m/internal/issuer"
)

// loopbackHosts are added to NO_PROXY: a proxy of the caller's cannot reach
// what runs on this machine.
const loopbackHosts = "127.0.0.1,localhost,::1"

// localEnvironment lists the settings with which a client may call an API of its
// tenant, by the names they have in the environment. What there is none of, such
// as the secret of a client that has only certificates, is left out.
func localEnvironment(origin string, tenant issuer.Tenant, client issuer.Client, api issuer.API, apiURL string) localSettings {
	s := localSettings{
		"TENANT_ID":            tenant.ID,
		"AZURE_TENANT_ID":      tenant.ID,
		"CLIENT_ID":            client.ID,
		"AZURE_CLIENT_ID":      client.ID,
		"AZURE_AUTHORITY_HOST": origin,
		"API_SCOPE":            slices.Concat(api.URIs, []string{api.ID})[0] + "/.default",
		"API_AUDIENCE":         strings.Join(audiencesOf(api), ","),
		"API_URL":              apiURL,
	}
	if len(client.Secrets) > 0 {
		s["CLIENT_SECRET"] = lastingSecret(client).Reveal()
		s["AZURE_CLIENT_SECRET"] = s["CLIENT_SECRET"]
	}
	if len(api.Roles) > 0 {
		s["REQUIRED_ROLES"] = strings.Join(api.Roles, ",")
	}
	return s
}

// audiencesOf are those of an API's tokens: of version 2.0 its ID, of version
// 1.0 whichever of its names the token was asked for, as it was spelt.
func audiencesOf(api issuer.API) []string {
	if api.TokenVersion == entra.V2 {
		return []string{api.ID}
	}
	var audiences []string
	for _, uri := range api.URIs {
		bare := strings.TrimSuffix(uri, "/")
		audiences = append(audiences, bare, bare+"/")
	}
	return append(audiences, api.ID)
}

// lastingSecret is the secret that ends last: one that never does, if there is
// one.
func lastingSecret(client issuer.Client) entra.Secret {
	end := func(s issuer.ClientSecret) time.Time {
		if s.Expires.IsZero() {
			return time.Unix(1<<40, 0)
		}
		return s.Expires
	}
	return slices.MaxFunc(client.Secrets, func(a, b issuer.ClientSecret) int { return end(a).Compare(end(b)) }).Value
}

// withPlaces adds the files and folders that belong to a running tenant.
func (s localSettings) withPlaces(caFile, cacheDir string) localSettings {
	s["M2M_CA_FILE"] = caFile
	s["M2M_CACHE_DIR"] = cacheDir
	return s
}

// originOf is the scheme, host and port of an API that listens.
func originOf(listener net.Listener, tls bool) string {
	scheme := "http"
	if tls {
		scheme = "https"
	}
	return (&url.URL{Scheme: scheme, Host: listener.Addr().String()}).String()
}

// withoutProxy returns the value of NO_PROXY with loopback in it.
func withoutProxy(lookup func(string) (string, bool)) string {
	upper, _ := lookup("NO_PROXY")
	lower, _ := lookup("no_proxy")
	if set := cmp.Or(upper, lower); set != "" {
		return set + "," + loopbackHosts
	}
	return loopbackHosts
}
