package entra_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// readFixture decodes a file of published facts, which no code of ours wrote.
func readFixture(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}
