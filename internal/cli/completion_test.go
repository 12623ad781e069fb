package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"m2m/internal/cli"
)

// completionsOf asks as a shell does, and returns the values and cobra's directive.
func completionsOf(t *testing.T, line ...string) (values []string, directive string) {
	t.Helper()
	var stdout bytes.Buffer
	env := &cli.Env{Args: append([]string{"__complete"}, line...), Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: new(bytes.Buffer), Now: time.Now}
	cli.Run(t.Context(), env, commands)
	for l := range strings.Lines(stdout.String()) {
		l = strings.TrimSuffix(l, "\n")
		if strings.HasPrefix(l, ":") {
			return values, l
		}
		value, description, _ := strings.Cut(l, "\t")
		if strings.Contains(description, "`") {
			t.Errorf("%q: a backquote in the description %q", line, description)
		}
		values = append(values, value)
	}
	return values, ""
}

// The directives of cobra, as it prints them.
const (
	nothingElse = ":4"
	noSpace     = ":6"
	files       = ":0"
	folders     = ":16"
)

func TestCompletion(t *testing.T) {
	folder := t.TempDir()
	t.Chdir(folder)
	for _, name := range []string{"token.txt", "smoke.yaml", "notes.txt"} {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(folder, "suites"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		line      string // the last word is what is typed so far
		want      string // values that must be there, by blanks
		not       string // that must not
		directive string
	}{
		{"token -o |", "raw json header curl exec-credential", "yaml", nothingElse},
		{"verify -o |", "text json", "raw", nothingElse},
		{"call -o |", "body json", "", nothingElse},
		{"test -o |", "text json", "", nothingElse},
		{"verify --color |", "auto always never", "", nothingElse},
		{"verify --cloud |", "public usgov china", "", nothingElse},
		{"token --federated |", "github azure-pipelines managed-identity", "", nothingElse},
		{"tenant mint --key |", "current other withdrawn embedded", "", nothingElse},
		{"serve --log-format |", "text json", "", nothingElse},
		{"call -X P|", "POST PUT PATCH", "GET", nothingElse},
		{"help AADSTS7000|", "AADSTS7000215 AADSTS7000222", "AADSTS50013 token", nothingElse},
		{"help 7000|", "7000215", "", nothingElse},
		{"help t|", "token test tenant", "", nothingElse},
		{"help tenant |", "mint fault", "", nothingElse},
		{"man tenant m|", "mint", "", nothingElse},
		{"tenant fault token:4|", "token:429", "keys:roll", nothingElse},
		{"tenant fault clock|", "clock=+10m", "", nothingElse},
		{"serve --fault keys:w|", "keys:withdraw", "", nothingElse},
		{"probe --only alg-none|", "alg-none alg-none-capital", "jwk", nothingElse},
		{"verify @t|", "@token.txt", "@notes.txt", nothingElse},
		{"verify |", "", "token.txt", nothingElse},
		{"call -d @|", "@token.txt @notes.txt", "", noSpace},
		{"test s|", "smoke.yaml suites/ schema", "notes.txt", noSpace},
		{"tenant check sm|", "smoke.yaml", "", nothingElse},
		{"token --client-secret-file |", "", "", files},
		{"verify --env-file |", "", "", files},
		{"man --output-dir |", "", "", folders},
		{"token --scope |", "", "", nothingElse},
		{"call |", "", "", nothingElse},
		{"token |", "", "", nothingElse},
		{"to|", "token", "call", nothingElse},
		{"tenant |", "mint fault init check schema", "token", nothingElse},
		{"call --expect-|", "--expect-header --expect-jq --expect-body", "--header", nothingElse},
	} {
		line := strings.Split(strings.TrimSuffix(tt.line, "|"), " ")
		values, directive := completionsOf(t, line...)
		for _, want := range strings.Fields(tt.want) {
			if !slices.Contains(values, want) {
				t.Errorf("%s: %s is not among %q", tt.line, want, values)
			}
		}
		for _, not := range strings.Fields(tt.not) {
			if slices.Contains(values, not) {
				t.Errorf("%s: %s is among %q", tt.line, not, values)
			}
		}
		if directive != tt.directive {
			t.Errorf("%s: directive %s, want %s", tt.line, directive, tt.directive)
		}
	}
}
