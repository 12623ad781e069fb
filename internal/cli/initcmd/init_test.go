package initcmd

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestScript runs the commands in bash with an az that writes down its arguments:
// the quoting must hold, and each value must reach the command that needs it.
func TestScript(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash here")
	}
	for _, r := range []registration{
		{"m2m-api", "Data.Read"},
		{`it's "orders" $(touch pwned) ` + "`id`" + ` \ & <x>`, "a'b$(x)`y`&<z>"},
	} {
		dir := t.TempDir()
		const az = `#!/bin/sh
for a; do printf '%s|' "$a"; done >>"$LOG"; echo >>"$LOG"
case "$*" in
*'app create'*-client*) echo CLIENT;;
*'app create'*) echo API;;
*'credential reset'*) echo 'Q~se.cr_et-';;
*'cloud show'*) echo https://graph.example/;;
*'account show'*) echo TENANT;;
esac
`
		if err := os.WriteFile(filepath.Join(dir, "az"), []byte(az), 0o700); err != nil {
			t.Fatal(err)
		}
		script, err := r.script()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(bash)
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(script)
		cmd.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "LOG=" + filepath.Join(dir, "log")}
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v\n%s", err, script)
		}
		const values = "TENANT_ID=TENANT\nCLIENT_ID=CLIENT\nCLIENT_SECRET='Q~se.cr_et-'\nAPI_SCOPE=api://API/.default\n"
		if diff := cmp.Diff(values, string(out)); diff != "" {
			t.Errorf("last lines (-want +got):\n%s", diff)
		}
		log, err := os.ReadFile(filepath.Join(dir, "log"))
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(string(log)), "\n")
		_, afterID, _ := strings.Cut(lines[0], `[{"id":"`)
		id, _, _ := strings.Cut(afterID, `"`)
		roles, err := jsonText([]appRole{{id, []string{"Application"}, r.role, r.role, "Call " + r.name + " as an app with " + r.role, true}})
		if err != nil || len(id) != 36 {
			t.Fatalf("role %q: %v", id, err)
		}
		want := []string{
			"ad|app|create|--display-name|" + r.name + "|--sign-in-audience|AzureADMyOrg|--app-roles|" + roles + "|--query|appId|--output|tsv|",
			"ad|app|update|--id|API|--identifier-uris|api://API|",
			"cloud|show|--query|endpoints.microsoftGraphResourceId|--output|tsv|",
			"rest|--method|PATCH|--url|https://graph.example/v1.0/applications(appId='API')|--headers|Content-Type=application/json|" +
				`--body|{"api": {"requestedAccessTokenVersion": 2}}|`,
			"ad|sp|create|--id|API|--output|none|",
			"ad|app|create|--display-name|" + r.name + "-client|--sign-in-audience|AzureADMyOrg|--query|appId|--output|tsv|",
			"ad|sp|create|--id|CLIENT|--output|none|",
			"ad|app|credential|reset|--id|CLIENT|--append|--display-name|m2m|--query|password|--output|tsv|",
			"ad|app|permission|add|--id|CLIENT|--api|API|--api-permissions|" + id + "=Role|",
			"ad|app|permission|admin-consent|--id|CLIENT|",
			"account|show|--query|tenantId|--output|tsv|",
		}
		if diff := cmp.Diff(want, lines); diff != "" {
			t.Errorf("commands (-want +got):\n%s", diff)
		}
	}
}

func TestNames(t *testing.T) {
	for _, r := range []registration{
		{"a\nb", "Data.Read"}, {strings.Repeat("a", 101), "Data.Read"}, {"a", "Data Read"}, {"a", ".Read"}, {"a", ""},
		{"a", strings.Repeat("a", 121)}, {"a", `a"b`}, {"a", "a\x00"}, {"a", "é"},
	} {
		if r.check() == nil {
			t.Errorf("%+v is accepted", r)
		}
	}
	if err := (registration{"Orders, for everyone", "Orders/Read:all"}).check(); err != nil {
		t.Error(err)
	}
}
