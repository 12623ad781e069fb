package directory

import (
	"crypto/rsa"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/text"
)

// faults collects what Entra could not hold.
type faults []*Error

func (f *faults) add(field, format string, args ...any) {
	*f = append(*f, &Error{field, fmt.Sprintf(format, args...)})
}

func (f *faults) notGUID(field, value string) {
	f.add(field, "%s is not a GUID", text.Quote(value))
}

// Check returns every part of the tenants that Entra could not hold; nil if
// there is none. Fields begin with Tenants.
func Check(tenants []Tenant) []*Error {
	var f faults
	if len(tenants) == 0 {
		f.add("Tenants", "there is no tenant")
	}
	taken := names{}
	for i := range tenants {
		f.checkTenant(fmt.Sprintf("Tenants[%d]", i), &tenants[i], taken)
	}
	return f
}

// checkTenant adds the tenant's names to those that are taken.
func (f *faults) checkTenant(field string, t *Tenant, taken names) {
	if !entra.IsGUID(t.ID) {
		f.notGUID(field+".ID", t.ID)
	} else {
		f.checkTenantName(field+".ID", t.ID, taken)
	}
	for i, domain := range t.Domains {
		f.checkTenantName(fmt.Sprintf("%s.Domains[%d]", field, i), domain, taken)
	}
	for i, method := range t.CodeChallengeMethods {
		if method != "S256" && method != "plain" {
			f.add(fmt.Sprintf("%s.CodeChallengeMethods[%d]", field, i), "%s is neither S256 nor plain (RFC 7636)", text.Quote(method))
		}
	}
	f.checkAPIs(field, t.APIs)
	ids, objects := names{}, names{}
	f.checkClients(field+".Clients", t, t.Clients, ids, objects)
	f.checkClients(field+".Identities", t, t.Identities, ids, objects)
	f.checkClients(field+".Agents", t, t.Agents, ids, objects)
	f.checkIdentities(field, t.Identities)
	f.checkAgents(field, t)
}

func (f *faults) checkTenantName(field, name string, taken names) {
	if err := entra.CheckTenant(name); err != nil {
		f.add(field, "%s: %v", text.Quote(name), err)
		return
	}
	f.take(taken, field, name)
}

func (f *faults) checkAPIs(field string, apis []API) {
	taken := names{}
	for i, api := range apis {
		at := fmt.Sprintf("%s.APIs[%d]", field, i)
		f.checkID(taken, at+".ID", api.ID)
		for j, uri := range api.URIs {
			f.checkAppIDURI(taken, fmt.Sprintf("%s.URIs[%d]", at, j), uri)
		}
		switch api.TokenVersion {
		case "", entra.V1, entra.V2:
		default:
			f.add(at+".TokenVersion", "%s is neither 1.0 nor 2.0", text.Quote(string(api.TokenVersion)))
		}
		for j, role := range api.Roles {
			if !isName(role) || len(role) > longestRole {
				f.add(fmt.Sprintf("%s.Roles[%d]", at, j),
					"%s is not a role: those are up to %d visible ASCII characters, and no quotes, comma, backslash or dollar sign",
					text.Quote(role), longestRole)
			}
		}
		for j, claim := range api.OptionalClaims {
			if known := OptionalClaims(); !slices.Contains(known, claim) {
				f.add(fmt.Sprintf("%s.OptionalClaims[%d]", at, j), "%s is not one that this tenant can add; it knows %s",
					text.Quote(claim), strings.Join(known, ", "))
			}
		}
	}
}

// checkID wants a GUID that no other has.
func (f *faults) checkID(taken names, field, id string) {
	if !entra.IsGUID(id) {
		f.notGUID(field, id)
		return
	}
	f.take(taken, field, id)
}

// longestRole is how long Entra lets the value of an app role be, in characters:
// https://learn.microsoft.com/graph/api/resources/approle
const longestRole = 120

// isName reports whether s can name an API or a role: whether it can be part of a
// scope, and is not changed by the environment and the environment files
// of programs.
func isName(s string) bool {
	return s != "" && entra.IsScopeToken(s) && !strings.ContainsAny(s, "'`$,")
}

func (f *faults) checkAppIDURI(taken names, at, uri string) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme == "" || !isName(uri) {
		f.add(at, "%s is not a URI such as api://name", text.Quote(uri))
		return
	}
	f.take(taken, at, resourceName(uri))
}

// checkClients checks one list of clients, and adds their IDs to those that are
// taken in the tenant.
func (f *faults) checkClients(field string, t *Tenant, clients []Client, ids, objects names) {
	for i := range clients {
		c, at := &clients[i], fmt.Sprintf("%s[%d]", field, i)
		f.checkID(ids, at+".ID", c.ID)
		if !c.NoServicePrincipal {
			f.checkID(objects, at+".ObjectID", c.ObjectID)
		}
		if c.BlockedByPolicy != "" && !entra.IsGUID(c.BlockedByPolicy) {
			f.notGUID(at+".BlockedByPolicy", c.BlockedByPolicy)
		}
		f.checkCredentials(at, c)
		f.checkGrants(at, t, c.Grants)
	}
}

// checkIdentities wants resource IDs as Azure writes them, and at most one identity
// of the machine itself.
func (f *faults) checkIdentities(field string, identities []Client) {
	system, taken := false, names{}
	for i, c := range identities {
		at := fmt.Sprintf("%s.Identities[%d]", field, i)
		if c.Kind == SystemIdentity {
			if system {
				f.add(at+".Kind", "a machine has one system-assigned identity at most")
			}
			system = true
		}
		if !strings.HasPrefix(c.ResourceID, "/subscriptions/") || !isName(strings.ReplaceAll(c.ResourceID, " ", "")) {
			f.add(at+".ResourceID", "%s is not a resource ID, which begins with /subscriptions/", text.Quote(c.ResourceID))
			continue
		}
		f.take(taken, at+".ResourceID", c.ResourceID)
	}
}

// checkAgents wants each agent identity to belong to a blueprint.
func (f *faults) checkAgents(field string, t *Tenant) {
	for i, c := range t.Agents {
		at := fmt.Sprintf("%s.Agents[%d].Blueprint", field, i)
		var blueprints []string
		for _, b := range t.Clients {
			if b.IsBlueprint {
				blueprints = append(blueprints, b.ID)
			}
		}
		switch b := t.FindClient(c.Blueprint); {
		case b == nil:
			f.add(at, "no client %s in this tenant%s", text.Quote(c.Blueprint), near(c.Blueprint, blueprints))
		case !b.IsBlueprint:
			f.add(at, "client %s is not a blueprint%s", text.Quote(c.Blueprint), near(c.Blueprint, blueprints))
		}
	}
}

func (f *faults) checkCredentials(field string, c *Client) {
	for i, s := range c.Secrets {
		if s.Value.IsZero() {
			f.add(fmt.Sprintf("%s.Secrets[%d].Value", field, i), "the secret is empty")
		}
	}
	for i, certificate := range c.Certificates {
		if _, ok := certificate.PublicKey.(*rsa.PublicKey); !ok {
			f.add(fmt.Sprintf("%s.Certificates[%d]", field, i), "its key is not RSA")
		}
	}
	for i, federated := range c.Federated {
		at := fmt.Sprintf("%s.Federated[%d]", field, i)
		if u, err := url.Parse(federated.Issuer); err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
			f.add(at+".Issuer", "%s is not an https URL without query", text.Quote(federated.Issuer))
		}
		switch {
		case federated.Subject == "" && federated.Expression == "":
			f.add(at+".Subject", "there is neither a subject nor an expression that claims must match")
		case federated.Subject != "" && federated.Expression != "":
			f.add(at+".Expression", "a credential has a subject or an expression, not both")
		}
	}
}

func (f *faults) checkGrants(field string, t *Tenant, grants []Grant) {
	for i, g := range grants {
		at := fmt.Sprintf("%s.Grants[%d]", field, i)
		api := t.FindAPI(g.API)
		if api == nil && IsGraph(g.API) {
			continue // Graph has hundreds of roles, and more every month
		}
		if api == nil {
			f.add(at+".API", "no API %s in this tenant%s", text.Quote(g.API), near(g.API, t.apiNames()))
			continue
		}
		for j, role := range g.Roles {
			if !slices.Contains(api.Roles, role) {
				f.add(fmt.Sprintf("%s.Roles[%d]", at, j), "API %s has no role %s%s", text.Quote(g.API), text.Quote(role), near(role, api.Roles))
			}
		}
	}
}

// apiNames lists the names by which a grant can mean an API.
func (t *Tenant) apiNames() []string {
	var names []string
	for _, api := range t.APIs {
		names = append(names, api.URIs...)
		if len(api.URIs) == 0 {
			names = append(names, api.ID)
		}
	}
	return names
}

// names are those that are taken, in small letters.
type names map[string]bool

// take records a name that must be unique, whatever its case.
func (f *faults) take(taken names, field, name string) {
	key := strings.ToLower(name)
	if taken[key] {
		f.add(field, "%s is already taken", text.Quote(name))
	}
	taken[key] = true
}

// mostNamed bounds how many names an error lists.
const mostNamed = 12

// near says which of the known names was meant, if one resembles the word, or
// else which there are.
func near(word string, known []string) string {
	if best := text.Nearest(word, known); best != "" {
		return "; did you mean " + text.Quote(best) + "?"
	}
	if len(known) == 0 || len(known) > mostNamed {
		return ""
	}
	quoted := make([]string, len(known))
	for i, name := range known {
		quoted[i] = text.Quote(name)
	}
	return "; known here: " + strings.Join(quoted, ", ")
}
