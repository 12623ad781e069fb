package entra

import (
	"slices"
	"strings"

	"m2m/internal/text"
)

// Cloud is one of Microsoft's separate Entra clouds. A registration, its
// authority, its keys and its Graph all live in one cloud.
// Source: learn.microsoft.com/entra/identity-platform/authentication-national-cloud.
type Cloud struct {
	// Name is m2m's name for it, such as usgov.
	Name string
	// Host is the login host that the cloud's documents name.
	Host string
	// Aliases are other login hosts that answer for the same cloud.
	Aliases []string
	// STS is the host in the issuer of v1.0 tokens.
	STS string
	// Graph lists the hosts of the cloud's Microsoft Graph.
	Graph []string
	// InstanceName is the cloud_instance_name of its keys; empty where keys have
	// none (China).
	InstanceName string
	// FederationAudience is the audience that a federated assertion must have.
	FederationAudience string
}

// clouds lists every cloud that m2m knows, the public one first.
var clouds = []Cloud{
	{
		Name: "public", Host: "login.microsoftonline.com",
		Aliases: []string{"login.windows.net", "login.microsoft.com", "sts.windows.net"},
		STS:     "sts.windows.net", Graph: []string{"graph.microsoft.com"},
		InstanceName: "microsoftonline.com", FederationAudience: "api://AzureADTokenExchange",
	},
	{
		Name: "usgov", Host: "login.microsoftonline.us",
		Aliases: []string{"login.usgovcloudapi.net"},
		STS:     "sts.windows.net", Graph: []string{"graph.microsoft.us", "dod-graph.microsoft.us"},
		InstanceName: "microsoftonline.us", FederationAudience: "api://AzureADTokenExchangeUSGov",
	},
	{
		Name: "china", Host: "login.partner.microsoftonline.cn",
		Aliases: []string{"login.chinacloudapi.cn"},
		STS:     "sts.chinacloudapi.cn", Graph: []string{"microsoftgraph.chinacloudapi.cn"},
		FederationAudience: "api://AzureADTokenExchangeChina",
	},
	// The clouds that MSAL carries as login.sovcloud-identity.*.
	{
		Name: "france", Host: "login.sovcloud-identity.fr", STS: "login.sovcloud-identity.fr",
		Graph: []string{"graph.svc.sovcloud.fr"}, FederationAudience: "api://AzureADTokenExchangeFrance",
	},
	{
		Name: "germany", Host: "login.sovcloud-identity.de", STS: "login.sovcloud-identity.de",
		Graph: []string{"graph.svc.sovcloud.de"}, FederationAudience: "api://AzureADTokenExchangeGermany",
	},
	{
		Name: "singapore", Host: "login.sovcloud-identity.sg", STS: "login.sovcloud-identity.sg",
		Graph: []string{"graph.svc.sovcloud.sg"}, FederationAudience: "api://AzureADTokenExchangeGovSG",
	},
}

// Clouds returns every cloud that m2m knows, the public one first.
// The caller may change the list.
func Clouds() []Cloud {
	list := slices.Clone(clouds)
	for i := range list {
		list[i] = list[i].clone()
	}
	return list
}

func (c Cloud) clone() Cloud {
	c.Aliases, c.Graph = slices.Clone(c.Aliases), slices.Clone(c.Graph)
	return c
}

// CloudByName finds the cloud of that name.
func CloudByName(name string) (Cloud, bool) {
	return findCloud(func(c Cloud) bool { return c.Name == name })
}

// CloudByHost finds the cloud that a login host (without scheme or port)
// belongs to.
func CloudByHost(host string) (Cloud, bool) {
	return findCloud(func(c Cloud) bool { return c.Host == host || slices.Contains(c.Aliases, host) })
}

// CloudBySTS finds the first cloud whose v1.0 tokens name host as issuer. The
// public and the US government cloud share sts.windows.net.
func CloudBySTS(host string) (Cloud, bool) {
	return findCloud(func(c Cloud) bool { return c.STS == host })
}

func findCloud(match func(Cloud) bool) (Cloud, bool) {
	i := slices.IndexFunc(clouds, match)
	if i < 0 {
		return Cloud{}, false
	}
	return clouds[i].clone(), true
}

// graphID is the application ID of Microsoft Graph in every cloud.
const graphID = "00000003-0000-0000-c000-000000000000"

// exchangeID is the application ID of AzureADTokenExchange in every tenant.
const exchangeID = "fb60f99c-7a34-4190-8149-302f77469936"

// IsExchange reports whether an audience is the resource of a token exchange, of any
// cloud: a token for it is a credential of its client.
func IsExchange(audience string) bool {
	return strings.EqualFold(audience, exchangeID) ||
		slices.ContainsFunc(clouds, func(c Cloud) bool { return audience == c.FederationAudience })
}

// IsGraph reports whether a resource or an audience is Microsoft Graph of any
// cloud: its application ID, or its address with or without a slash at the end.
func IsGraph(resource string) bool {
	return slices.ContainsFunc(clouds, func(c Cloud) bool { return c.IsGraph(resource) })
}

// IsGraph does what the function of this name does, for one cloud.
func (c Cloud) IsGraph(resource string) bool {
	if len(resource) == len(graphID) && strings.EqualFold(resource, graphID) {
		return true
	}
	const scheme = "https://"
	return len(resource) > len(scheme) && strings.EqualFold(resource[:len(scheme)], scheme) &&
		slices.Contains(c.Graph, text.LowerASCII(strings.TrimSuffix(resource[len(scheme):], "/")))
}

// IsGraphHost reports whether a host, without a port, is Microsoft Graph's in any
// cloud.
func IsGraphHost(host string) bool {
	host = text.LowerASCII(host)
	return slices.ContainsFunc(clouds, func(c Cloud) bool { return slices.Contains(c.Graph, host) })
}
