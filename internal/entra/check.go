package entra

import (
	"errors"
	"regexp"
	"strings"
)

// What can be wrong with an identifier or a credential before anything is sent.
var (
	ErrPlaceholder    = errors.New("the value is a placeholder")
	ErrTenantMissing  = errors.New("no tenant is set")
	ErrTenantCommon   = errors.New("the tenant is a group of tenants, not one")
	ErrTenantForm     = errors.New("the tenant is neither a GUID nor a domain name")
	ErrClientMissing  = errors.New("no client ID is set")
	ErrClientForm     = errors.New("the client ID is not a GUID")
	ErrSecretIsItsID  = errors.New("the client secret has the form of a GUID")
	ErrSecretHasSpace = errors.New("the client secret begins or ends with white space")
)

// CheckTenant says why a tenant cannot be used for client credentials: it must
// be one tenant, by GUID or domain name. Entra refuses common, organizations
// and consumers for app-only tokens, because they name no directory in which
// the app could have a service principal.
func CheckTenant(tenant string) error {
	switch {
	case tenant == "":
		return ErrTenantMissing
	case IsPlaceholder(tenant):
		return ErrPlaceholder
	}
	switch strings.ToLower(tenant) {
	case "common", "organizations", "consumers":
		return ErrTenantCommon
	}
	if !IsGUID(tenant) && !isDomain(tenant) {
		return ErrTenantForm
	}
	return nil
}

// CheckClientID says why a client ID cannot be one: Entra's are GUIDs.
func CheckClientID(id string) error {
	switch {
	case id == "":
		return ErrClientMissing
	case IsPlaceholder(id):
		return ErrPlaceholder
	case !IsGUID(id):
		return ErrClientForm
	}
	return nil
}

// CheckClientSecret says why a client secret will be refused: the portal shows
// a secret's ID, a GUID, beside its value, and the ID is what people paste
// (AADSTS7000215). Entra has never issued a value of that form.
func CheckClientSecret(s Secret) error {
	switch value := s.Reveal(); {
	case IsPlaceholder(value):
		return ErrPlaceholder
	case IsGUID(value):
		return ErrSecretIsItsID
	case strings.TrimSpace(value) != value:
		return ErrSecretHasSpace
	}
	return nil
}

// placeholder matches what tutorials and .env.example files put where a value
// belongs: your-tenant-id, <client-id>, {{secret}}, 00000000-0000-…, changeme.
var placeholder = regexp.MustCompile(`(?i)^(api://)?(` +
	`<.*>|\{+.*\}+|\[.*\]|\$\{?\w+\}?|` +
	`(your|insert|enter|put|replace)[-_ .].*|` +
	`(tenant|client|app|application|directory|api|secret)([-_ ](id|secret|value|name))+|` +
	`0{8}-0{4}-0{4}-0{4}-0{12}|x{8}-x{4}-x{4}-x{4}-x{12}|` +
	`x{3,}|\.{3,}|\*{3,}|change[-_ ]?me|todo|tbd|placeholder|example|dummy` +
	`)(/\.default)?$`)

// IsPlaceholder reports whether a value was never filled in.
func IsPlaceholder(s string) bool { return placeholder.MatchString(strings.TrimSpace(s)) }

var domain = regexp.MustCompile(`(?i)^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$`)

func isDomain(s string) bool { return len(s) <= 253 && domain.MatchString(s) }
