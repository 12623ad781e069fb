package settings

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"m2m/internal/entra"
	"m2m/internal/token"
)

func TestCheckCredential(t *testing.T) {
	good := with(envA(), vars{"API_SCOPE": "api://" + clientB + "/.default"})
	for name, test := range map[string]struct {
		given  givenSettings
		want   error
		reason string // the whole of it
	}{
		"placeholder in .env": {
			givenSettings{file: "TENANT_ID=your-tenant-id\nCLIENT_ID=x\nCLIENT_SECRET=x\nAPI_SCOPE=x"},
			entra.ErrPlaceholder, `TENANT_ID in .env is a placeholder: "your-tenant-id"`},
		"placeholder by flag": {
			givenSettings{env: good, flags: flagged{"client-id": {"<client-id>"}}},
			entra.ErrPlaceholder, `--client-id is a placeholder: "<client-id>"`},
		"placeholder as scope": {
			givenSettings{env: with(good, vars{"API_SCOPE": "api://your-api/.default"})},
			entra.ErrPlaceholder, `API_SCOPE in the environment is a placeholder: "api://your-api/.default"`},
		"tenant common": {
			givenSettings{env: with(good, vars{"TENANT_ID": "common"})},
			entra.ErrTenantCommon, `TENANT_ID in the environment names a group of tenants, not one: "common"`},
		"tenant form": {
			givenSettings{env: with(good, vars{"TENANT_ID": "my tenant"})},
			entra.ErrTenantForm, `TENANT_ID in the environment is neither a GUID nor a domain name: "my tenant"`},
		"client form": {
			givenSettings{env: with(good, vars{"CLIENT_ID": "my-app"})},
			entra.ErrClientForm, `CLIENT_ID in the environment is not a GUID: "my-app"`},
		"the secret as client ID": {
			givenSettings{env: with(good, vars{"CLIENT_ID": secretA})},
			entra.ErrClientForm, `CLIENT_ID in the environment is not a GUID, and looks like a client secret`},
		"secret ID": {
			givenSettings{env: with(good, vars{"CLIENT_SECRET": tenantB})},
			entra.ErrSecretIsItsID, `CLIENT_SECRET in the environment has the form of a GUID: that is the secret's ID, not its value`},
		"secret with a line end": {
			givenSettings{env: with(good, vars{"CLIENT_SECRET": secretA + "\n"})},
			entra.ErrSecretHasSpace, `CLIENT_SECRET in the environment begins or ends with white space`},
		"secret is a placeholder": {
			givenSettings{env: with(good, vars{"CLIENT_SECRET": "your-client-secret"})},
			entra.ErrPlaceholder, `CLIENT_SECRET in the environment is a placeholder`},
		"scope without .default": {
			givenSettings{env: with(good, vars{"API_SCOPE": "api://x"})},
			entra.ErrScopeNotDefault, `API_SCOPE in the environment does not end in /.default: "api://x"`},
		"several resources": {
			givenSettings{env: with(good, vars{"API_SCOPE": "api://x/.default api://y/.default"})},
			entra.ErrScopeSeveral, `API_SCOPE in the environment names several resources, and a token is for one: "api://x/.default api://y/.default"`},
		"nothing": {givenSettings{}, ErrMissing, "not set: TENANT_ID, CLIENT_ID, CLIENT_SECRET (or another credential), API_SCOPE"},
		"no scope": {
			givenSettings{env: envA()}, entra.ErrScopeMissing, "not set: API_SCOPE"},
		"no credential": {
			givenSettings{env: with(good, vars{"CLIENT_SECRET": ""})}, ErrCredentialMissing, "not set: CLIENT_SECRET (or another credential)"},
		"a managed identity without scope": {
			givenSettings{flags: flagged{"managed-identity": {"true"}}}, entra.ErrScopeMissing, "not set: API_SCOPE"},
		"good":                     {given: givenSettings{env: good}},
		"a secret in a file":       {given: givenSettings{env: good, flags: flagged{"client-secret-file": {"-"}}}},
		"a managed identity alone": {given: givenSettings{flags: flagged{"managed-identity": {"true"}, "scope": {"api://x/.default"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			test.given.uses = acquires
			s, _ := test.given.resolve(t)
			err := s.CheckCredential()
			if test.want == nil {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			refused := checkRefusal(t, err, test.want)
			if refused.Error() != test.reason {
				t.Errorf("reason = %s\n    want = %s", refused, test.reason)
			}
		})
	}
}

func TestAdviceNamesThePlaceInThePortal(t *testing.T) {
	for _, test := range []struct {
		setting  Setting
		sentinel error
		want     string
	}{
		{Tenant, entra.ErrPlaceholder, "Directory (tenant) ID"},
		{Tenant, entra.ErrTenantCommon, "the one tenant"},
		{ClientID, entra.ErrClientForm, "Application (client) ID"},
		{ClientSecret, entra.ErrSecretIsItsID, "Certificates & secrets"},
		{Scope, entra.ErrScopeNotDefault, `"api://x/.default"`},
	} {
		s, _ := givenSettings{
			env:  vars{"TENANT_ID": "t", "CLIENT_ID": "c", "CLIENT_SECRET": secretA, "API_SCOPE": "api://x/Data.Read"},
			uses: acquires,
		}.resolve(t)
		refused := checkRefusal(t, s.Explain(test.setting, test.sentinel), test.sentinel)
		hints := strings.Join(refused.Hints(), "\n")
		if !strings.Contains(hints, test.want) || !strings.Contains(hints, "set "+rowOf(test.setting).Variables[0]+" to") {
			t.Errorf("%s, %v: hints %q lack %q", test.setting, test.sentinel, hints, test.want)
		}
	}
}

func TestExplainToken(t *testing.T) {
	s, _ := givenSettings{env: vars{"TENANT_ID": "common"}}.resolve(t)
	wrapped := &token.SettingError{Setting: "tenant", Found: "common", Err: entra.ErrTenantCommon, Advice: []string{"token's own"}}
	refused := checkRefusal(t, s.ExplainToken(wrapped), entra.ErrTenantCommon)
	if slices.Contains(hintsOfChain(refused), "token's own") {
		t.Error("the same advice would be given twice")
	}
	for _, other := range []error{
		errors.New("anything"),
		&token.SettingError{Setting: "certificate", Err: errors.New("expired")},
		&token.SettingError{Setting: "managed identity", Found: "x", Err: entra.ErrClientForm},
	} {
		if got := s.ExplainToken(other); got != other {
			t.Errorf("%v became %v", other, got)
		}
	}
}

// hintsOfChain collects the hints of a chain of errors, as the printer does.
func hintsOfChain(err error) (hints []string) {
	for ; err != nil; err = errors.Unwrap(err) {
		if h, ok := err.(interface{ Hints() []string }); ok {
			hints = append(hints, h.Hints()...)
		}
	}
	return hints
}
