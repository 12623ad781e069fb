package local

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"m2m/internal/entra"
	"m2m/internal/settings"
	"m2m/internal/tenant/directory"
)

// CommandEnvironment fills a temporary folder with what a command next to the tenant
// needs and returns the command's environment: environ without any setting of m2m,
// and with all of the local tenant's, for the managed identity that was chosen or for
// the first client. Without an API it keeps what environ says of one. variables are the
// settings of the first client; executable returns the path of m2m.
func (s *Server) CommandEnvironment(state *State, environ []string, executable func() (string, error)) (result []string,
	variables map[string]string, err error) {
	lookup := func(name string) (string, bool) { return settings.LookupVariable(environ, name) }
	if err := state.write(rootsFile, rootsWith(s.Issuer.CAPEM(), lookup)); err != nil {
		return nil, nil, err
	}
	self, err := executable()
	if err != nil {
		return nil, nil, err
	}
	bin, err := state.putProgram(self)
	if err != nil {
		return nil, nil, err
	}
	roots := state.Path(rootsFile)
	home := s.Tenants.Tenants[0]
	variables = s.Environment(home, home.Clients[0])
	addPlaces(variables, roots, state.Path(cacheFolder))

	path, _ := lookup("PATH")
	add := map[string]string{
		"PATH":             bin + string(filepath.ListSeparator) + path,
		"NO_PROXY":         withoutProxy(lookup),
		TenantVariable:     s.Issuer.Origin(),
		ControlURLVariable: s.Issuer.ControlURL(),
		ControlKeyVariable: s.controlKey.Reveal(),
	}
	if _, set := lookup("no_proxy"); set {
		add["no_proxy"] = add["NO_PROXY"]
	}
	for _, name := range caVariables {
		add[name] = roots
	}
	maps.Copy(variables, s.interceptVariables(lookup, roots))
	maps.Copy(add, variables)
	if s.identity != nil {
		for _, name := range []string{"CLIENT_ID", "AZURE_CLIENT_ID", "CLIENT_SECRET", "AZURE_CLIENT_SECRET"} {
			delete(add, name)
		}
		maps.Copy(add, s.identityVariables(*s.identity))
	}
	remove := append(settings.Variables(), identityNames...)
	if s.APIURL == "" {
		remove = slices.DeleteFunc(remove, func(name string) bool { return slices.Contains(apiNames, name) })
	}
	return settings.WithVariables(settings.WithoutVariables(environ, remove), add), variables, nil
}

// apiNames are the variables of an API, which stay the user's where the tenant has none.
var apiNames = []string{"API_URL", "REQUIRED_ROLES", "REQUIRED_SCOPES"}

// identityNames are the variables by which programs find the managed identity of
// their machine: a COMMAND gets those of the tenant or none.
var identityNames = []string{
	identityEndpoint, identityHeader, "IDENTITY_SERVER_THUMBPRINT", "IMDS_ENDPOINT", "MSI_ENDPOINT", "MSI_SECRET",
	"DEFAULT_IDENTITY_CLIENT_ID", imdsVariable, "MSAL_MANAGED_IDENTITY_ENDPOINT",
}

const (
	identityEndpoint = settings.IdentityEndpoint
	identityHeader   = settings.IdentityHeader
	imdsVariable     = "AZURE_POD_IDENTITY_AUTHORITY_HOST" // heeded by msal-node and MSAL.NET
)

// identityVariables are those by which a program finds a managed identity: App
// Service's, or with IMDS the address of that. AZURE_CLIENT_ID also selects a
// user-assigned identity, so that the machine's own has none.
func (s *Server) identityVariables(c directory.Client) map[string]string {
	variables := map[string]string{}
	if imds := s.Issuer.IMDS(); imds != "" {
		variables[imdsVariable] = imds
	} else {
		address, header := s.Issuer.IdentityEndpoint()
		variables[identityEndpoint], variables[identityHeader] = address, header.Reveal()
	}
	if c.Kind == directory.UserIdentity {
		variables["AZURE_CLIENT_ID"] = c.ID
	}
	return variables
}

// copyFile copies a program.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o700)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// The variables by which a command knows the tenant that m2m started for it. They
// are not settings: no .env can name them.
const (
	// TenantVariable marks the environment of such a command as the whole of its
	// settings: .env is not read and --local adds nothing. Its value is the
	// tenant's origin.
	TenantVariable     = "M2M_LOCAL_TENANT"
	ControlURLVariable = "M2M_CONTROL_URL"
	ControlKeyVariable = "M2M_CONTROL_KEY"
)

// loopbackHosts are added to NO_PROXY: a proxy on another machine cannot reach what
// runs on this one.
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

// Environment lists the settings with which a client of the tenant may call an API
// of its tenant, by the names they have in the environment. What the client does
// not have, such as a secret next to its certificates, is left out.
func (s *Server) Environment(tenant directory.Tenant, client directory.Client) map[string]string {
	api := tenant.APIOf(client, slices.Concat(tenant.APIs, s.Tenants.Tenants[0].APIs)[0])
	variables := map[string]string{
		"TENANT_ID":            tenant.ID,
		"AZURE_TENANT_ID":      tenant.ID,
		"CLIENT_ID":            client.ID,
		"AZURE_CLIENT_ID":      client.ID,
		"AZURE_AUTHORITY_HOST": s.Issuer.Origin(),
		"API_SCOPE":            slices.Concat(api.URIs, []string{api.ID})[0] + "/.default",
		"API_AUDIENCE":         strings.Join(audiencesOf(api), ","),
		// For programs that validate tokens: as the API's registration has them.
		"M2M_ISSUER":         s.Issuer.IssuerOf(api.Version(), tenant.ID),
		"M2M_JWKS_URI":       s.Issuer.KeysOf(api.Version(), tenant.ID),
		"M2M_TOKEN_ENDPOINT": s.Issuer.Authority(tenant.ID).TokenEndpoint(entra.V2),
	}
	if s.APIURL != "" {
		variables["API_URL"] = s.APIURL
	}
	if len(client.Secrets) > 0 {
		variables["CLIENT_SECRET"] = lastingSecret(client).Reveal()
		variables["AZURE_CLIENT_SECRET"] = variables["CLIENT_SECRET"]
	}
	if len(api.Roles) > 0 && s.APIURL != "" {
		variables["REQUIRED_ROLES"] = strings.Join(api.Roles, ",")
	}
	return variables
}

// audiencesOf are those of an API's tokens: of version 2.0 its ID, of version
// 1.0 whichever of its names the token was requested for, as it was spelt.
func audiencesOf(api directory.API) []string {
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
func lastingSecret(client directory.Client) entra.Secret {
	end := func(s directory.ClientSecret) time.Time {
		if s.Expires.IsZero() {
			return time.Unix(1<<40, 0)
		}
		return s.Expires
	}
	return slices.MaxFunc(client.Secrets, func(a, b directory.ClientSecret) int { return end(a).Compare(end(b)) }).Value
}

// addPlaces adds the files and folders that belong to a running tenant.
func addPlaces(variables map[string]string, caFile, cacheDir string) {
	variables["M2M_CA_FILE"] = caFile
	variables["M2M_CACHE_DIR"] = cacheDir
}

// interceptVariables make programs use the tenant's proxy and trust what answers
// behind it; none without interception.
func (s *Server) interceptVariables(lookup func(string) (string, bool), roots string) map[string]string {
	if s.Issuer.ProxyURL().IsZero() {
		return nil
	}
	proxy := s.Issuer.ProxyURL().Reveal()
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
