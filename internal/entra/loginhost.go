package entra

import (
	"slices"
	"strings"

	"m2m/internal/text"
)

// InstanceAlias is one cloud as Entra's instance discovery lists it: the names
// under which its login host is known. MSAL asks for the list before it sends a
// secret to a host that it does not know.
type InstanceAlias struct {
	PreferredNetwork string   `json:"preferred_network"`
	PreferredCache   string   `json:"preferred_cache"`
	Aliases          []string `json:"aliases"`
}

// instanceAliases is Entra's own list, clouds that are closed included.
var instanceAliases = []InstanceAlias{
	{"login.microsoftonline.com", "login.windows.net",
		[]string{"login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"}},
	{"login.partner.microsoftonline.cn", "login.partner.microsoftonline.cn",
		[]string{"login.partner.microsoftonline.cn", "login.chinacloudapi.cn"}},
	{"login.microsoftonline.de", "login.microsoftonline.de", []string{"login.microsoftonline.de"}},
	{"login.microsoftonline.us", "login.microsoftonline.us", []string{"login.microsoftonline.us", "login.usgovcloudapi.net"}},
	{"login-us.microsoftonline.com", "login-us.microsoftonline.com", []string{"login-us.microsoftonline.com"}},
}

// InstanceAliases returns the list that Entra's instance discovery answers with.
func InstanceAliases() []InstanceAlias { return slices.Clone(instanceAliases) }

// LoginHosts returns the login hosts of every cloud: those of its documents, and
// those that only instance discovery lists, which MSAL takes for Entra's too.
func LoginHosts() []string {
	var hosts []string
	for _, c := range clouds {
		hosts = append(hosts, c.Host)
		hosts = append(hosts, c.Aliases...)
	}
	for _, listed := range instanceAliases {
		for _, host := range listed.Aliases {
			if !slices.Contains(hosts, host) {
				hosts = append(hosts, host)
			}
		}
	}
	return hosts
}

// RegionalHosts returns the hosts below which each Azure region has a login host
// of its own: MSAL asks westeurope.login.microsoft.com where an app names a
// region.
func RegionalHosts() []string {
	hosts := []string{"login.microsoft.com"} // in the public cloud an alias, not its host
	for _, c := range clouds[1:] {
		hosts = append(hosts, c.Host)
	}
	return hosts
}

// externalID is the domain of External ID's login hosts.
const externalID = ".ciamlogin.com"

// IsExternalIDHost reports whether a host, without a port, is one of External ID: each
// tenant has some, by its name and by its GUID.
func IsExternalIDHost(host string) bool {
	return len(host) > len(externalID) && strings.HasSuffix(text.LowerASCII(host), externalID)
}

// ExternalIDHost is the host in the issuer of a tenant of External ID, whatever the host
// that was asked. The tenant is a GUID, or what stands for one.
// Source: github.com/MicrosoftDocs/entra-docs/issues/408.
func ExternalIDHost(tenant string) string { return tenant + externalID }

// IsLoginHost reports whether a host, without a port, is one of LoginHosts or a
// region's below RegionalHosts, in any case.
func IsLoginHost(host string) bool {
	host = text.LowerASCII(host)
	if slices.Contains(LoginHosts(), host) {
		return true
	}
	region, parent, _ := strings.Cut(host, ".")
	return region != "" && slices.Contains(RegionalHosts(), parent)
}
