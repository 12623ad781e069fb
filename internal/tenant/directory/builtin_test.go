package directory_test

import (
	"regexp"
	"testing"

	"m2m/internal/entra"
	"m2m/internal/tenant/directory"
)

func TestNewClientSecretHasEntrasForm(t *testing.T) {
	form := regexp.MustCompile(`^[A-Za-z0-9]{3}8Q~[A-Za-z0-9._~-]{34}$`)
	seen := map[string]bool{}
	for range 100 {
		secret := directory.NewClientSecret()
		value := secret.Reveal()
		if !form.MatchString(value) || entra.CheckClientSecret(secret) != nil {
			t.Errorf("%q has not the form of a secret", value)
		}
		seen[value] = true
	}
	if len(seen) != 100 {
		t.Errorf("100 secrets are %d different ones", len(seen))
	}
}

func TestBuiltinIsTheSameButForItsSecrets(t *testing.T) {
	one, two := directory.Builtin(), directory.Builtin()
	for n := range one.Clients {
		if one.Clients[n].ID != two.Clients[n].ID || one.Clients[n].ObjectID != two.Clients[n].ObjectID {
			t.Errorf("client %d has another ID at the second call", n)
		}
		if one.Clients[n].Secrets[0].Value.Reveal() == two.Clients[n].Secrets[0].Value.Reveal() {
			t.Errorf("client %d has the same secret at the second call", n)
		}
		if entra.IsPlaceholder(one.Clients[n].ID) {
			t.Errorf("client ID %s looks like a placeholder", one.Clients[n].ID)
		}
	}
}
