package issuer

// The keys of a tenant file, one table for each kind of mapping in it. The
// schema for editors says the same; a test holds the two together.

// key is one key that a mapping may have.
type key struct {
	name string
	// field is the name of what it fills, as a ConfigError spells it.
	field    string
	required bool
	read     reader
}

func (f *TenantFile) keys() []key {
	return []key{
		{"tenants", "Tenants", true, listOf(&f.Tenants, func(t *Tenant) reader { return object(t.keys()) })},
		{"lifetime", "TokenLifetime", false, lifetime(&f.TokenLifetime, &f.LongestTokenLifetime)},
	}
}

func (t *Tenant) keys() []key {
	return []key{
		{"id", "ID", true, textValue(&t.ID)},
		{"domains", "Domains", false, listOf(&t.Domains, textValue)},
		{"region", "Region", false, textValue(&t.Region)},
		{"apis", "APIs", false, listOf(&t.APIs, func(a *API) reader { return object(a.keys()) })},
		{"clients", "Clients", false, listOf(&t.Clients, func(c *Client) reader { return object(c.keys()) })},
	}
}

func (a *API) keys() []key {
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

func (c *Client) keys() []key {
	return []key{
		{"id", "ID", true, textValue(&c.ID)},
		{"object_id", "ObjectID", false, textValue(&c.ObjectID)},
		{"name", "Name", false, textValue(&c.Name)},
		{"default", "Default", false, markDefault},
		{"secrets", "Secrets", false, listOf(&c.Secrets, secret)},
		{"certificates", "Certificates", false, listOf(&c.Certificates, certificate)},
		{"federated", "Federated", false, listOf(&c.Federated, func(f *FederatedIdentityCredential) reader { return object(f.keys()) })},
		{"grants", "Grants", false, listOf(&c.Grants, func(g *Grant) reader { return object(g.keys()) })},
		{"disabled", "Disabled", false, flag(&c.Disabled)},
		{"no_service_principal", "NoServicePrincipal", false, flag(&c.NoServicePrincipal)},
		{"blocked_by_policy", "BlockedByPolicy", false, textValue(&c.BlockedByPolicy)},
	}
}

func (s *ClientSecret) keys() []key {
	return []key{
		{"value", "Value", true, secretValue(s)},
		{"expires", "Expires", false, date(&s.Expires)},
	}
}

func (f *FederatedIdentityCredential) keys() []key {
	return []key{
		{"issuer", "Issuer", true, textValue(&f.Issuer)},
		{"subject", "Subject", true, textValue(&f.Subject)},
		{"audience", "Audience", false, textValue(&f.Audience)},
	}
}

func (g *Grant) keys() []key {
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
