package main

import (
	"cmp"
	"net"
	"net/url"
	"strings"

	"m2m/internal/issuer"
)

// loopbackHosts are added to NO_PROXY: a proxy of the caller's cannot reach
// what runs on this machine.
const loopbackHosts = "127.0.0.1,localhost,::1"

// localEnvironment lists the settings with which client may call the API of a
// tenant, by the names they have in the environment.
func localEnvironment(origin string, tenant issuer.Tenant, client issuer.Client, apiURL string) localSettings {
	api := tenant.APIs[0]
	secret := client.Secrets[0].Value.Reveal()
	return localSettings{
		"TENANT_ID":            tenant.ID,
		"AZURE_TENANT_ID":      tenant.ID,
		"CLIENT_ID":            client.ID,
		"AZURE_CLIENT_ID":      client.ID,
		"CLIENT_SECRET":        secret,
		"AZURE_CLIENT_SECRET":  secret,
		"AZURE_AUTHORITY_HOST": origin,
		"API_SCOPE":            api.URIs[0] + "/.default",
		"API_AUDIENCE":         api.ID,
		"API_URL":              apiURL,
		"REQUIRED_ROLES":       strings.Join(api.Roles, ","),
	}
}

// withPlaces adds the files and folders that belong to a running tenant.
func (s localSettings) withPlaces(caFile, cacheDir string) localSettings {
	s["M2M_CA_FILE"] = caFile
	s["M2M_CACHE_DIR"] = cacheDir
	return s
}

// httpURL is the address of an API that listens.
func httpURL(listener net.Listener) string {
	return (&url.URL{Scheme: "http", Host: listener.Addr().String()}).String()
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
