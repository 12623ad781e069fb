package token_test

import (
	"os"
	"path/filepath"
	"testing"
)

// writeFile makes a file in a folder of the test's own.
func writeFile(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
