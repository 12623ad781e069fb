package settings

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
	uses    Uses
	goos    string
	noFile  bool
	prepare func(t *testing.T, dir string)
}

// input writes the .env into a folder of its own and returns the input of Resolve.
func (g givenSettings) input(t *testing.T) Input {
	t.Helper()
	in := Input{
		Flags:     g.flags,
		Local:     g.local,
		Lookup:    func(name string) (string, bool) { v, ok := g.env[name]; return v, ok },
		Dir:       t.TempDir(),
		NoEnvFile: g.noFile,
		GOOS:      "linux",
		Uses:      g.uses,
	}
	if g.goos != "" {
		in.GOOS = g.goos
	}
	if g.prepare != nil {
		g.prepare(t, in.Dir)
	}
	if g.file != "" {
		writeFile(t, filepath.Join(in.Dir, ".env"), g.file)
	}
	if g.named {
		in.EnvFile = ".env"
	}
	return in
}

// resolve expects success.
func (g givenSettings) resolve(t *testing.T) (*Settings, Input) {
	t.Helper()
	in := g.input(t)
	s, err := Resolve(in)
	if err != nil {
		t.Fatalf("resolveSettings: %v", err)
	}
	return s, in
}

// refusal expects an exit.Error that wraps want, says what to do and shows none
// of the secrets.
func (g givenSettings) refusal(t *testing.T, want error) *exit.Error {
	t.Helper()
	_, err := Resolve(g.input(t))
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
func textOf(s *Settings, which Setting) (string, Source) {
	joined := func(g Given[[]string]) (string, Source) { return strings.Join(g.Value, "|"), g.From }
	switch which {
	case Audiences:
		return joined(s.Audiences)
	case RequiredRoles:
		return joined(s.Roles)
	case RequiredScopes:
		return joined(s.Scopes)
	case APIURL:
		return s.APIURL.Value, s.APIURL.From
	case CAFile:
		return filepath.Base(s.CAFile.Value), s.CAFile.From
	}
	g := s.origin(which)
	return g.Value, g.From
}

// plainSettings are the rows of DESIGN section 3 that hold one text or list,
// with three different values each.
var plainSettings = []struct {
	setting Setting
	names   []string
	flag    string
	values  [3]string
	want    [3]string // what values become
}{
	{Tenant, []string{"TENANT_ID", "AZURE_TENANT_ID"}, "tenant", [3]string{"a", "b", "c"}, [3]string{"a", "b", "c"}},
	{ClientID, []string{"CLIENT_ID", "AZURE_CLIENT_ID"}, "client-id", [3]string{"a", "b", "c"}, [3]string{"a", "b", "c"}},
	{Scope, []string{"API_SCOPE"}, "scope", [3]string{"a", "b", "c"}, [3]string{"a", "b", "c"}},
	{AuthorityHost, []string{"AZURE_AUTHORITY_HOST"}, "authority-host",
		[3]string{"https://login.microsoftonline.us/", "login.chinacloudapi.cn", "https://login.windows.net"},
		[3]string{"https://login.microsoftonline.us", "https://login.chinacloudapi.cn", "https://login.windows.net"}},
	{Audiences, []string{"API_AUDIENCE"}, "audience", [3]string{"a, b", " c ", "d"}, [3]string{"a|b", "c", "d"}},
	{RequiredRoles, []string{"REQUIRED_ROLES"}, "require-role", [3]string{"a, b", " c ", "d"}, [3]string{"a|b", "c", "d"}},
	{
		RequiredScopes, []string{"REQUIRED_SCOPES"}, "require-scope", [3]string{"a, b", " c ", "d"},
		[3]string{"a|b", "c", "d"},
	},
	{APIURL, []string{"API_URL"}, "", [3]string{"a", "b", "c"}, [3]string{"a", "b", "c"}},
	{CAFile, []string{"M2M_CA_FILE"}, "ca-file", [3]string{"a", "b", "c"}, [3]string{"a", "b", "c"}},
}

func TestPrecedence(t *testing.T) {
	for _, row := range plainSettings {
		t.Run(string(row.setting), func(t *testing.T) {
			name := row.names[0]
			expect := func(what string, g givenSettings, want string, from Source) {
				t.Helper()
				s, _ := g.resolve(t)
				text, at := textOf(s, row.setting)
				if text != want || at != from {
					t.Errorf("%s: %q from %s, want %q from %s", what, text, at, want, from)
				}
			}
			file := name + "='" + row.values[0] + "'"
			inFile := Source{LayerEnvFile, name, ".env"}
			inEnv := Source{Layer: LayerEnvironment, Name: name}

			expect(".env", givenSettings{file: file}, row.want[0], inFile)
			expect("environment over .env", givenSettings{file: file, env: vars{name: row.values[1]}}, row.want[1], inEnv)
			expect("empty is not set", givenSettings{file: file, env: vars{name: " "}}, row.want[0], inFile)
			expect("local instead of both",
				givenSettings{file: file, env: vars{name: row.values[1]}, local: vars{name: row.values[2]}},
				row.want[2], Source{Layer: layerLocal, Name: name})
			if row.flag != "" {
				expect("flag over everything",
					givenSettings{
						file: file, env: vars{name: row.values[1]}, local: vars{name: "x"},
						flags: flagged{row.flag: {row.values[2]}},
					},
					row.want[2], Source{Layer: layerFlag, Name: row.flag})
				givenSettings{flags: flagged{row.flag: {""}}}.refusal(t, exit.ErrFlagEmpty)
			}
			for _, twin := range row.names[1:] {
				expect("the plain name over its twin in one layer",
					givenSettings{env: vars{twin: "x", name: row.values[1]}}, row.want[1], inEnv)
				expect("the twin in a higher layer",
					givenSettings{file: file, env: vars{twin: row.values[1]}}, row.want[1],
					Source{Layer: LayerEnvironment, Name: twin})
			}
		})
	}
}

func TestLocalIsComplete(t *testing.T) {
	s, _ := givenSettings{
		local: vars{"TENANT_ID": tenantA, "API_URL": "local"},
		env: vars{"CLIENT_ID": clientA, "CLIENT_SECRET": secretA, "API_SCOPE": "s", "API_URL": "u",
			"AZURE_AUTHORITY_HOST": "login.microsoftonline.us"},
		file: "not a settings file at all",
		uses: Uses{Credential: true},
	}.resolve(t)
	if s.Client.Value != "" || s.Scope.Value != "" || s.Credential.Kind != KindNone || s.APIURL.Value != "local" ||
		s.Authority.Value != defaultAuthority {
		t.Errorf("the environment completes the local tenant: %+v", s)
	}
	in := givenSettings{noFile: true}.input(t)
	in.EnvFile = "some.env"
	_, err := Resolve(in)
	checkRefusal(t, err, exit.ErrFlagConflict)
}

func TestDefaults(t *testing.T) {
	s, _ := givenSettings{}.resolve(t)
	unset := Source{Layer: LayerDefault}
	want := &Settings{Authority: Given[string]{"https://login.microsoftonline.com", unset},
		APIURL: Given[string]{"http://127.0.0.1:8000", unset}}
	if diff := cmp.Diff(want, s,
		cmp.AllowUnexported(Settings{}, Given[string]{}, Given[[]string]{}, Source{}, Credential{}, Places{},
			entra.Secret{})); diff != "" {
		t.Errorf("with nothing set (-want +got):\n%s", diff)
	}
}

func TestRepeatedFlags(t *testing.T) {
	s, _ := givenSettings{flags: flagged{"audience": {"a", "b,c"}}}.resolve(t)
	if diff := cmp.Diff([]string{"a", "b", "c"}, s.Audiences.Value); diff != "" {
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

func TestAuthority(t *testing.T) {
	for _, cloud := range entra.Clouds() {
		s, _ := givenSettings{
			flags: flagged{"cloud": {cloud.Name}},
			env:   vars{"AZURE_AUTHORITY_HOST": "https://elsewhere.example", "TENANT_ID": tenantA},
		}.resolve(t)
		if got, want := s.AuthorityURL().URL(), "https://"+cloud.Host+"/"+tenantA; got != want {
			t.Errorf("--cloud %s: %s, want %s", cloud.Name, got, want)
		}
	}
	givenSettings{flags: flagged{"cloud": {"azure"}}}.refusal(t, errCloudUnknown)
	givenSettings{flags: flagged{"cloud": {"public"}, "authority-host": {"login.microsoftonline.com"}}}.refusal(t,
		exit.ErrFlagConflict)
	plain := givenSettings{env: vars{"AZURE_AUTHORITY_HOST": "http://login.microsoftonline.com"}}.refusal(t,
		entra.ErrAuthorityHost)
	if !strings.HasPrefix(plain.Error(), "AZURE_AUTHORITY_HOST in the environment ") {
		t.Errorf("the source is missing: %s", plain)
	}
}

func TestSourceStrings(t *testing.T) {
	for _, test := range []struct {
		source          Source
		string, subject string
	}{
		{Source{}, "nowhere", "nowhere"},
		{Source{Layer: LayerDefault}, "the default", "the default"},
		{Source{LayerEnvFile, "TENANT_ID", ".env"}, ".env (TENANT_ID)", "TENANT_ID in .env"},
		{Source{LayerEnvFile, "TENANT_ID", "a/b.env"}, "a/b.env (TENANT_ID)", "TENANT_ID in a/b.env"},
		{
			Source{Layer: LayerEnvironment, Name: "CLIENT_SECRET"}, "the environment (CLIENT_SECRET)",
			"CLIENT_SECRET in the environment",
		},
		{Source{Layer: layerLocal, Name: "CLIENT_ID"}, "the local tenant", "CLIENT_ID of the local tenant"},
		{Source{Layer: layerFlag, Name: "tenant"}, "--tenant", "--tenant"},
	} {
		if got := test.source.String(); got != test.string {
			t.Errorf("String of %+v = %q, want %q", test.source, got, test.string)
		}
		if got := test.source.Subject(); got != test.subject {
			t.Errorf("subject of %+v = %q, want %q", test.source, got, test.subject)
		}
	}
}

func TestSettingRowsAreDistinct(t *testing.T) {
	seen := map[string]Setting{}
	for _, row := range Rows {
		if row.Help == "" || len(row.Variables)+len(row.Flags) == 0 {
			t.Errorf("the row of %q says nothing", row.Setting)
		}
		for _, name := range slices.Concat(row.Variables, row.FlagNames()) {
			if other, ok := seen[name]; ok {
				t.Errorf("%s is both %q and %q", name, other, row.Setting)
			}
			seen[name] = row.Setting
		}
	}
	if !slices.Contains(Variables(), "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN") {
		t.Error("settingVariables lacks a row")
	}
}
