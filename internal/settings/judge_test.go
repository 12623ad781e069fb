package settings

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFoundFileDoesNotWiden: for judging tokens the caller's value wins per setting,
// and what a found .env gives next to it counts only as rule 4 says.
func TestFoundFileDoesNotWiden(t *testing.T) {
	const policy = "TENANT_ID=" + tenantA + "\nCLIENT_ID=" + clientA + "\nAPI_SCOPE=api://file/.default\nAPI_AUDIENCE=file\n" +
		"REQUIRED_ROLES=File.Role\nREQUIRED_SCOPES=File.Scope\nM2M_CA_FILE=file.pem"
	all := []string{"CLIENT_ID", "API_SCOPE", "API_AUDIENCE", "REQUIRED_SCOPES", "M2M_CA_FILE"}
	const withoutTenant = "API_AUDIENCE=file\nREQUIRED_SCOPES=File.Scope"
	for name, test := range map[string]struct {
		given  givenSettings
		unused []string
		want   string // tenants, audiences, scope, roles, scopes, CA
	}{
		"all of one .env": {
			givenSettings{file: policy}, nil, tenantA + " file api://file/.default File.Role File.Scope file.pem",
		},
		"another tenant": {
			givenSettings{file: policy, env: vars{"TENANT_ID": tenantB}}, all, tenantB + "   File.Role  ",
		},
		"another tenant by flag": {
			givenSettings{file: policy, flags: flagged{"tenant": {tenantB}}}, all, tenantB + "   File.Role  ",
		},
		"the same tenant": {
			givenSettings{file: policy, env: vars{"AZURE_TENANT_ID": strings.ToUpper(tenantA)}},
			[]string{"REQUIRED_SCOPES", "M2M_CA_FILE"}, strings.ToUpper(tenantA) + " file api://file/.default File.Role  ",
		},
		"the same tenant and one more": {
			givenSettings{file: policy, flags: flagged{"tenant": {tenantA, tenantB}}}, all, tenantA + "|" + tenantB + "   File.Role  ",
		},
		"an audience": {
			givenSettings{file: policy, env: vars{"API_AUDIENCE": "mine"}},
			[]string{"REQUIRED_SCOPES", "M2M_CA_FILE"}, tenantA + " mine  File.Role  ",
		},
		"a scope": {
			givenSettings{file: policy, env: vars{"API_SCOPE": "api://mine/.default"}},
			[]string{"API_AUDIENCE", "REQUIRED_SCOPES", "M2M_CA_FILE"}, tenantA + "  api://mine/.default File.Role  ",
		},
		"a client ID, which is the audience where nothing else is": {
			givenSettings{file: policy, env: vars{"CLIENT_ID": clientB}},
			[]string{"API_SCOPE", "API_AUDIENCE", "REQUIRED_SCOPES", "M2M_CA_FILE"}, tenantA + "   File.Role  ",
		},
		"roles": {
			givenSettings{file: policy, env: vars{"REQUIRED_ROLES": "Mine"}},
			[]string{"REQUIRED_SCOPES", "M2M_CA_FILE"}, tenantA + " file api://file/.default Mine  ",
		},
		"scopes alone, which let no app in": {
			givenSettings{file: policy, env: vars{"REQUIRED_SCOPES": "Mine"}},
			[]string{"REQUIRED_ROLES", "M2M_CA_FILE"}, tenantA + " file api://file/.default  Mine ",
		},
		"--client, --issuer or --jwks": {
			givenSettings{file: policy, uses: Uses{OwnPolicy: true}},
			[]string{"REQUIRED_SCOPES", "M2M_CA_FILE"}, tenantA + " file api://file/.default File.Role  ",
		},
		"no tenant anywhere": {
			givenSettings{file: withoutTenant}, []string{"API_AUDIENCE"}, "    File.Scope ",
		},
		"a tenant, and none in the file": {
			givenSettings{file: withoutTenant, env: vars{"TENANT_ID": tenantA}},
			[]string{"API_AUDIENCE", "REQUIRED_SCOPES"}, tenantA + "     ",
		},
		"a file that is named": {
			givenSettings{file: policy, named: true, env: vars{"TENANT_ID": tenantB, "REQUIRED_ROLES": "Mine"}},
			nil, tenantA + " file api://file/.default File.Role File.Scope file.pem",
		},
	} {
		t.Run(name, func(t *testing.T) {
			test.given.uses.Judge = true
			s, _ := test.given.resolve(t)
			ca, _ := textOf(s, CAFile)
			if s.CAFile.Value == "" {
				ca = ""
			}
			got := strings.Join([]string{
				strings.Join(s.Tenants.Value, "|"), strings.Join(s.Audiences.Value, "|"), s.Scope.Value,
				strings.Join(s.Roles.Value, "|"), strings.Join(s.Scopes.Value, "|"), ca,
			}, " ")
			if got != test.want {
				t.Errorf("in force: %q\n     want: %q", got, test.want)
			}
			if diff := cmp.Diff(test.unused, s.Unused); diff != "" {
				t.Errorf("not used (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSeveralTenants(t *testing.T) {
	both := tenantA + ", " + tenantB
	judging := Uses{Judge: true}
	s, _ := givenSettings{env: vars{"TENANT_ID": both}, uses: judging}.resolve(t)
	if diff := cmp.Diff([]string{tenantA, tenantB}, s.Tenants.Value); diff != "" || s.Tenant.Value != "" {
		t.Errorf("TENANT_ID (-want +got):\n%s, one %q", diff, s.Tenant.Value)
	}
	s, _ = givenSettings{flags: flagged{"tenant": {tenantA, tenantB}}, env: vars{"TENANT_ID": "x"}, uses: judging}.resolve(t)
	if diff := cmp.Diff([]string{tenantA, tenantB}, s.Tenants.Value); diff != "" {
		t.Errorf("--tenant twice (-want +got):\n%s", diff)
	}
	givenSettings{env: vars{"TENANT_ID": both}, uses: acquires}.refusal(t, errTenantSeveral)
	givenSettings{flags: flagged{"tenant": {tenantA, tenantB}}, uses: acquires}.refusal(t, errFlagTwice)
	givenSettings{env: vars{"TENANT_ID": tenantA + ","}, uses: judging}.refusal(t, errListMember)
	for _, row := range Rows {
		for _, f := range row.Flags {
			if f.kind == flagText && row.Setting != Tenant {
				givenSettings{flags: flagged{f.Name: {"a", "b"}}, uses: judging}.refusal(t, errFlagTwice)
			}
		}
	}
}
