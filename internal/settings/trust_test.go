package settings

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var (
	acquires    = Uses{Credential: true}
	calls       = Uses{Credential: true, APIURL: true}
	sendsAToken = Uses{GivenToken: true, APIURL: true}
)

// with returns the union of variables.
func with(sets ...vars) vars {
	all := vars{}
	for _, set := range sets {
		for name, value := range set {
			all[name] = value
		}
	}
	return all
}

const fileA = "TENANT_ID=" + tenantA + "\nCLIENT_ID=" + clientA + "\nCLIENT_SECRET=" + secretA + "\n"

func envA() vars { return vars{"TENANT_ID": tenantA, "CLIENT_ID": clientA, "CLIENT_SECRET": secretA} }

// Rule 1: tenant, client and credential come from one place.
func TestIdentityIsFromOnePlace(t *testing.T) {
	const idsA = "TENANT_ID=" + tenantA + "\nCLIENT_ID=" + clientA + "\n"
	secretOnly := vars{"CLIENT_SECRET": secretA}
	for name, test := range map[string]struct {
		given givenSettings
		want  error // nil: allowed
	}{
		"all in the environment": {givenSettings{env: envA()}, nil},
		"all in .env":            {givenSettings{file: fileA}, nil},
		"environment complete, .env ignored": {
			givenSettings{env: envA(), file: "TENANT_ID=" + tenantB + "\nCLIENT_ID=" + clientB}, nil,
		},
		"secret in the environment, IDs in .env": {givenSettings{env: secretOnly, file: idsA}, errFoundMixed},
		"only the tenant in .env": {
			givenSettings{env: with(secretOnly, vars{"CLIENT_ID": clientA}), file: idsA}, errFoundMixed,
		},
		"only the client in .env": {
			givenSettings{env: with(secretOnly, vars{"TENANT_ID": tenantA}), file: idsA}, errFoundMixed,
		},
		"a .env that is named is the caller's own": {givenSettings{env: secretOnly, file: idsA, named: true}, nil},
		"a secret that is named, the rest outside": {
			givenSettings{file: "CLIENT_SECRET=" + secretA, env: vars{"TENANT_ID": tenantA, "CLIENT_ID": clientA}, named: true}, nil,
		},
		"a complete file that is named, other IDs outside": {
			givenSettings{file: fileA, env: vars{"TENANT_ID": tenantB, "AZURE_CLIENT_ID": clientB}, named: true}, nil,
		},
		"secret by flag, IDs in .env": {
			givenSettings{flags: flagged{"client-secret-file": {"-"}}, file: idsA}, errFoundMixed,
		},
		"federated file in the environment": {
			givenSettings{env: vars{"AZURE_FEDERATED_TOKEN_FILE": "/t"}, file: idsA}, errFoundMixed,
		},
		"GitHub's token, IDs in .env": {
			givenSettings{flags: flagged{"federated": {"github"}}, file: idsA}, errFoundMixed,
		},
		"a certificate's password in .env": {
			givenSettings{
				env:  vars{"TENANT_ID": tenantA, "CLIENT_ID": clientA, "AZURE_CLIENT_CERTIFICATE_PATH": "c"},
				file: "AZURE_CLIENT_CERTIFICATE_PASSWORD=pw",
			},
			errFoundMixed,
		},
		"a managed identity has no tenant to mix": {
			givenSettings{flags: flagged{"managed-identity": {"true"}}, file: idsA}, nil,
		},
		"IDs by flag, secret in the environment": {
			givenSettings{env: secretOnly, flags: flagged{"tenant": {tenantA}, "client-id": {clientA}}}, nil,
		},
		"IDs in the environment, secret by flag": {
			givenSettings{
				env: vars{"TENANT_ID": tenantA, "CLIENT_ID": clientA}, flags: flagged{"client-secret-file": {"-"}},
			},
			nil,
		},
		"flags override a .env with the secret": {
			givenSettings{file: fileA, flags: flagged{"tenant": {tenantB}, "client-id": {clientB}}}, nil,
		},
		"flags override IDs in .env": {
			givenSettings{env: secretOnly, file: idsA, flags: flagged{"tenant": {tenantB}, "client-id": {clientB}}},
			nil,
		},
		"secret in .env, another tenant outside": {
			givenSettings{file: fileA, env: vars{"TENANT_ID": tenantB}}, errFoundOtherIDs,
		},
		"secret in .env, another client outside": {
			givenSettings{file: fileA, env: vars{"AZURE_CLIENT_ID": clientB}}, errFoundOtherIDs,
		},
		"secret in .env, the same tenant outside": {
			givenSettings{file: fileA, env: vars{"AZURE_TENANT_ID": tenantA, "CLIENT_ID": clientA}}, nil,
		},
		"secret alone in .env, the rest outside": {
			givenSettings{file: "CLIENT_SECRET=" + secretA, env: vars{"TENANT_ID": tenantA, "CLIENT_ID": clientA}},
			errFoundOtherIDs,
		},
		"no credential at all": {
			givenSettings{file: "TENANT_ID=" + tenantA, env: vars{"CLIENT_ID": clientA}}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			test.given.uses = acquires
			if test.want == nil {
				test.given.resolve(t)
				return
			}
			refused := test.given.refusal(t, test.want)
			if !strings.Contains(refused.Error(), ".env") {
				t.Errorf("the file is not named: %s", refused)
			}
			if hints := strings.Join(refused.Hints(), "\n"); !strings.Contains(hints, "--env-file .env") {
				t.Errorf("the way out is not named: %s", hints)
			}
			wayOut := test.given
			wayOut.named = true
			if _, err := Resolve(wayOut.input(t)); err != nil {
				t.Errorf("the way out leads to another error: %v", err)
			}
			test.given.uses = Uses{}
			test.given.resolve(t) // verify and serve use no credential
		})
	}
}

func TestIdentityRefusalNamesBothPlaces(t *testing.T) {
	refused := givenSettings{
		env: vars{"CLIENT_SECRET": secretA}, file: "TENANT_ID=" + tenantB, uses: acquires,
	}.refusal(t, errFoundMixed)
	for _, want := range []string{"TENANT_ID in .env", "the environment (CLIENT_SECRET)"} {
		if !strings.Contains(refused.Error(), want) {
			t.Errorf("%q does not name %s", refused.Error(), want)
		}
	}
	if want := "not set: CLIENT_ID, API_SCOPE"; !strings.Contains(refused.Error(), want) {
		t.Errorf("%q does not say %s", refused.Error(), want)
	}
}

// Rule 2: no destination in .env for a secret that is not.
func TestDestinationIsFromWhereTheSecretIs(t *testing.T) {
	for name, test := range map[string]struct {
		given givenSettings
		want  error
	}{
		"login host": {
			givenSettings{env: envA(), file: "AZURE_AUTHORITY_HOST=https://evil.example", uses: acquires},
			errFoundAuthority,
		},
		"another cloud": {
			givenSettings{env: envA(), file: "AZURE_AUTHORITY_HOST=https://login.microsoftonline.us", uses: acquires},
			errFoundMixed,
		},
		"the default host": {
			givenSettings{env: envA(), file: "AZURE_AUTHORITY_HOST=https://login.microsoftonline.com/", uses: acquires},
			nil,
		},
		"API address": {
			givenSettings{env: envA(), file: "API_URL=https://evil.example", uses: calls}, errFoundMixed,
		},
		"the default address": {givenSettings{env: envA(), file: "API_URL=http://127.0.0.1:8000/", uses: calls}, nil},
		"address not used":    {givenSettings{env: envA(), file: "API_URL=https://evil.example", uses: acquires}, nil},
		"extra CA": {
			givenSettings{env: envA(), file: "M2M_CA_FILE=ca.pem", uses: acquires}, errFoundMixed,
		},
		"secret by flag": {
			givenSettings{flags: flagged{"client-secret-file": {"-"}, "tenant": {tenantA}, "client-id": {clientA}},
				file: "API_URL=https://evil.example", uses: calls}, errFoundMixed},
		"managed identity": {
			givenSettings{
				flags: flagged{"managed-identity": {"true"}}, file: "API_URL=https://evil.example", uses: calls,
			},
			errFoundMixed,
		},
		"a file that is named is the caller's own": {
			givenSettings{
				env: envA(), file: "AZURE_AUTHORITY_HOST=https://proxy.example\nM2M_CA_FILE=/ca.pem\nAPI_URL=https://api.example",
				named: true, uses: calls}, nil,
		},
		"a header that is a credential": {
			givenSettings{file: "API_URL=https://evil.example", uses: Uses{APIURL: true, Carries: "the header X-Api-Key"}}, errFoundMixed,
		},
		"a body, and all else of one .env": {
			givenSettings{file: fileA + "API_URL=https://evil.example", uses: Uses{Credential: true, APIURL: true, Carries: "the body"}},
			errFoundMixed,
		},
		"a header, and CA": {
			givenSettings{file: "M2M_CA_FILE=ca.pem", uses: Uses{Carries: "the header X-Api-Key"}}, errFoundMixed,
		},
		"nothing that may be secret": {
			givenSettings{file: "API_URL=https://api.example\nM2M_CA_FILE=ca.pem", uses: Uses{APIURL: true}}, nil,
		},
		"a token that was given": {
			givenSettings{file: fileA + "API_URL=https://evil.example", uses: sendsAToken}, errFoundMixed,
		},
		"a token that was given, and CA": {
			givenSettings{file: "M2M_CA_FILE=ca.pem", uses: Uses{GivenToken: true}}, errFoundMixed,
		},
		"all of one .env": {givenSettings{
			file: fileA + "API_URL=https://api.example\nM2M_CA_FILE=ca.pem\nAZURE_AUTHORITY_HOST=login.microsoftonline.us",
			uses: calls}, nil},
		"secret in .env, destination in the environment": {givenSettings{
			file: fileA, env: vars{"API_URL": "https://api.example", "AZURE_AUTHORITY_HOST": "https://127.0.0.1:8443"},
			uses: calls}, nil},
		"overridden by a flag": {givenSettings{env: envA(),
			file:  "AZURE_AUTHORITY_HOST=https://evil.example\nM2M_CA_FILE=ca.pem",
			flags: flagged{"cloud": {"public"}, "ca-file": {"x"}}, uses: acquires}, nil},
		"overridden by the environment": {givenSettings{env: with(envA(), vars{"API_URL": "https://api.example"}),
			file: "API_URL=https://evil.example", uses: calls}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if test.want == nil {
				test.given.resolve(t)
				return
			}
			test.given.refusal(t, test.want)
		})
	}
}

// Rule 3: a found .env names no file outside its folder and no foreign host.
func TestFoundFileStaysInItsFolder(t *testing.T) {
	outside := t.TempDir()
	writeFile(t, filepath.Join(outside, "id_rsa"), "key")
	links := func(t *testing.T, dir string) {
		writeFile(t, filepath.Join(dir, "sub", "file"), "x")
		for name, target := range map[string]string{
			"leaves": filepath.Join(outside, "id_rsa"), "folder": outside, "stays": filepath.Join(dir, "sub", "file"),
			"dangling": filepath.Join(outside, "later"), "loop": filepath.Join(dir, "loop"),
		} {
			if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
				t.Skip("no symbolic links here:", err)
			}
		}
	}
	paths := map[string]error{
		"file": nil, "./sub/../file": nil, "sub/new/file": nil, "stays": nil, "..file": nil, ".": nil,
		"../file": ErrEnvFileOutside, "/etc/passwd": ErrEnvFileOutside, "sub/../../file": ErrEnvFileOutside,
		"~/.ssh/id_rsa": ErrEnvFileOutside, "~root/x": ErrEnvFileOutside, "..": ErrEnvFileOutside,
		"leaves": ErrEnvFileOutside, "folder/id_rsa": ErrEnvFileOutside, "folder/new/cache": ErrEnvFileOutside,
		"dangling": ErrEnvFileOutside, "loop": ErrEnvFileOutside,
	}
	for _, name := range []string{
		"AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE", "M2M_CA_FILE", "M2M_CACHE_DIR", "M2M_STATE_DIR",
	} {
		for path, want := range paths {
			t.Run(name+"="+path, func(t *testing.T) {
				g := givenSettings{file: name + "='" + path + "'", prepare: links}
				if want == nil {
					g.resolve(t)
					return
				}
				refused := g.refusal(t, want)
				if said := refused.Error(); !strings.Contains(said, name+" in .env") {
					t.Errorf("%q does not name its setting", said)
				}
				g.uses = acquires
				g.refusal(t, want)
				if _, err := ResolvePlaces(g.input(t)); strings.HasSuffix(name, "_DIR") {
					checkRefusal(t, err, want)
				}

				overridden := g
				overridden.env = vars{name: "/elsewhere"}
				overridden.uses = Uses{}
				overridden.resolve(t)
				g.named, g.uses = true, Uses{}
				g.resolve(t) // a file that is named is trusted this far
			})
		}
	}
}

func TestAbsolutePathInsideTheFolder(t *testing.T) {
	in := givenSettings{}.input(t)
	inside := filepath.Join(in.Dir, "ca.pem")
	writeFile(t, filepath.Join(in.Dir, ".env"), "M2M_CA_FILE='"+inside+"'")
	s, err := Resolve(in)
	if err != nil || s.CAFile.Value != inside {
		t.Errorf("got %v, %v", s, err)
	}
}

func TestFoundFileNamesEntrasHostsOnly(t *testing.T) {
	for host, want := range map[string]error{
		"https://login.microsoftonline.com": nil, "login.microsoftonline.us": nil,
		"https://LOGIN.partner.microsoftonline.cn/": nil,
		"https://evil.example":                      errFoundAuthority, "https://127.0.0.1:8443": errFoundAuthority,
		"https://login.microsoftonline.com:444":          errFoundAuthority,
		"https://login.microsoftonline.com.evil.example": errFoundAuthority,
	} {
		t.Run(host, func(t *testing.T) {
			for _, file := range []string{"", fileA} { // whether or not the secret is there too
				g := givenSettings{file: file + "AZURE_AUTHORITY_HOST=" + host}
				for _, g.uses = range []Uses{{}, acquires} {
					if want != nil {
						g.refusal(t, want)
					} else {
						g.resolve(t)
					}
				}
				g.named = true
				g.resolve(t)
			}
		})
	}
}

// What a named .env says is resolved from its own folder, as is a found one's.
func TestPathsStartWhereTheyAreWritten(t *testing.T) {
	in := givenSettings{uses: acquires}.input(t)
	writeFile(t, filepath.Join(in.Dir, "conf", "prod.env"),
		"AZURE_CLIENT_CERTIFICATE_PATH=../keys/c.pem\nM2M_CACHE_DIR=cache")
	in.EnvFile = filepath.Join("conf", "prod.env")
	s, err := Resolve(in)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(in.Dir, "keys", "c.pem"); s.Credential.File != want {
		t.Errorf("certificate = %s, want %s", s.Credential.File, want)
	}
	if want := filepath.Join(in.Dir, "conf", "cache"); s.Places.CacheDir != want {
		t.Errorf("cache = %s, want %s", s.Places.CacheDir, want)
	}
	if got, want := s.Credential.From.String(),
		filepath.Join("conf", "prod.env")+" (AZURE_CLIENT_CERTIFICATE_PATH)"; got != want {
		t.Errorf("source = %s, want %s", got, want)
	}
}

func TestNoEnvFile(t *testing.T) {
	s, _ := givenSettings{file: "TENANT_ID=" + tenantA, noFile: true}.resolve(t)
	if s.Tenant.Value != "" || s.EnvFile != "" {
		t.Errorf("a .env was read: %+v", s)
	}
	if _, err := Resolve(givenSettings{file: "nonsense"}.input(t)); !errors.Is(err, errEnvFileSyntax) {
		t.Errorf("without noEnvFile: %v", err)
	}
}
