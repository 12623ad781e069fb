package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/entra"
	"m2m/internal/exit"
)

const (
	tenantA = "aaaaaaaa-1111-4111-8111-aaaaaaaaaaaa"
	tenantB = "bbbbbbbb-2222-4222-8222-bbbbbbbbbbbb"
	clientA = "cccccccc-3333-4333-8333-cccccccccccc"
	clientB = "dddddddd-4444-4444-8444-dddddddddddd"
	secretA = "Ab18Q~secret-of-a_that.is-never.printed"
	secretB = "Xy98Q~secret-of-b_that.is-never.printed"
)

// vars and flagged are short for what tests give.
type (
	vars    = map[string]string
	flagged = map[string][]string
)

// givenSettings is what a test gives the resolver.
type givenSettings struct {
	flags   flagged
	local   vars
	env     vars
	file    string // the content of a .env
	named   bool   // the .env is named by --env-file
	uses    uses
	goos    string
	noFile  bool
	prepare func(t *testing.T, dir string)
}

// input lays the .env in a folder of its own and returns the resolver's input.
func (g givenSettings) input(t *testing.T) settingsInput {
	t.Helper()
	in := settingsInput{
		flags:     g.flags,
		local:     g.local,
		lookup:    func(name string) (string, bool) { v, ok := g.env[name]; return v, ok },
		dir:       t.TempDir(),
		noEnvFile: g.noFile,
		goos:      "linux",
		uses:      g.uses,
	}
	if g.goos != "" {
		in.goos = g.goos
	}
	if g.prepare != nil {
		g.prepare(t, in.dir)
	}
	if g.file != "" {
		writeFile(t, filepath.Join(in.dir, ".env"), g.file)
	}
	if g.named {
		in.envFile = ".env"
	}
	return in
}

// resolve expects success.
func (g givenSettings) resolve(t *testing.T) (*settings, settingsInput) {
	t.Helper()
	in := g.input(t)
	s, err := resolveSettings(in)
	if err != nil {
		t.Fatalf("resolveSettings: %v", err)
	}
	return s, in
}

// refusal expects an exit.Error that wraps want, says what to do and shows none
// of the secrets.
func (g givenSettings) refusal(t *testing.T, want error) *exit.Error {
	t.Helper()
	_, err := resolveSettings(g.input(t))
	return checkRefusal(t, err, want)
}

func checkRefusal(t *testing.T, err, want error) *exit.Error {
	t.Helper()
	var usage *exit.Error
	if !errors.Is(err, want) || !errors.As(err, &usage) {
		t.Fatalf("error = %v, want an exit.Error for: %v", err, want)
	}
	if len(usage.Hints()) == 0 {
		t.Errorf("%q comes without a hint", usage.Error())
	}
	said := usage.Error() + strings.Join(usage.Hints(), "")
	if strings.Contains(said, secretA) || strings.Contains(said, secretB) {
		t.Errorf("a secret is shown: %s", said)
	}
	return usage
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// textOf returns a setting as one text, and its source.
func textOf(s *settings, which setting) (string, source) {
	joined := func(g given[[]string]) (string, source) { return strings.Join(g.value, "|"), g.from }
	switch which {
	case settingAudiences:
		return joined(s.audiences)
	case settingRoles:
		return joined(s.roles)
	case settingScopes:
		return joined(s.scopes)
	case settingAPIURL:
		return s.apiURL.value, s.apiURL.from
	case settingCAFile:
		return filepath.Base(s.caFile.value), s.caFile.from
	}
	g := s.origin(which)
	return g.value, g.from
}

// plainSettings are the rows of DESIGN section 3 that hold one text or list,
// with three different values each.
var plainSettings = []struct {
	setting setting
	names   []string
	flag    string
	values  [3]string
	want    [3]string // what values become
}{
	{settingTenant, []string{"TENANT_ID", "AZURE_TENANT_ID"}, "tenant", [3]string{"a", "b", "c"}, [3]string{"a", "b", "c"}},
	{settingClient, []string{"CLIENT_ID", "AZURE_CLIENT_ID"}, "client-id", [3]string{"a", "b", "c"}, [3]string{"a", "b", "c"}},
	{settingScope, []string{"API_SCOPE"}, "scope", [3]string{"a", "b", "c"}, [3]string{"a", "b", "c"}},
	{settingAuthority, []string{"AZURE_AUTHORITY_HOST"}, "authority-host",
		[3]string{"https://login.microsoftonline.us/", "login.chinacloudapi.cn", "https://login.windows.net"},
		[3]string{"https://login.microsoftonline.us", "https://login.chinacloudapi.cn", "https://login.windows.net"}},
	{settingAudiences, []string{"API_AUDIENCE"}, "audience", [3]string{"a, b", " c ", "d"}, [3]string{"a|b", "c", "d"}},
	{settingRoles, []string{"REQUIRED_ROLES"}, "require-role", [3]string{"a, b", " c ", "d"}, [3]string{"a|b", "c", "d"}},
	{settingScopes, []string{"REQUIRED_SCOPES"}, "require-scope", [3]string{"a, b", " c ", "d"}, [3]string{"a|b", "c", "d"}},
	{settingAPIURL, []string{"API_URL"}, "", [3]string{"a", "b", "c"}, [3]string{"a", "b", "c"}},
	{settingCAFile, []string{"M2M_CA_FILE"}, "ca-file", [3]string{"a", "b", "c"}, [3]string{"a", "b", "c"}},
}

func TestPrecedence(t *testing.T) {
	for _, row := range plainSettings {
		t.Run(string(row.setting), func(t *testing.T) {
			name := row.names[0]
			expect := func(what string, g givenSettings, want string, from source) {
				t.Helper()
				s, _ := g.resolve(t)
				text, at := textOf(s, row.setting)
				if text != want || at != from {
					t.Errorf("%s: %q from %s, want %q from %s", what, text, at, want, from)
				}
			}
			file := name + "='" + row.values[0] + "'"
			inFile := source{layerEnvFile, name, ".env"}
			inEnv := source{layer: layerEnvironment, name: name}

			expect(".env", givenSettings{file: file}, row.want[0], inFile)
			expect("environment over .env", givenSettings{file: file, env: vars{name: row.values[1]}}, row.want[1], inEnv)
			expect("empty is not set", givenSettings{file: file, env: vars{name: " "}}, row.want[0], inFile)
			expect("local instead of both",
				givenSettings{file: file, env: vars{name: row.values[1]}, local: vars{name: row.values[2]}},
				row.want[2], source{layer: layerLocal, name: name})
			if row.flag != "" {
				expect("flag over everything",
					givenSettings{file: file, env: vars{name: row.values[1]}, local: vars{name: "x"}, flags: flagged{row.flag: {row.values[2]}}},
					row.want[2], source{layer: layerFlag, name: row.flag})
				givenSettings{flags: flagged{row.flag: {""}}}.refusal(t, exit.ErrFlagEmpty)
			}
			for _, twin := range row.names[1:] {
				expect("the plain name over its twin in one layer",
					givenSettings{env: vars{twin: "x", name: row.values[1]}}, row.want[1], inEnv)
				expect("the twin in a higher layer",
					givenSettings{file: file, env: vars{twin: row.values[1]}}, row.want[1], source{layer: layerEnvironment, name: twin})
			}
		})
	}
}

func TestLocalIsComplete(t *testing.T) {
	s, _ := givenSettings{
		local: vars{"TENANT_ID": tenantA},
		env:   vars{"CLIENT_ID": clientA, "CLIENT_SECRET": secretA, "API_SCOPE": "s", "API_URL": "u", "AZURE_AUTHORITY_HOST": "login.microsoftonline.us"},
		file:  "not a settings file at all",
		uses:  uses{credential: true},
	}.resolve(t)
	if s.client.value != "" || s.scope.value != "" || s.credential.kind != credentialNone || s.apiURL.value != defaultAPIURL || s.authority.value != defaultAuthority {
		t.Errorf("the environment completes the local tenant: %+v", s)
	}
	for _, beside := range []givenSettings{{local: vars{}}, {noFile: true}} {
		in := beside.input(t)
		in.envFile = "some.env"
		_, err := resolveSettings(in)
		checkRefusal(t, err, exit.ErrFlagConflict)
	}
}

func TestDefaults(t *testing.T) {
	s, _ := givenSettings{}.resolve(t)
	unset := source{layer: layerDefault}
	want := &settings{authority: given[string]{"https://login.microsoftonline.com", unset}, apiURL: given[string]{"http://127.0.0.1:8000", unset}}
	if diff := cmp.Diff(want, s, cmp.AllowUnexported(settings{}, given[string]{}, given[[]string]{}, source{}, credentialSettings{}, places{}, entra.Secret{})); diff != "" {
		t.Errorf("with nothing set (-want +got):\n%s", diff)
	}
}

func TestRepeatedFlags(t *testing.T) {
	s, _ := givenSettings{flags: flagged{"audience": {"a", "b,c"}}}.resolve(t)
	if diff := cmp.Diff([]string{"a", "b", "c"}, s.audiences.value); diff != "" {
		t.Errorf("--audience a --audience b,c (-want +got):\n%s", diff)
	}
}

// TestEmptyMembers: what is mostly a variable that is not set must not take a
// requirement away.
func TestEmptyMembers(t *testing.T) {
	for _, value := range []string{",", " , ,", "a,", ",a", "a,,b"} {
		for _, name := range []string{"API_AUDIENCE", "REQUIRED_ROLES", "REQUIRED_SCOPES"} {
			givenSettings{env: vars{name: value}}.refusal(t, errListMember)
		}
	}
	givenSettings{flags: flagged{"require-role": {"a", ""}}}.refusal(t, errListMember)
}

// TestScopesBesideRoles: a .env must not let users in where the caller named
// roles alone.
func TestScopesBesideRoles(t *testing.T) {
	roles := vars{"REQUIRED_ROLES": "Data.Read"}
	givenSettings{env: roles, file: "REQUIRED_SCOPES=User.Read"}.refusal(t, errEnvFileWidens)
	givenSettings{flags: flagged{"require-role": {"Data.Read"}}, file: "REQUIRED_SCOPES=User.Read"}.refusal(t, errEnvFileWidens)
	givenSettings{file: "REQUIRED_ROLES=Data.Read\nREQUIRED_SCOPES=User.Read"}.resolve(t)
	givenSettings{env: vars{"REQUIRED_ROLES": "Data.Read", "REQUIRED_SCOPES": "User.Read"}}.resolve(t)
}

func TestAuthority(t *testing.T) {
	for _, cloud := range entra.Clouds() {
		s, _ := givenSettings{
			flags: flagged{"cloud": {cloud.Name}},
			env:   vars{"AZURE_AUTHORITY_HOST": "https://elsewhere.example", "TENANT_ID": tenantA},
		}.resolve(t)
		if got, want := s.authorityURL().URL(), "https://"+cloud.Host+"/"+tenantA; got != want {
			t.Errorf("--cloud %s: %s, want %s", cloud.Name, got, want)
		}
	}
	givenSettings{flags: flagged{"cloud": {"azure"}}}.refusal(t, errCloudUnknown)
	givenSettings{flags: flagged{"cloud": {"public"}, "authority-host": {"login.microsoftonline.com"}}}.refusal(t, exit.ErrFlagConflict)
	plain := givenSettings{env: vars{"AZURE_AUTHORITY_HOST": "http://login.microsoftonline.com"}}.refusal(t, entra.ErrAuthorityHost)
	if !strings.HasPrefix(plain.Error(), "AZURE_AUTHORITY_HOST in the environment ") {
		t.Errorf("the source is missing: %s", plain)
	}
}

func TestSourceStrings(t *testing.T) {
	for _, test := range []struct {
		source          source
		string, subject string
	}{
		{source{}, "nowhere", "nowhere"},
		{source{layer: layerDefault}, "the default", "the default"},
		{source{layerEnvFile, "TENANT_ID", ".env"}, ".env (TENANT_ID)", "TENANT_ID in .env"},
		{source{layerEnvFile, "TENANT_ID", "a/b.env"}, "a/b.env (TENANT_ID)", "TENANT_ID in a/b.env"},
		{source{layer: layerEnvironment, name: "CLIENT_SECRET"}, "the environment (CLIENT_SECRET)", "CLIENT_SECRET in the environment"},
		{source{layer: layerLocal, name: "CLIENT_ID"}, "the local tenant", "CLIENT_ID of the local tenant"},
		{source{layer: layerFlag, name: "tenant"}, "--tenant", "--tenant"},
	} {
		if got := test.source.String(); got != test.string {
			t.Errorf("String of %+v = %q, want %q", test.source, got, test.string)
		}
		if got := test.source.subject(); got != test.subject {
			t.Errorf("subject of %+v = %q, want %q", test.source, got, test.subject)
		}
	}
}

func TestSettingRowsAreDistinct(t *testing.T) {
	seen := map[string]setting{}
	for _, row := range settingRows {
		if row.help == "" || len(row.names)+len(row.flags) == 0 {
			t.Errorf("the row of %q says nothing", row.setting)
		}
		for _, name := range slices.Concat(row.names, row.flagNames()) {
			if other, ok := seen[name]; ok {
				t.Errorf("%s is both %q and %q", name, other, row.setting)
			}
			seen[name] = row.setting
		}
	}
	if !slices.Contains(settingVariables(), "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN") {
		t.Error("settingVariables lacks a row")
	}
}
