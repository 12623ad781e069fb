package settings

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/exit"
)

func TestParseEnvFile(t *testing.T) {
	for name, test := range map[string]struct {
		file string
		want vars
	}{
		"empty":                    {"", vars{}},
		"comments and blank lines": {"\n# a comment = no setting\n  # another\n\nTENANT_ID=a\n", vars{"TENANT_ID": "a"}},
		"no end of line":           {"TENANT_ID=a", vars{"TENANT_ID": "a"}},
		"Windows lines":            {"TENANT_ID=a\r\nCLIENT_ID=b\r\n", vars{"TENANT_ID": "a", "CLIENT_ID": "b"}},
		"a command is no command":  {"TENANT_ID=$(id)", vars{"TENANT_ID": "$(id)"}},
		"old Mac lines":            {"TENANT_ID=a\rCLIENT_ID=b", vars{"TENANT_ID": "a", "CLIENT_ID": "b"}},
		"byte order mark":          {"\ufeffTENANT_ID=a", vars{"TENANT_ID": "a"}},
		"export and spaces": {
			"export TENANT_ID = a \n\texport\tCLIENT_ID=b", vars{"TENANT_ID": "a", "CLIENT_ID": "b"},
		},
		"colon":                  {"TENANT_ID: a", vars{"TENANT_ID": "a"}},
		"empty is not set":       {"TENANT_ID=\nCLIENT_ID=''\nAPI_SCOPE=  # later\nAPI_URL=a", vars{"API_URL": "a"}},
		"the last of two counts": {"TENANT_ID=a\nTENANT_ID=b", vars{"TENANT_ID": "b"}},
		"other names": {
			"PATH=/evil\nLD_PRELOAD=x\nHTTPS_PROXY=y\nother-name=$X\nTENANT_ID=a", vars{"TENANT_ID": "a"},
		},
		"other names over lines": {
			"PRIVATE_KEY=\"-----BEGIN\nTENANT_ID=no\n-----END\"\nTENANT_ID=a", vars{"TENANT_ID": "a"},
		},
		"comment behind a value": {
			"TENANT_ID=a # b\nCLIENT_ID='c' # d\nAPI_SCOPE=\"e\"\t# f",
			vars{"TENANT_ID": "a", "CLIENT_ID": "c", "API_SCOPE": "e"},
		},
		"references to settings": {
			"CLIENT_ID=a\nAPI_SCOPE=api://${CLIENT_ID}/.default",
			vars{"CLIENT_ID": "a", "API_SCOPE": "api://a/.default"},
		},
		"references in quotes": {
			"CLIENT_ID=a\nAPI_SCOPE=\"api://${CLIENT_ID}/.default\"",
			vars{"CLIENT_ID": "a", "API_SCOPE": "api://a/.default"},
		},
		"no reference in single quotes": {"CLIENT_ID=a\nAPI_SCOPE='api://${CLIENT_ID}/.default'",
			vars{"CLIENT_ID": "a", "API_SCOPE": "api://${CLIENT_ID}/.default"}},
		"paths of Windows": {`M2M_CA_FILE=C:\certs\new.pem`, vars{"M2M_CA_FILE": `C:\certs\new.pem`}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseEnvFile(".env", []byte(test.file))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A secret arrives as it was written, or not at all.
func TestSecretsAreNotChanged(t *testing.T) {
	for _, secret := range []string{
		"Ab18Q~aB.c_d-e", "a#b", "#a", "a=b", "a:b", "a+b/c==", "a$b", "$", "a$", "a*b?[c]", "a!b", "a%20b", `a"b`, `a\b`,
		"a~", "~a", "é", "a`b`", "a&b;c|d", "{a}", "a b",
	} {
		for _, form := range []string{"%s", "'%s'", `"%s"`} {
			line := "CLIENT_SECRET=" + strings.Replace(form, "%s", secret, 1) + "\n"
			got, err := parseEnvFile(".env", []byte(line))
			switch {
			case err != nil && form == "'%s'":
				t.Errorf("%s is refused: %v", line, err)
			case err != nil:
				if !errors.Is(err, errEnvFileAmbiguous) && !errors.Is(err, errEnvFileSyntax) {
					t.Errorf("%s: %v", line, err)
				}
			case got["CLIENT_SECRET"] != secret:
				t.Errorf("%s is read as %q", line, got["CLIENT_SECRET"])
			}
		}
	}
}

// What Entra puts into a secret needs no quotes at all.
func TestEntraSecretsNeedNoQuotes(t *testing.T) {
	for _, secret := range []string{secretA, "_.-~8Q~_.-~abc", "a#b~c", "/abc+def=", "ab$cd"} {
		got, err := parseEnvFile(".env", []byte("CLIENT_SECRET="+secret))
		if err != nil || got["CLIENT_SECRET"] != secret {
			t.Errorf("%s is read as %q, %v", secret, got["CLIENT_SECRET"], err)
		}
	}
}

func TestParseEnvFileRefusals(t *testing.T) {
	for name, test := range map[string]struct {
		file string
		want error
		text string // how the message starts
	}{
		"no equals sign": {
			"TENANT_ID=a\n\nCLIENT_SECRET hunter2\n", errEnvFileSyntax, "stranger.env, line 3: expected NAME=value",
		},
		"no name": {"=hunter2", errEnvFileSyntax, "stranger.env, line 1: expected NAME=value"},
		"a name that is none": {
			"CLIENT SECRET=hunter2", errEnvFileSyntax, "stranger.env, line 1: expected NAME=value",
		},
		"open quote": {
			"A=1\nCLIENT_SECRET=\"hunter2\nTENANT_ID=a\n", errEnvFileSyntax,
			"stranger.env, line 2: a quote is opened",
		},
		"after the quote": {
			"CLIENT_SECRET='hunter2'more", errEnvFileSyntax, "stranger.env, line 1: something follows",
		},
		"after a quote over lines": {
			"A='1\n2'\nCLIENT_SECRET='a\nhunter2'more", errEnvFileSyntax, "stranger.env, line 3: something follows",
		},
		"a variable in a secret": {
			"X=1\nCLIENT_SECRET=hunter2$X1", errEnvFileAmbiguous,
			"stranger.env, line 2: the value of CLIENT_SECRET",
		},
		"a setting in a secret": {
			"CLIENT_ID=1\nCLIENT_SECRET=hunter2${CLIENT_ID}", errEnvFileAmbiguous,
			"stranger.env, line 2: the value of CLIENT_SECRET",
		},
		"a variable of the system": {
			"AZURE_FEDERATED_TOKEN_FILE=$HOME/.ssh/id_rsa", errEnvFileAmbiguous,
			"stranger.env, line 1: the value of AZURE_FEDERATED",
		},
		"escape": {
			`CLIENT_SECRET="hunter2\n"`, errEnvFileAmbiguous, "stranger.env, line 1: the value of CLIENT_SECRET",
		},
		"escaped dollar": {
			`CLIENT_SECRET=hunter2\$`, errEnvFileAmbiguous, "stranger.env, line 1: the value of CLIENT_SECRET",
		},
		"two comments": {
			"CLIENT_SECRET=hunter2 # b # c", errEnvFileAmbiguous,
			"stranger.env, line 1: the value of CLIENT_SECRET",
		},
		"not UTF-8": {
			"A=\xff\nCLIENT_SECRET=hunter2\xff", errEnvFileSyntax,
			"stranger.env, line 2: the value of CLIENT_SECRET is not UTF-8",
		},
		"UTF-16":                     {"\xff\xfeT\x00E\x00=\x00a\x00", errEnvFileSyntax, "stranger.env is not a text file"},
		"binary":                     {"\x7fELF\x02\x01\x01\x00", errEnvFileSyntax, "stranger.env is not a text file"},
		"a secret alone on its line": {"hunter2", errEnvFileSyntax, "stranger.env, line 1: expected NAME=value"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseEnvFile("stranger.env", []byte(test.file))
			refused := checkRefusal(t, err, test.want)
			said := refused.Error() + strings.Join(refused.Hints(), "")
			if !strings.HasPrefix(said, test.text) || strings.Contains(said, "hunter2") {
				t.Errorf("message: %s", said)
			}
		})
	}
}

func TestEnvFileAsFile(t *testing.T) {
	found := func(in *Input) { in.EnvFile = "" }
	named := func(in *Input) { in.EnvFile = ".env" }
	for name, test := range map[string]struct {
		prepare func(t *testing.T, path string)
		mode    func(*Input)
		want    error
	}{
		"absent, found":    {func(*testing.T, string) {}, found, nil},
		"absent, named":    {func(*testing.T, string) {}, named, errEnvFileMissing},
		"a folder, found":  {mkdir, found, nil},
		"a folder, named":  {mkdir, named, errEnvFileUnreadable},
		"too large, found": {fill(MaxEnvFile + 1), found, errEnvFileTooLarge},
		"too large, named": {fill(MaxEnvFile + 1), named, errEnvFileTooLarge},
		"large enough":     {fill(MaxEnvFile), found, nil},
		"forbidden, found": {forbid, found, errEnvFileUnreadable},
		"forbidden, named": {forbid, named, errEnvFileUnreadable},
	} {
		t.Run(name, func(t *testing.T) {
			in := givenSettings{}.input(t)
			test.prepare(t, filepath.Join(in.Dir, ".env"))
			test.mode(&in)
			_, err := Resolve(in)
			if test.want != nil {
				checkRefusal(t, err, test.want)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func mkdir(t *testing.T, path string) {
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
}

func fill(size int) func(*testing.T, string) {
	return func(t *testing.T, path string) { writeFile(t, path, strings.Repeat("#", size)) }
}

func forbid(t *testing.T, path string) {
	if runtime.GOOS == "windows" || os.Geteuid() == 0 {
		t.Skip("nothing is forbidden to this user")
	}
	writeFile(t, path, "TENANT_ID=a")
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
}

// No input panics, and whatever is wrong, the message holds nothing of the
// file: § stands for a secret at places that the fuzzer chooses.
func FuzzParseEnvFile(f *testing.F) {
	for _, seed := range []string{
		"", "CLIENT_SECRET=§", "CLIENT_SECRET='§", "CLIENT_SECRET=\"§\\", "§", "§=§", "CLIENT_SECRET §", "export §", "A='1'§",
		"CLIENT_SECRET=§$X\n",
		"TENANT_ID=§\nAPI_SCOPE=${TENANT_ID}", "CLIENT_SECRET='§'§", "# §\n\nCLIENT_ID: \"§\n§\"",
		"\ufeffCLIENT_SECRET=§ # § # §", "CLIENT_SECRET=\xff§", "CLIENT_SECRET=\x00§",
		"CLIENT_SECRET=§\rTENANT_ID=§", "CLIENT_SECRET=''§''", "API_SCOPE=\"$§\"\nAPI_SCOPE=a",
	} {
		f.Add([]byte(seed))
	}
	const secret = "HUNTER2"
	f.Fuzz(func(t *testing.T, template []byte) {
		data := []byte(strings.ReplaceAll(string(template), "§", secret))
		values, err := parseEnvFile(".env", data)
		if err != nil {
			checkNothingShown(t, err, secret)
			return
		}
		for name, value := range values {
			row := RowOfVariable(name)
			if row.Setting == "" {
				t.Errorf("%q is no setting", name)
			}
			if row.Secret && !strings.Contains(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(data)), value) {
				t.Errorf("%s is not as it stands in the file: %q", name, value)
			}
		}
	})
}

func checkNothingShown(t *testing.T, err error, secret string) {
	t.Helper()
	var refused *exit.Error
	if !errors.As(err, &refused) {
		t.Fatalf("not an exit.Error: %v", err)
	}
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		if strings.Contains(cause.Error(), secret) {
			t.Errorf("a value is shown: %v", cause)
		}
	}
	if strings.Contains(strings.Join(refused.Hints(), ""), secret) {
		t.Errorf("a value is shown: %v", refused.Hints())
	}
}
