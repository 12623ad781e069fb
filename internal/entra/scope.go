package entra

import (
	"errors"
	"strings"
)

// What can be wrong with a scope before anything is sent.
var (
	ErrScopeMissing    = errors.New("no scope is set")
	ErrScopeNotDefault = errors.New("the scope does not end in /.default")
	ErrScopeSeveral    = errors.New("the scope names several resources")
)

const defaultScope = "/.default"

// CheckScope says what Entra would refuse in the scope of a client-credentials
// request: it must name one resource and end in /.default (AADSTS1002012,
// AADSTS70011, AADSTS28000). The error wraps one of the ErrScope sentinels.
func CheckScope(scope string) error {
	fields := strings.Fields(scope)
	switch {
	case len(fields) == 0:
		return ErrScopeMissing
	case len(fields) > 1:
		return ErrScopeSeveral
	case !strings.HasSuffix(fields[0], defaultScope) || fields[0] == defaultScope:
		return ErrScopeNotDefault
	}
	return nil
}

// Resource returns the resource that a scope asks for: the scope less one
// trailing "/.default". An App ID URI that itself ends in a slash keeps it,
// which is why such a scope is written with two ("https://vault//.default").
func Resource(scope string) string { return strings.TrimSuffix(scope, defaultScope) }

// Audiences derives the audiences that an API accepts when none are set: the
// resource of its scope and, where the resource is a GUID or api://GUID, that
// GUID; without a scope the client ID, as where one registration is both.
//
// complete is false where a v2.0 token for that scope would carry a GUID that
// nobody can derive from the scope: for api://name and other App ID URIs.
func Audiences(scope, clientID string) (accepted []string, complete bool) {
	resource := Resource(scope)
	switch id, isURI := strings.CutPrefix(resource, "api://"); {
	case resource == "" && clientID == "":
		return nil, false
	case resource == "":
		return []string{clientID}, true
	case IsGUID(resource):
		return []string{resource}, true
	case isURI && IsGUID(id):
		return []string{resource, id}, true
	}
	return []string{resource}, false
}
