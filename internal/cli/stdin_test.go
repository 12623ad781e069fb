package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"m2m/internal/cli"
)

// TestStdinAndFiles: - is stdin and @ a file for the flags that name one, and stdin is
// read by one of them.
func TestStdinAndFiles(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "secret.txt"), []byte("x1~abcdefghijklmnopqrstuvwxyz"), 0o600); err != nil {
		t.Fatal(err)
	}
	const ids = "TENANT_ID=72f9c1d4-0b6e-4a57-9c3d-5e8f2a1b7c60\nCLIENT_ID=5d2c8e31-7f40-4b9a-a1e6-3c9d0f8b2a74\n" +
		"API_SCOPE=api://orders/.default\nAZURE_AUTHORITY_HOST=https://127.0.0.1:1\n"
	for _, tt := range []struct{ line, stdin, want string }{
		{"call -d - --client-secret-file - /x", "", "--data and --client-secret-file both read stdin"},
		{"call --json @- --token-file - /x", "", "--json and --token-file both read stdin"},
		{"verify --jwks - -", "", "--jwks and the argument - both read stdin"},
		{"token --env-file - --client-secret-file -", "", "both read stdin"},
		{"test - -", "", "the argument - and the argument - both read stdin"},
		{"verify --jwks -", "{}", "stdin was read already"},
		{"token --ca-file -", "", "--ca-file cannot read stdin"},
		{"token --env-file - --no-cache --timeout 1 --client-secret-file secret.txt", ids, "127.0.0.1:1"},
		{"token --env-file - --no-cache --timeout 1 --client-secret-file @secret.txt", ids, "127.0.0.1:1"},
		{"token --env-file - --client-secret-file secret.txt", "nonsense", "stdin"},
		{"tenant check -", "tenants: 5", "stdin:1:"},
		{"test -", "requests: 5", "stdin:1:"},
	} {
		var stdout, stderr bytes.Buffer
		env := &cli.Env{
			Args: strings.Fields(tt.line), Stdin: strings.NewReader(tt.stdin), Stdout: &stdout, Stderr: &stderr, Dir: folder, Now: time.Now,
		}
		if code := cli.Run(t.Context(), env, commands); code == 0 || !strings.Contains(stderr.String(), tt.want) || stdout.Len() > 0 {
			t.Errorf("%s: exit code %d, stdout %q, want %q in:\n%s", tt.line, code, stdout.String(), tt.want, stderr.String())
		}
	}
}
