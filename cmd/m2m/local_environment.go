package main

import (
	"bytes"
	"cmp"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"m2m/internal/entra"
	"m2m/internal/issuer"
	"m2m/internal/settings"
)

// The variables by which a command knows the tenant that m2m started for it. They
// are not settings: no .env can name them.
const (
	// localTenantVariable marks the environment of such a command: that
	// environment is the whole of its settings, so .env is not read and --local
	// adds nothing. Its value is the tenant's origin.
	localTenantVariable = "M2M_LOCAL_TENANT"
	controlURLVariable  = "M2M_CONTROL_URL"
	controlKeyVariable  = "M2M_CONTROL_KEY"
)

// loopbackHosts are added to NO_PROXY: a proxy of the caller's cannot reach
// what runs on this machine.
const loopbackHosts = "127.0.0.1,localhost,::1"

// caVariables are the names by which common runtimes take a bundle of roots.
var caVariables = []string{"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"}

// systemRootFiles are where systems keep their trusted roots as one PEM file,
// in the order in which crypto/x509 looks for them.
var systemRootFiles = []string{
	"/etc/ssl/certs/ca-certificates.crt",                // Debian, Ubuntu, Gentoo, Arch
	"/etc/pki/tls/certs/ca-bundle.crt",                  // Fedora, RHEL 6
	"/etc/ssl/ca-bundle.pem",                            // OpenSUSE
	"/etc/pki/tls/cacert.pem",                           // OpenELEC
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // CentOS, RHEL 7
	"/etc/ssl/cert.pem",                                 // Alpine, macOS, FreeBSD
}

// localEnvironment lists the settings with which a client may call an API of its
// tenant, by the names they have in the environment. What the client does not
// have, such as a secret next to its certificates, is left out.
func localEnvironment(origin string, tenant issuer.Tenant, client issuer.Client, api issuer.API, apiURL string) map[string]string {
	s := map[string]string{
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
// 1.0 whichever of its names the token was requested for, as it was spelt.
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

// lastingSecret is the secret that expires last: one that never does, if there
// is one.
func lastingSecret(client issuer.Client) entra.Secret {
	end := func(s issuer.ClientSecret) time.Time {
		if s.Expires.IsZero() {
			return time.Unix(1<<40, 0)
		}
		return s.Expires
	}
	return slices.MaxFunc(client.Secrets, func(a, b issuer.ClientSecret) int { return end(a).Compare(end(b)) }).Value
}

// addPlaces adds the files and folders that belong to a running tenant.
func addPlaces(settings map[string]string, caFile, cacheDir string) {
	settings["M2M_CA_FILE"] = caFile
	settings["M2M_CACHE_DIR"] = cacheDir
}

// interceptVariables make programs use the tenant's proxy and trust what answers
// behind it; none without interception.
func (s *localServer) interceptVariables(lookup func(string) (string, bool), roots string) map[string]string {
	if s.issuer.ProxyURL().IsZero() {
		return nil
	}
	proxy := s.issuer.ProxyURL().Reveal()
	exceptions := withoutLoginHosts(withoutProxy(lookup))
	variables := map[string]string{
		settings.ProxyVariable: proxy,
		"https_proxy":          proxy, // where both are set, some programs read only this one
		"NO_PROXY":             exceptions,
		"no_proxy":             exceptions,
		// Node.js reads the variables above only with this one, from 22.21 and 24.5 on:
		// https://nodejs.org/api/cli.html#node_use_env_proxy1
		"NODE_USE_ENV_PROXY": "1",
	}
	for _, name := range caVariables {
		variables[name] = roots
	}
	return variables
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

// withoutLoginHosts removes the members of a NO_PROXY list that would lead a
// program past the tenant's proxy, to Microsoft itself. Programs read such lists
// in different ways; the widest counts.
func withoutLoginHosts(list string) string {
	members := slices.DeleteFunc(strings.Split(list, ","), func(member string) bool {
		name := strings.ToLower(strings.TrimLeft(strings.TrimSpace(member), "*."))
		if host, _, err := net.SplitHostPort(name); err == nil {
			name = host
		}
		return name == "" || entra.IsLoginHost(name) ||
			slices.ContainsFunc(entra.LoginHosts(), func(host string) bool { return strings.HasSuffix(host, "."+name) })
	})
	return strings.Join(members, ",")
}

// rootsWith returns a PEM bundle of the roots this process trusts and ca. The
// variables that name a bundle replace a program's own roots, so with ca alone
// it could reach nothing else.
func rootsWith(ca []byte, lookup func(string) (string, bool)) []byte {
	files := systemRootFiles
	if named, _ := lookup("SSL_CERT_FILE"); named != "" {
		files = []string{named}
	}
	for _, file := range files {
		if roots, err := os.ReadFile(file); err == nil {
			return append(append(bytes.TrimRight(roots, "\n"), '\n'), ca...)
		}
	}
	return ca
}
