package tenantfile

import (
	"m2m/internal/strictyaml"
	"m2m/internal/tenant/directory"
	"sync"
)

// The keys of a tenant file, one table for each kind of mapping in it.

type (
	field = strictyaml.Field
	node  = strictyaml.Node
)

func (r *reader) fileFields(f *File) []field {
	return []field{
		{Key: "tenants", Required: true, Read: listOf(r, &f.Tenants, r.tenantFields)},
		{Key: "lifetime", Read: r.lifetime(&f.TokenLifetime, &f.LongestTokenLifetime)},
	}
}

func (r *reader) tenantFields(t *directory.Tenant) []field {
	return []field{
		{Key: "id", Required: true, Read: r.text(&t.ID)},
		{Key: "domains", Read: r.texts(&t.Domains)},
		{Key: "region", Read: r.text(&t.Region)},
		{Key: "code_challenge_methods", Read: r.texts(&t.CodeChallengeMethods)},
		{Key: "federation_issuers", Read: r.texts(&t.FederationIssuers)},
		{Key: "apis", Read: listOf(r, &t.APIs, r.apiFields)},
		{Key: "clients", Read: listOf(r, &t.Clients, r.clientFields)},
		{Key: "identities", Read: listOf(r, &t.Identities, r.identityFields)},
		{Key: "agents", Read: listOf(r, &t.Agents, r.agentFields)},
	}
}

func (r *reader) apiFields(a *directory.API) []field {
	return []field{
		{Key: "id", Required: true, Read: r.text(&a.ID)},
		{Key: "name", Read: r.text(&a.Name)},
		{Key: "uris", Read: r.texts(&a.URIs)},
		{Key: "version", Read: r.version(&a.TokenVersion)},
		{Key: "roles", Read: r.texts(&a.Roles)},
		{Key: "assignment_required", Read: r.bool(&a.AssignmentRequired)},
		{Key: "optional_claims", Read: r.texts(&a.OptionalClaims)},
	}
}

func (r *reader) clientFields(c *directory.Client) []field {
	return []field{
		{Key: "id", Required: true, Read: r.text(&c.ID)},
		{Key: "object_id", Read: r.text(&c.ObjectID)},
		{Key: "name", Read: r.text(&c.Name)},
		{Key: "default", Read: r.markDefault(c)},
		{Key: "secrets", Read: items(r, &c.Secrets, r.secret)},
		{Key: "certificates", Read: items(r, &c.Certificates, r.certificate)},
		{Key: "federated", Read: listOf(r, &c.Federated, r.federatedFields)},
		{Key: "grants", Read: listOf(r, &c.Grants, r.grantFields)},
		{Key: "blueprint", Read: r.bool(&c.IsBlueprint)},
		{Key: "disabled", Read: r.bool(&c.Disabled)},
		{Key: "no_service_principal", Read: r.bool(&c.NoServicePrincipal)},
		{Key: "blocked_by_policy", Read: r.text(&c.BlockedByPolicy)},
	}
}

func (r *reader) identityFields(c *directory.Client) []field {
	c.Kind = directory.UserIdentity
	return []field{
		{Key: "id", Required: true, Read: r.text(&c.ID)},
		{Key: "object_id", Read: r.text(&c.ObjectID)},
		{Key: "name", Read: r.text(&c.Name)},
		{Key: "system", Read: r.systemIdentity(c)},
		{Key: "resource_id", Read: r.text(&c.ResourceID)},
		{Key: "grants", Read: listOf(r, &c.Grants, r.grantFields)},
	}
}

func (r *reader) agentFields(c *directory.Client) []field {
	c.Kind = directory.AgentIdentity
	return []field{
		{Key: "id", Required: true, Read: r.text(&c.ID)},
		{Key: "name", Read: r.text(&c.Name)},
		{Key: "blueprint", Required: true, Read: r.text(&c.Blueprint)},
		{Key: "grants", Read: listOf(r, &c.Grants, r.grantFields)},
		{Key: "disabled", Read: r.bool(&c.Disabled)},
		{Key: "blocked_by_policy", Read: r.text(&c.BlockedByPolicy)},
	}
}

func (r *reader) secretFields(s *directory.ClientSecret) []field {
	return []field{
		{Key: "value", Required: true, Read: func(n *node) { r.secretValue(n, s) }},
		{Key: "expires", Read: r.date(&s.Expires)},
	}
}

func (r *reader) certificateFields(file, pem *string) []field {
	return []field{{Key: "file", Read: r.text(file)}, {Key: "pem", Read: r.text(pem)}}
}

func (r *reader) federatedFields(f *directory.FederatedCredential) []field {
	return []field{
		{Key: "issuer", Required: true, Read: r.text(&f.Issuer)},
		{Key: "subject", Read: r.text(&f.Subject)},
		{Key: "expression", Read: r.text(&f.Expression)},
		{Key: "audience", Read: r.text(&f.Audience)},
	}
}

func (r *reader) grantFields(g *directory.Grant) []field {
	return []field{
		{Key: "api", Required: true, Read: r.text(&g.API)},
		{Key: "roles", Read: r.texts(&g.Roles)},
	}
}

// entraNames has the keys for what the manifest and the portal call the same
// things, in canonical form.
var entraNames = sync.OnceValue(func() map[string]string {
	return map[string]string{
		"appid": "id", "clientid": "id", "tenantid": "id", "identifieruris": "uris", "uri": "uris",
		"displayname": "name", "requestedaccesstokenversion": "version", "accesstokenacceptedversion": "version",
		"tokenversion": "version", "approles": "roles", "role": "roles", "approleassignmentrequired": "assignment_required",
		"optionalclaims": "optional_claims", "objectid": "object_id", "passwordcredentials": "secrets",
		"secret": "secrets", "clientsecret": "secrets", "keycredentials": "certificates", "certificate": "certificates",
		"federatedidentitycredentials": "federated", "federatedcredentials": "federated", "audiences": "audience",
		"enddatetime": "expires", "expiry": "expires", "resource": "api", "scope": "api", "applications": "clients",
		"apps": "clients", "resources": "apis", "tenant": "tenants", "domain": "domains", "tokenlifetime": "lifetime",
		"claimsmatchingexpression": "expression", "managedidentities": "identities", "userassignedidentities": "identities",
		"systemassigned": "system", "principalid": "object_id", "agentidentities": "agents",
		"agentidentityblueprintid": "blueprint", "codechallengemethodssupported": "code_challenge_methods",
		"conditionalaccess": "blocked_by_policy", "serviceprincipal": "no_service_principal",
	}
})
