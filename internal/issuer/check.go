package issuer

import (
	"crypto/rsa"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/tenant/refusal"
)

// faults collects what Entra could not hold.
type faults []*ConfigError

func (f *faults) add(field, format string, args ...any) {
	*f = append(*f, &ConfigError{field, fmt.Sprintf(format, args...)})
}

func (f *faults) notGUID(field, value string) {
	f.add(field, "%q is not a GUID", refusal.Bound(value))
}

// check returns every part of the configuration that Entra could not hold.
func (c *Config) check() (f faults) {
	if len(c.Tenants) == 0 {
		f.add("Tenants", "there is no tenant")
	}
	if c.TokenLifetime < 0 {
		f.add("TokenLifetime", "it is negative")
	}
	if c.LongestTokenLifetime != 0 && c.LongestTokenLifetime < c.TokenLifetime {
		f.add("LongestTokenLifetime", "it is shorter than the shortest lifetime")
	}
	f.checkOrigin(c.Origin)
	if c.HTTPClient == nil && c.hasFederated() {
		f.add("HTTPClient", "a client has federated credentials, and nothing can fetch their issuers' keys")
	}
	taken := names{}
	for i := range c.Tenants {
		f.checkTenant(fmt.Sprintf("Tenants[%d]", i), &c.Tenants[i], taken)
	}
	return f
}

func (c *Config) hasFederated() bool {
	for _, t := range c.Tenants {
		if slices.ContainsFunc(t.Clients, func(c Client) bool { return len(c.Federated) > 0 }) {
			return true
		}
	}
	return false
}

func (f *faults) checkOrigin(origin string) {
	if origin == "" {
		return
	}
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.Scheme+"://"+u.Host != origin {
		f.add("Origin", "%q is not an https origin", refusal.Bound(origin))
	}
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
	f.checkAPIs(field, t.APIs)
	f.checkClients(field, t)
}

func (f *faults) checkTenantName(field, name string, taken names) {
	if err := entra.CheckTenant(name); err != nil {
		f.add(field, "%q: %v", refusal.Bound(name), err)
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
			f.add(at+".TokenVersion", "%q is neither 1.0 nor 2.0", refusal.Bound(string(api.TokenVersion)))
		}
		for j, role := range api.Roles {
			if !isName(role) || len(role) > longestRole {
				f.add(fmt.Sprintf("%s.Roles[%d]", at, j), "%q is not a role: those are up to %d visible ASCII characters, and no quotes, comma, backslash or dollar sign", refusal.Bound(role), longestRole)
			}
		}
		for j, claim := range api.OptionalClaims {
			if claim != claimIDType && claim != claimCapabilities {
				f.add(fmt.Sprintf("%s.OptionalClaims[%d]", at, j), "%q is not one that this tenant can add; it knows %s and %s", refusal.Bound(claim), claimIDType, claimCapabilities)
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

// isName says whether s can name an API or a role: whether it can be part of a
// scope, and passes unharmed through the environment and the environment files
// of programs.
func isName(s string) bool {
	return s != "" && entra.IsScopeToken(s) && !strings.ContainsAny(s, "'`$,")
}

func (f *faults) checkAppIDURI(taken names, at, uri string) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme == "" || !isName(uri) {
		f.add(at, "%q is not a URI such as api://name", refusal.Bound(uri))
		return
	}
	f.take(taken, at, resourceName(uri))
}

func (f *faults) checkClients(field string, t *Tenant) {
	taken, objects := names{}, names{}
	for i := range t.Clients {
		c, at := &t.Clients[i], fmt.Sprintf("%s.Clients[%d]", field, i)
		f.checkID(taken, at+".ID", c.ID)
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
			f.add(at+".Issuer", "%q is not an https URL without query", refusal.Bound(federated.Issuer))
		}
		if federated.Subject == "" {
			f.add(at+".Subject", "it is empty")
		}
	}
}

func (f *faults) checkGrants(field string, t *Tenant, grants []Grant) {
	for i, g := range grants {
		at := fmt.Sprintf("%s.Grants[%d]", field, i)
		api := t.findAPI(g.API)
		if api == nil && isGraph(g.API) {
			continue // Graph has hundreds of roles, and more every month
		}
		if api == nil {
			f.add(at+".API", "no API %q in this tenant%s", refusal.Bound(g.API), near(g.API, t.apiNames()))
			continue
		}
		for j, role := range g.Roles {
			if !slices.Contains(api.Roles, role) {
				f.add(fmt.Sprintf("%s.Roles[%d]", at, j), "API %q has no role %q%s", refusal.Bound(g.API), refusal.Bound(role), near(role, api.Roles))
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
		f.add(field, "%q is taken by another", refusal.Bound(name))
	}
	taken[key] = true
}
