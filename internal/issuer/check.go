package issuer

import (
	"crypto/rsa"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"m2m/internal/entra"
)

// check returns a *ConfigError for the first part of the configuration that
// Entra could not hold.
func (c *Config) check() error {
	if len(c.Tenants) == 0 {
		return &ConfigError{"Tenants", "there is no tenant"}
	}
	if c.TokenLifetime < 0 {
		return &ConfigError{"TokenLifetime", "it is negative"}
	}
	if c.LongestTokenLifetime != 0 && c.LongestTokenLifetime < c.TokenLifetime {
		return &ConfigError{"LongestTokenLifetime", "it is shorter than the shortest lifetime"}
	}
	if err := checkOrigin(c.Origin); err != nil {
		return err
	}
	if c.HTTPClient == nil && c.hasFederated() {
		return &ConfigError{"HTTPClient", "a client has federated credentials, and nothing can fetch their issuers' keys"}
	}
	names := map[string]bool{}
	for i := range c.Tenants {
		field := fmt.Sprintf("Tenants[%d]", i)
		if err := c.Tenants[i].check(field, names); err != nil {
			return err
		}
	}
	return nil
}

func (c *Config) hasFederated() bool {
	for _, t := range c.Tenants {
		if slices.ContainsFunc(t.Clients, func(c Client) bool { return len(c.Federated) > 0 }) {
			return true
		}
	}
	return false
}

func checkOrigin(origin string) error {
	if origin == "" {
		return nil
	}
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.Scheme+"://"+u.Host != origin {
		return &ConfigError{"Origin", fmt.Sprintf("%q is not an https origin", bound(origin))}
	}
	return nil
}

// check adds the tenant's names to those that are taken.
func (t *Tenant) check(field string, taken map[string]bool) error {
	if !entra.IsGUID(t.ID) {
		return notGUID(field+".ID", t.ID)
	}
	for i, name := range append([]string{t.ID}, t.Domains...) {
		at := field + ".ID"
		if i > 0 {
			at = fmt.Sprintf("%s.Domains[%d]", field, i-1)
		}
		if err := entra.CheckTenant(name); err != nil {
			return &ConfigError{at, fmt.Sprintf("%q: %v", bound(name), err)}
		}
		if err := take(taken, at, name); err != nil {
			return err
		}
	}
	if err := t.checkAPIs(field); err != nil {
		return err
	}
	return t.checkClients(field)
}

func (t *Tenant) checkAPIs(field string) error {
	taken := map[string]bool{}
	for i, api := range t.APIs {
		at := fmt.Sprintf("%s.APIs[%d]", field, i)
		if !entra.IsGUID(api.ID) {
			return notGUID(at+".ID", api.ID)
		}
		if err := take(taken, at+".ID", api.ID); err != nil {
			return err
		}
		for j, uri := range api.URIs {
			if err := checkAppIDURI(taken, fmt.Sprintf("%s.URIs[%d]", at, j), uri); err != nil {
				return err
			}
		}
		switch api.TokenVersion {
		case "", entra.V1, entra.V2:
		default:
			return &ConfigError{at + ".TokenVersion", fmt.Sprintf("%q is neither 1.0 nor 2.0", bound(string(api.TokenVersion)))}
		}
		for j, role := range api.Roles {
			if role == "" || strings.ContainsAny(role, unquotable+",") {
				return &ConfigError{fmt.Sprintf("%s.Roles[%d]", at, j), fmt.Sprintf("%q is not a role: it is empty, or has white space, quotes, a comma or a dollar sign", bound(role))}
			}
		}
		for j, claim := range api.OptionalClaims {
			if claim != claimIDType && claim != claimCapabilities {
				return &ConfigError{fmt.Sprintf("%s.OptionalClaims[%d]", at, j), fmt.Sprintf("%q is not one that this tenant can add; it knows %s and %s", bound(claim), claimIDType, claimCapabilities)}
			}
		}
	}
	return nil
}

// unquotable are the characters that no name of an API or a role has in Entra,
// and that would not pass unharmed through the environment files of programs.
const unquotable = " \t\r\n'\"`$\\"

func checkAppIDURI(taken map[string]bool, at, uri string) error {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme == "" || strings.ContainsAny(uri, unquotable+",") {
		return &ConfigError{at, fmt.Sprintf("%q is not a URI such as api://name", bound(uri))}
	}
	return take(taken, at, resourceName(uri))
}

func (t *Tenant) checkClients(field string) error {
	taken := map[string]bool{}
	for i := range t.Clients {
		c, at := &t.Clients[i], fmt.Sprintf("%s.Clients[%d]", field, i)
		if !entra.IsGUID(c.ID) {
			return notGUID(at+".ID", c.ID)
		}
		if err := take(taken, at+".ID", c.ID); err != nil {
			return err
		}
		if !c.NoServicePrincipal && !entra.IsGUID(c.ObjectID) {
			return notGUID(at+".ObjectID", c.ObjectID)
		}
		if c.BlockedByPolicy != "" && !entra.IsGUID(c.BlockedByPolicy) {
			return notGUID(at+".BlockedByPolicy", c.BlockedByPolicy)
		}
		if err := c.checkCredentials(at); err != nil {
			return err
		}
		if err := t.checkGrants(at, c.Grants); err != nil {
			return err
		}
	}
	return nil
}

func (c *Client) checkCredentials(field string) error {
	for i, s := range c.Secrets {
		if s.Value.IsZero() {
			return &ConfigError{fmt.Sprintf("%s.Secrets[%d].Value", field, i), "the secret is empty"}
		}
	}
	for i, certificate := range c.Certificates {
		if _, ok := certificate.PublicKey.(*rsa.PublicKey); !ok {
			return &ConfigError{fmt.Sprintf("%s.Certificates[%d]", field, i), "its key is not RSA"}
		}
	}
	for i, f := range c.Federated {
		at := fmt.Sprintf("%s.Federated[%d]", field, i)
		if u, err := url.Parse(f.Issuer); err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
			return &ConfigError{at + ".Issuer", fmt.Sprintf("%q is not an https URL without query", bound(f.Issuer))}
		}
		if f.Subject == "" {
			return &ConfigError{at + ".Subject", "it is empty"}
		}
	}
	return nil
}

func (t *Tenant) checkGrants(field string, grants []Grant) error {
	for i, g := range grants {
		at := fmt.Sprintf("%s.Grants[%d]", field, i)
		api := t.findAPI(g.API)
		if api == nil && isGraph(g.API) {
			continue // Graph has hundreds of roles, and more every month
		}
		if api == nil {
			return &ConfigError{at + ".API", fmt.Sprintf("no API %q in this tenant%s", bound(g.API), near(g.API, t.apiNames()))}
		}
		for j, role := range g.Roles {
			if !slices.Contains(api.Roles, role) {
				return &ConfigError{fmt.Sprintf("%s.Roles[%d]", at, j), fmt.Sprintf("API %q has no role %q%s", bound(g.API), bound(role), near(role, api.Roles))}
			}
		}
	}
	return nil
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

// take records a name that must be unique, whatever its case.
func take(taken map[string]bool, field, name string) error {
	key := strings.ToLower(name)
	if taken[key] {
		return &ConfigError{field, fmt.Sprintf("%q is taken by another", bound(name))}
	}
	taken[key] = true
	return nil
}

func notGUID(field, value string) error {
	return &ConfigError{field, fmt.Sprintf("%q is not a GUID", bound(value))}
}
