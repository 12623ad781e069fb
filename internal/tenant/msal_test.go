package tenant_test

import (
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	msalerrors "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"

	"m2m/internal/entra"
	"m2m/internal/tenant/directory"
)

// acquire asks for a token the way a program that uses MSAL Go does; nothing
// in it knows the tenant for what it is.
func acquire(t *testing.T, r *running, home, clientID string, credential confidential.Credential, scope string) (string,
	error) {
	t.Helper()
	client, err := confidential.New(r.Authority(home).URL(), clientID, credential,
		confidential.WithHTTPClient(r.http),
		confidential.WithInstanceDiscovery(false),
		confidential.WithAzureRegion("DisableMsalForceRegion"))
	if err != nil {
		t.Fatal(err)
	}
	result, err := client.AcquireTokenByCredential(t.Context(), []string{scope})
	return result.AccessToken, err
}

func secretCredential(t *testing.T, secret entra.Secret) confidential.Credential {
	t.Helper()
	credential, err := confidential.NewCredFromSecret(secret.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	return credential
}

func TestMSAL(t *testing.T) {
	home := directory.Builtin()
	r := start(t, config(home))
	for n, wantRoles := range []any{[]any{"Data.Read"}, nil} {
		client := home.Clients[n]
		for _, name := range []string{home.ID, home.Domains[0]} {
			raw, err := acquire(t, r, name, client.ID, secretCredential(t, client.Secrets[0].Value), "api://m2m-demo/.default")
			if err != nil {
				t.Fatalf("%s at %s: %v", client.Name, name, err)
			}
			claims := decodeToken(t, raw).claims
			if roles, ok := claims["roles"]; ok != (wantRoles != nil) || ok && len(roles.([]any)) != 1 {
				t.Errorf("%s: roles %v, want %v", client.Name, claims["roles"], wantRoles)
			}
			if claims["azp"] != client.ID {
				t.Errorf("azp is %v", claims["azp"])
			}
		}
	}
}

func TestMSALReadsRefusals(t *testing.T) {
	home := directory.Builtin()
	r := start(t, config(home))
	_, err := acquire(t, r, home.ID, home.Clients[0].ID, secretCredential(t, directory.NewClientSecret()),
		"api://m2m-demo/.default")
	var call msalerrors.CallErr
	if !errors.As(err, &call) {
		t.Fatalf("MSAL returned %v", err)
	}
	body, err := io.ReadAll(call.Resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	compareRefusal(t, answer{call.Resp.StatusCode, call.Resp.Header, body}, http.StatusUnauthorized, 7000215,
		"invalid_client")
}
