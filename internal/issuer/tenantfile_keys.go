package issuer

import (
	"m2m/internal/tenant/directory"
)

// The keys of a tenant file, one table for each kind of mapping in it. The
// schema for editors says the same; a test holds the two together.

// key is one key that a mapping may have.
type key struct {
	name string
	// field is the name of what it fills, as a directory.Error spells it.
	field    string
	required bool
	read     reader
}

func (f *TenantFile) keys() []key {
	return []key{
		{"tenants", "Tenants", true, listOf(&f.Tenants, func(t *directory.Tenant) reader { return object(tenantKeys(t)) })},
		{"lifetime", "TokenLifetime", false, lifetime(&f.TokenLifetime, &f.LongestTokenLifetime)},
	}
}

func tenantKeys(t *directory.Tenant) []key {
	return []key{
		{"id", "ID", true, textValue(&t.ID)},
		{"domains", "Domains", false, listOf(&t.Domains, textValue)},
		{"region", "Region", false, textValue(&t.Region)},
		{"apis", "APIs", false, listOf(&t.APIs, func(a *directory.API) reader { return object(apiKeys(a)) })},
		{"clients", "Clients", false, listOf(&t.Clients, func(c *directory.Client) reader { return object(clientKeys(c)) })},
	}
}

func apiKeys(a *directory.API) []key {
	return []key{
		{"id", "ID", true, textValue(&a.ID)},
		{"name", "Name", false, textValue(&a.Name)},
		{"uris", "URIs", false, listOf(&a.URIs, textValue)},
		{"version", "TokenVersion", false, version(&a.TokenVersion)},
		{"roles", "Roles", false, listOf(&a.Roles, textValue)},
		{"assignment_required", "AssignmentRequired", false, flag(&a.AssignmentRequired)},
		{"optional_claims", "OptionalClaims", false, listOf(&a.OptionalClaims, textValue)},
	}
}

func clientKeys(c *directory.Client) []key {
	return []key{
		{"id", "ID", true, textValue(&c.ID)},
		{"object_id", "ObjectID", false, textValue(&c.ObjectID)},
		{"name", "Name", false, textValue(&c.Name)},
		{"default", "Default", false, markDefault},
		{"secrets", "Secrets", false, listOf(&c.Secrets, secret)},
		{"certificates", "Certificates", false, listOf(&c.Certificates, certificate)},
		{"federated", "Federated", false, listOf(&c.Federated, func(f *directory.FederatedCredential) reader { return object(federatedKeys(f)) })},
		{"grants", "Grants", false, listOf(&c.Grants, func(g *directory.Grant) reader { return object(grantKeys(g)) })},
		{"disabled", "Disabled", false, flag(&c.Disabled)},
		{"no_service_principal", "NoServicePrincipal", false, flag(&c.NoServicePrincipal)},
		{"blocked_by_policy", "BlockedByPolicy", false, textValue(&c.BlockedByPolicy)},
	}
}

func secretKeys(s *directory.ClientSecret) []key {
	return []key{
		{"value", "Value", true, secretValue(s)},
		{"expires", "Expires", false, date(&s.Expires)},
	}
}

func federatedKeys(f *directory.FederatedCredential) []key {
	return []key{
		{"issuer", "Issuer", true, textValue(&f.Issuer)},
		{"subject", "Subject", true, textValue(&f.Subject)},
		{"audience", "Audience", false, textValue(&f.Audience)},
	}
}

func grantKeys(g *directory.Grant) []key {
	return []key{
		{"api", "API", true, textValue(&g.API)},
		{"roles", "Roles", false, listOf(&g.Roles, textValue)},
	}
}

// entraNames are what the manifest and the portal call the same things.
func entraNames() map[string]string {
	return map[string]string{
		"appid": "id", "clientid": "id", "tenantid": "id", "identifieruris": "uris", "uri": "uris",
		"displayname": "name", "requestedaccesstokenversion": "version", "accesstokenacceptedversion": "version",
		"tokenversion": "version", "approles": "roles", "role": "roles", "approleassignmentrequired": "assignment_required",
		"optionalclaims": "optional_claims", "objectid": "object_id", "passwordcredentials": "secrets",
		"secret": "secrets", "clientsecret": "secrets", "keycredentials": "certificates", "certificate": "certificates",
		"federatedidentitycredentials": "federated", "federatedcredentials": "federated", "audiences": "audience",
		"enddatetime": "expires", "expiry": "expires", "resource": "api", "scope": "api", "applications": "clients",
		"apps": "clients", "resources": "apis", "tenant": "tenants", "domain": "domains", "tokenlifetime": "lifetime",
		"conditionalaccess": "blocked_by_policy", "serviceprincipal": "no_service_principal",
	}
}
