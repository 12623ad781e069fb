package token_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"m2m/internal/entra"
	"m2m/internal/token"
)

// loadCertificate reads a file of a certificate as the command does.
func loadCertificate(path string, password entra.Secret, sendChain bool) (token.Credential, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return token.NewCertificate(token.CertificateFile{
		Path: path, Content: content, Password: password, SendChain: sendChain, Now: time.Now(),
	})
}

// writeFile makes a file in a folder of the test's own.
func writeFile(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
