package token

import (
	"encoding/json"
	"errors"
	"regexp"
	"time"

	"m2m/internal/entra"
	"m2m/internal/text"
)

// What this package finds wrong with a request, beside what package entra does.
var (
	ErrNoCredential = errors.New("no credential is set")
	ErrClaimsForm   = errors.New("a claims challenge is a JSON object")
	ErrRegionForm   = errors.New("a region is one word of small letters and digits, such as westeurope")
	ErrRegionHost   = errors.New("only Entra's own hosts have regional endpoints")
)

// Check says what is known to be wrong with the request before anything is
// sent. Its errors are *SettingErrors. now judges a certificate's validity.
func (r Request) Check(now time.Time) error {
	if r.Credential == nil {
		return &SettingError{Setting: "credential", Err: ErrNoCredential, Advice: []string{
			"set CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH or AZURE_FEDERATED_TOKEN_FILE",
		}}
	}
	for _, check := range []func(Request) error{checkScope, checkClaims, checkRegion} {
		if err := check(r); err != nil {
			return err
		}
	}
	return r.Credential.check(r, now)
}

// checkApplication checks what identifies an app registration.
func checkApplication(r Request) error {
	if _, err := entra.ParseAuthorityHost(r.Authority.Origin); err != nil {
		return &SettingError{Setting: "authority host", Found: r.Authority.Origin, Err: err, Advice: []string{
			"give an https origin with --authority-host or AZURE_AUTHORITY_HOST, or a cloud's name with --cloud",
		}}
	}
	if err := entra.CheckTenant(r.Authority.Tenant); err != nil {
		return &SettingError{Setting: "tenant", Found: r.Authority.Tenant, Err: err, Advice: tenantAdvice(err)}
	}
	if err := entra.CheckClientID(r.ClientID); err != nil {
		return &SettingError{Setting: "client ID", Found: r.ClientID, Err: err, Advice: []string{
			"set CLIENT_ID to the Application (client) ID on the app registration's overview page",
		}}
	}
	return nil
}

func tenantAdvice(err error) []string {
	if errors.Is(err, entra.ErrTenantCommon) {
		return []string{"set TENANT_ID to the one tenant that the app has a service principal in: an app-only token belongs to a tenant"}
	}
	return []string{"set TENANT_ID to the Directory (tenant) ID on the app registration's overview page"}
}

func checkScope(r Request) error {
	err := entra.CheckScope(r.Scope)
	if err == nil {
		return nil
	}
	return &SettingError{Setting: "scope", Found: r.Scope, Err: err, Advice: scopeAdvice(r.Scope, err)}
}

func scopeAdvice(scope string, err error) []string {
	switch {
	case errors.Is(err, entra.ErrScopeNotDefault):
		return []string{"ask for " + correctedScope(scope) +
			": an app-only token carries every permission that was granted, not single ones"}
	case errors.Is(err, entra.ErrScopeSeveral):
		return []string{"ask for one resource at a time, each with a token of its own: " + correctedScope(scope)}
	}
	return []string{"set API_SCOPE to the API's Application ID URI followed by /.default, such as api://GUID/.default"}
}

// correctedScope is what a scope should probably have been.
func correctedScope(scope string) string { return text.OneLine(entra.DefaultScope(scope), maxQuoted) }

func checkClaims(r Request) error {
	if r.Claims == "" {
		return nil
	}
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(r.Claims), &object) == nil && object != nil {
		return nil
	}
	return &SettingError{Setting: "claims", Found: r.Claims, Err: ErrClaimsForm, Advice: []string{
		"decode the claims of a WWW-Authenticate header from base64 first",
	}}
}

func checkRegion(r Request) error {
	if r.Region == "" {
		return nil
	}
	err := ErrRegionForm
	form := regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$`)
	if form.MatchString(r.Region) {
		if _, ok := r.Authority.Cloud(); ok {
			return nil
		}
		err = ErrRegionHost
	}
	return &SettingError{Setting: "region", Found: r.Region, Err: err, Advice: []string{"leave --region out to use the global endpoint"}}
}
