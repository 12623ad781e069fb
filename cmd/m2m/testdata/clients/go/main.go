// Clients acquires a token with one of Go's libraries and validates it as an API
// would: clients LIBRARY CREDENTIAL. Without LOCAL_AUTHORITY the library is used
// as for Entra; with it, it asks a local tenant, and what Microsoft documents for
// that (instance discovery) is switched off. CREDENTIAL managed and default are used
// as on Azure, wherever they run.
package main

import (
	"context"
	"crypto"
	"crypto/x509"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/managedidentity"
	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// place is where to ask, and for what.
type place struct {
	local                                  bool
	host, tenant, client, scope, authority string
}

func main() {
	p := place{host: "https://login.microsoftonline.com", tenant: os.Getenv("TENANT_ID"), client: os.Getenv("CLIENT_ID"),
		scope: os.Getenv("API_SCOPE")}
	if host := os.Getenv("LOCAL_AUTHORITY"); host != "" {
		p.local, p.host = true, host
	}
	p.authority = p.host + "/" + p.tenant
	acquire, module := map[string]func(context.Context, place, string) (string, error){
		"azidentity": byAzidentity, "msal": byMSAL, "oauth2": byOAuth2,
	}[os.Args[1]], map[string]string{
		"azidentity": "github.com/Azure/azure-sdk-for-go/sdk/azidentity", "oauth2": "golang.org/x/oauth2",
		"msal": "github.com/AzureAD/microsoft-authentication-library-for-go",
	}[os.Args[1]]
	token, err := acquire(context.Background(), p, os.Args[2])
	if err == nil {
		err = validate(context.Background(), p, token)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("%s, %s, validated by %s\n", version(module), strings.Replace(runtime.Version(), "go", "Go ", 1),
		version("github.com/coreos/go-oidc/v3"))
}

func version(module string) string {
	info, _ := debug.ReadBuildInfo()
	for _, m := range info.Deps {
		if m.Path == module {
			return module + " " + m.Version
		}
	}
	return module
}

// validate checks a token by discovery, keys and issuer.
func validate(ctx context.Context, p place, token string) error {
	provider, err := oidc.NewProvider(ctx, p.authority+"/v2.0")
	if err != nil {
		return err
	}
	_, err = provider.Verifier(&oidc.Config{ClientID: os.Getenv("API_AUDIENCE")}).Verify(ctx, token)
	return err
}

func certificate() ([]*x509.Certificate, crypto.PrivateKey, error) {
	pem, err := os.ReadFile(os.Getenv("CERTIFICATE_FILE"))
	if err != nil {
		return nil, nil, err
	}
	return azidentity.ParseCertificates(pem, nil)
}

func federatedToken(context.Context) (string, error) {
	token, err := os.ReadFile(os.Getenv("FEDERATED_TOKEN_FILE"))
	return string(token), err
}

func byAzidentity(ctx context.Context, p place, credential string) (string, error) {
	var common azcore.ClientOptions
	if p.local {
		common.Cloud = cloud.Configuration{ActiveDirectoryAuthorityHost: p.host}
	}
	var made azcore.TokenCredential
	var err error
	switch credential {
	case "secret":
		made, err = azidentity.NewClientSecretCredential(p.tenant, p.client, os.Getenv("CLIENT_SECRET"),
			&azidentity.ClientSecretCredentialOptions{ClientOptions: common, DisableInstanceDiscovery: p.local})
	case "certificate":
		chain, key, readErr := certificate()
		if readErr != nil {
			return "", readErr
		}
		made, err = azidentity.NewClientCertificateCredential(p.tenant, p.client, chain, key,
			&azidentity.ClientCertificateCredentialOptions{ClientOptions: common, DisableInstanceDiscovery: p.local})
	case "federated":
		made, err = azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientOptions: common, DisableInstanceDiscovery: p.local,
			ClientID: p.client, TenantID: p.tenant, TokenFilePath: os.Getenv("FEDERATED_TOKEN_FILE"),
		})
	case "managed": // as on Azure: nothing says where the endpoint is but the environment
		var options azidentity.ManagedIdentityCredentialOptions
		if id := os.Getenv("AZURE_CLIENT_ID"); id != "" {
			options.ID = azidentity.ClientID(id)
		}
		made, err = azidentity.NewManagedIdentityCredential(&options)
	case "default":
		made, err = azidentity.NewDefaultAzureCredential(nil)
	}
	if err != nil {
		return "", err
	}
	token, err := made.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{p.scope}})
	return token.Token, err
}

func byMSAL(ctx context.Context, p place, credential string) (string, error) {
	if credential == "managed" {
		return byManagedIdentity(ctx, p)
	}
	var given confidential.Credential
	var err error
	switch credential {
	case "secret":
		given, err = confidential.NewCredFromSecret(os.Getenv("CLIENT_SECRET"))
	case "certificate":
		chain, key, readErr := certificate()
		if readErr != nil {
			return "", readErr
		}
		given, err = confidential.NewCredFromCert(chain, key)
	case "federated":
		given = confidential.NewCredFromAssertionCallback(func(ctx context.Context, _ confidential.AssertionRequestOptions) (string, error) {
			return federatedToken(ctx)
		})
	}
	if err != nil {
		return "", err
	}
	client, err := confidential.New(p.authority, p.client, given, confidential.WithInstanceDiscovery(!p.local))
	if err != nil {
		return "", err
	}
	result, err := client.AcquireTokenByCredential(ctx, []string{p.scope})
	return result.AccessToken, err
}

func byManagedIdentity(ctx context.Context, p place) (string, error) {
	id := managedidentity.ID(managedidentity.SystemAssigned())
	if client := os.Getenv("AZURE_CLIENT_ID"); client != "" {
		id = managedidentity.UserAssignedClientID(client)
	}
	client, err := managedidentity.New(id)
	if err != nil {
		return "", err
	}
	result, err := client.AcquireToken(ctx, p.scope)
	return result.AccessToken, err
}

func byOAuth2(ctx context.Context, p place, credential string) (string, error) {
	style := oauth2.AuthStyleInParams
	if credential == "basic" {
		style = oauth2.AuthStyleInHeader
	}
	config := clientcredentials.Config{
		ClientID: p.client, ClientSecret: os.Getenv("CLIENT_SECRET"), TokenURL: p.authority + "/oauth2/v2.0/token",
		Scopes: []string{p.scope}, AuthStyle: style,
	}
	token, err := config.Token(ctx)
	if err != nil {
		return "", err
	}
	return token.AccessToken, nil
}
