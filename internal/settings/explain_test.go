package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"m2m/internal/entra"
	"m2m/internal/token"
)

// check words what package token finds wrong with the settings.
func check(s *Settings) error {
	r := token.Request{Authority: s.AuthorityURL(), ClientID: s.Client.Value, Scope: s.Scope.Value,
		Credential: token.NewManagedIdentity("")}
	switch {
	case s.Credential.Kind == KindNone:
		r.Credential = nil
	case s.Credential.File != "":
		r.Credential = token.NewClientSecret(entra.NewSecret(secretA))
	case s.Credential.Kind == KindSecret:
		r.Credential = token.NewClientSecret(s.Credential.Secret)
	}
	return s.Check(r.Check(time.Now()))
}

func TestWhatATokenNeeds(t *testing.T) {
	good := with(envA(), vars{"API_SCOPE": "api://" + clientB + "/.default"})
	for name, test := range map[string]struct {
		given  givenSettings
		want   error
		reason string // the whole of it
	}{
		"placeholder in .env": {
			givenSettings{file: strings.Replace(fileA, tenantA, "your-tenant-id", 1) + "API_SCOPE=api://x/.default"},
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
			entra.ErrClientForm, `CLIENT_ID in the environment is not a GUID, and may be a secret`},
		"secret ID": {
			givenSettings{env: with(good, vars{"CLIENT_SECRET": tenantB})},
			entra.ErrSecretIsItsID,
			`CLIENT_SECRET in the environment has the form of a GUID: that is the secret's ID, not its value`},
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
			entra.ErrScopeSeveral,
			`API_SCOPE in the environment names several resources, and a token is for one: "api://x/.default api://y/.default"`},
		"nothing": {
			givenSettings{}, entra.ErrTenantMissing,
			"not set: TENANT_ID, CLIENT_ID, CLIENT_SECRET (or another credential), API_SCOPE",
		},
		"no scope": {
			givenSettings{env: envA()}, entra.ErrScopeMissing, "not set: API_SCOPE"},
		"no credential": {
			givenSettings{
				env: with(good, vars{"CLIENT_SECRET": ""})}, token.ErrNoCredential,
			"not set: CLIENT_SECRET (or another credential)",
		},
		"a managed identity without scope": {
			givenSettings{flags: flagged{"managed-identity": {"true"}}}, entra.ErrScopeMissing, "not set: API_SCOPE"},
		"good":               {given: givenSettings{env: good}},
		"a secret in a file": {given: givenSettings{env: good, flags: flagged{"client-secret-file": {"-"}}}},
		"a managed identity alone": {
			given: givenSettings{flags: flagged{"managed-identity": {"true"}, "scope": {"api://x/.default"}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			test.given.uses = acquires
			s, _ := test.given.resolve(t)
			err := check(s)
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

func TestEverythingWrongIsReportedAtOnce(t *testing.T) {
	s, _ := givenSettings{
		env:  vars{"TENANT_ID": "common", "CLIENT_ID": "my-app", "CLIENT_SECRET": secretA, "API_SCOPE": "api://x"},
		uses: acquires,
	}.resolve(t)
	refused := checkRefusal(t, check(s), entra.ErrTenantCommon)
	want := `TENANT_ID in the environment names a group of tenants, not one: "common"
CLIENT_ID in the environment is not a GUID: "my-app"
API_SCOPE in the environment does not end in /.default: "api://x"`
	if refused.Error() != want || len(refused.Hints()) != 3 {
		t.Errorf("reason:\n%s\nhints: %q", refused, refused.Hints())
	}
	if !errors.Is(refused, entra.ErrClientForm) || !errors.Is(refused, entra.ErrScopeNotDefault) {
		t.Error("not all causes are in the chain")
	}
}

// TestAdviceOnOtherErrors: files, and flags that are no settings of the table.
func TestAdviceOnOtherErrors(t *testing.T) {
	s, _ := givenSettings{}.resolve(t)
	for _, test := range []struct {
		setting string
		err     error
		hint    string
	}{
		{"claims", token.ErrClaimsForm, "base64"},
		{"region", token.ErrRegionHost, "--region"},
		{"region", token.ErrRegionForm, "--region"},
		{"certificate", fmt.Errorf("%w: subject CN=x", token.ErrCertificateExpired), "new certificate"},
		{"certificate", token.ErrCertificateNotYet, "clock"},
		{"certificate", token.ErrPasswordWrong, "--certificate-password-file"},
		{"certificate", token.ErrKeyMismatch, "BOTH.pem"},
		{"certificate", token.ErrNoPrivateKey, "BOTH.pem"},
		{"certificate", token.ErrKeyEncryption, "openssl"},
		{"certificate", token.ErrKeyKind, "RSA"},
		{"certificate", token.ErrCertificateForm, "PEM or PFX"},
		{"certificate", fs.ErrNotExist, "PEM or PFX"},
		{"federated token file", fs.ErrNotExist, "AZURE_FEDERATED_TOKEN_FILE"},
		{"GitHub Actions identity", token.ErrNotGitHub, "id-token: write"},
		{"GitHub Actions identity", token.ErrJobURL, "ACTIONS_ID_TOKEN_REQUEST_URL"},
		{"managed identity", entra.ErrClientForm, "Object ID"},
		{"CA file", fs.ErrNotExist, "--ca-file"},
	} {
		wrapped := &token.SettingError{Setting: test.setting, Found: "x", Err: test.err}
		refused := checkRefusal(t, s.ExplainToken(fmt.Errorf("acquiring: %w", wrapped)), test.err)
		if refused.Error() != wrapped.Error() || !strings.Contains(strings.Join(refused.Hints(), "\n"), test.hint) {
			t.Errorf("%v: %q with hints %q, want one with %q", wrapped, refused, refused.Hints(), test.hint)
		}
	}
	if other := errors.New("anything"); s.ExplainToken(other) != other || s.ExplainToken(nil) != nil {
		t.Error("an error that is not about a setting is changed")
	}
}
