package entra

import (
	"errors"
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
// be one tenant, by GUID or domain name. Entra rejects common, organizations
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

// CheckClientSecret says why a client secret will be rejected: the portal shows
// a secret's ID, a GUID, next to its value, and the ID is what people paste
// (AADSTS7000215). Entra has never issued a value of that form. An empty secret
// passes: whether there must be one depends on the other credentials.
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
