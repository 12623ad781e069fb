package settings

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"m2m/internal/entra"
)

// TestTemplate: what m2m init writes is the .env.example of the repository.
func TestTemplate(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", ".env.example"))
	if err != nil {
		t.Fatal(err)
	}
	if string(data) != Template {
		t.Error("template.env and .env.example differ: copy one over the other")
	}
}

// cp .env.example .env and four values are all that online use needs.
func TestEnvExample(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", ".env.example"))
	if err != nil {
		t.Fatal(err)
	}
	example := string(data)
	s, _ := givenSettings{file: example, uses: calls}.resolve(t)
	values := map[string]string{
		"TENANT_ID": s.Tenant.Value, "CLIENT_ID": s.Client.Value, "CLIENT_SECRET": s.Credential.Secret.Reveal(),
		"API_SCOPE": s.Scope.Value,
	}
	for name, value := range values {
		if !entra.IsPlaceholder(value) {
			t.Errorf("%s=%q is not seen to be a placeholder", name, value)
		}
	}
	checkRefusal(t, check(s), entra.ErrPlaceholder)

	filled := strings.NewReplacer("your-tenant-id", tenantA, "your-client-id", clientA, "your-client-secret", secretA,
		"your-api-client-id", clientB).Replace(example)
	s, _ = givenSettings{file: filled, uses: calls}.resolve(t)
	if err := check(s); err != nil {
		t.Errorf("filled in: %v", err)
	}
	if accepted, complete := entra.Audiences(s.Scope.Value, s.Client.Value); !complete {
		t.Errorf("API_AUDIENCE would be needed too: %q", accepted)
	}
}

// Every variable is in .env.example, and those that are commented out can be
// switched on.
func TestEnvExampleIsComplete(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", ".env.example"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range Variables() {
		if !strings.Contains(string(data), name) {
			t.Errorf(".env.example lacks %s", name)
		}
	}
	var on []string
	for line := range strings.Lines(string(data)) {
		name, _, _ := strings.Cut(strings.TrimPrefix(line, "# "), "=")
		if IsVariable(name) {
			on = append(on, strings.TrimPrefix(line, "# "))
		}
	}
	if _, err := parseEnvFile(".env", []byte(strings.Join(on, ""))); err != nil {
		t.Errorf("with everything switched on: %v", err)
	}
}
