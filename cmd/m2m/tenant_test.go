package main

import (
	"context"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"m2m/internal/entra"
	"m2m/internal/tenant"
	"m2m/internal/tenant/directory"
)

// The directory of the scripts about refusals: the local tenant's own code,
// with an app for everything that can be wrong with one.
const (
	troubledTenant = "3d9f6c20-84b7-4e1a-b5d2-7c6a0e9f1b48"
	troubledAPI    = "9b7e4d13-2c5f-4a86-91d0-e3f8b6a7c254"
	blockingPolicy = "f0a5c8e7-6b31-4d92-8e4f-1a2b3c4d5e6f"
	// certificatesVariable names the folder of the files that OpenSSL made.
	certificatesVariable = "CERTIFICATES"
)

// runTenant is the program tenant DIR: it runs that directory until a signal. DIR/APP.env has the settings
// of each app, DIR/NAME.jwt the assertions. DIR/clock, if it is there, is a
// duration by which the tenant's clock is off.
func runTenant() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := runTroubled(ctx, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func runTroubled(ctx context.Context, dir string) error {
	pair, err := tls.LoadX509KeyPair(certificateFiles())
	if err != nil {
		return err
	}
	outside, err := newOutside()
	if err != nil {
		return err
	}
	defer outside.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	troubledTenant := troubled(outside.URL, pair.Leaf)
	made, err := tenant.New(listener, tenant.Config{
		Tenants: []directory.Tenant{troubledTenant}, HTTPClient: outside.Client(), Now: clockOf(dir),
	})
	if err != nil {
		return err
	}
	if err := errors.Join(
		os.MkdirAll(dir, 0o700),
		os.WriteFile(filepath.Join(dir, "ca.pem"), slices.Concat(made.CAPEM(), outside.caPEM()), 0o600),
		os.WriteFile(filepath.Join(dir, "github.env"),
			[]byte("ACTIONS_ID_TOKEN_REQUEST_URL="+outside.URL+"/github?api-version=2.0\n"), 0o600),
		outside.writeTokens(dir),
		writeAssertions(dir, made.Origin(), pair),
		writeApps(dir, made.Origin(), troubledTenant.Clients),
	); err != nil {
		return err
	}
	return made.Serve(ctx)
}

func clockOf(dir string) func() time.Time {
	offset, _ := os.ReadFile(filepath.Join(dir, "clock")) // without one, the clock is right
	ahead, _ := time.ParseDuration(strings.TrimSpace(string(offset)))
	return func() time.Time { return time.Now().Add(ahead) }
}

// troubled is the directory: an API, one that requires assignment, and the apps.
func troubled(outside string, certificate *x509.Certificate) directory.Tenant {
	return directory.Tenant{
		ID: troubledTenant,
		APIs: []directory.API{
			{ID: troubledAPI, Name: "orders", URIs: []string{"api://orders"}, TokenVersion: entra.V2},
			{
				ID: "4e8a1f6b-7d92-4c35-a0e8-b5d3c6f9e217", Name: "payroll", URIs: []string{"api://payroll"},
				Roles: []string{"Pay.Run"}, AssignmentRequired: true,
			},
		},
		Clients: troubledApps(outside, certificate),
	}
}

// troubledApps are the apps, named after what is special about them.
func troubledApps(outside string, certificate *x509.Certificate) []directory.Client {
	secret := func(expires time.Time) []directory.ClientSecret {
		return []directory.ClientSecret{{Value: directory.NewClientSecret(), Expires: expires}}
	}
	apps := []directory.Client{
		{Name: "sound", Secrets: secret(time.Time{})},
		{Name: "expired-secret", Secrets: secret(time.Now().Add(-24 * time.Hour))},
		{Name: "disabled", Secrets: secret(time.Time{}), Disabled: true},
		{Name: "not-installed", Secrets: secret(time.Time{}), NoServicePrincipal: true},
		{Name: "blocked", Secrets: secret(time.Time{}), BlockedByPolicy: blockingPolicy},
		{Name: "certificate", Certificates: []*x509.Certificate{certificate}},
		{Name: "federated", Federated: []directory.FederatedCredential{
			{Issuer: outside, Subject: workflowSubject},
			{Issuer: outside + "/renamed", Subject: workflowSubject},
			{Issuer: "https://127.0.0.1:1", Subject: workflowSubject},
		}},
	}
	for i := range apps {
		apps[i].ID = fmt.Sprintf("a0000000-0000-4000-8000-%012d", i+1)
		if !apps[i].NoServicePrincipal {
			apps[i].ObjectID = fmt.Sprintf("b0000000-0000-4000-8000-%012d", i+1)
		}
	}
	return apps
}

// writeApps writes the settings of each app; the last one to appear says that
// all is ready.
func writeApps(dir, origin string, apps []directory.Client) (err error) {
	for _, app := range slices.Backward(apps) {
		err = errors.Join(err, writeWhole(filepath.Join(dir, app.Name+".env"), troubledSettings(dir, origin, app)))
	}
	return err
}

func troubledSettings(dir, origin string, app directory.Client) string {
	secret := ""
	if app.Secrets != nil {
		secret = app.Secrets[0].Value.Reveal()
	}
	return strings.Join([]string{
		"TENANT_ID=" + troubledTenant,
		"CLIENT_ID=" + app.ID,
		"CLIENT_SECRET=" + secret,
		"API_SCOPE=api://orders/.default",
		"AZURE_AUTHORITY_HOST=" + origin,
		"M2M_CA_FILE=" + filepath.Join(dir, "ca.pem"),
	}, "\n") + "\n"
}

// certificateFiles are the certificate and the key that OpenSSL made.
func certificateFiles() (certificate, key string) {
	folder := os.Getenv(certificatesVariable)
	return filepath.Join(folder, "encrypted.pem"), filepath.Join(folder, "plain.pem")
}

// writeAssertions writes assertions that a certificate signed and that MSAL
// would never make: those of a program that makes its own.
func writeAssertions(dir, origin string, pair tls.Certificate) error {
	key, ok := pair.PrivateKey.(*rsa.PrivateKey)
	if !ok {
		return errors.New("the key is not RSA")
	}
	const id = "a0000000-0000-4000-8000-000000000006" // the app named certificate
	endpoint := origin + "/" + troubledTenant + "/oauth2/v2.0/token"
	write := func(name, subject, audience string) error {
		claims := map[string]any{"iss": id, "aud": audience, "exp": time.Now().Add(time.Hour).Unix()}
		if subject != "" {
			claims["sub"] = subject
		}
		return writeJWT(filepath.Join(dir, name), key, map[string]any{"x5t": thumbprintOf(pair.Leaf)}, claims)
	}
	return errors.Join(
		write("of-another.jwt", "a0000000-0000-4000-8000-000000000001", endpoint),
		write("without-subject.jwt", "", endpoint),
		write("for-another.jwt", id, "https://login.microsoftonline.com/"+troubledTenant+"/oauth2/v2.0/token"),
	)
}

// clientTrusting returns a client that trusts the certificates in a file.
func clientTrusting(caFile string) (*http.Client, error) {
	ca, err := os.ReadFile(caFile)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}, err
}
