package verifycmd

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"m2m/internal/cli"
	"m2m/internal/cli/verifycmd/minttest"
	"m2m/internal/entra"
	"m2m/internal/exit"
	"m2m/internal/tenant"
	"m2m/internal/tenant/directory"
)

// twoTenants runs two tenants under one origin and returns a token of each.
// Both have the same client; the API of the second asks for v1.0 tokens.
func twoTenants(t *testing.T) (origin, caFile string, tokens [2]string) {
	t.Helper()
	const secret = "aBc8Q~two-tenants-two-tenants-0123456789"
	tenantOf := func(n int, version entra.Version) directory.Tenant {
		id := func(kind string) string { return fmt.Sprintf("%s%d-aaaa-4bbb-8ccc-00000000000%d", kind, n, n) }
		api := directory.API{ID: id("3333333"), Name: "orders", URIs: []string{fmt.Sprint("api://orders-", n)},
			TokenVersion: version, Roles: []string{"Read"}}
		return directory.Tenant{ID: id("1111111"), APIs: []directory.API{api}, Clients: []directory.Client{{
			ID: id("4444444"), ObjectID: id("5555555"), Name: "shop",
			Secrets: []directory.ClientSecret{{Value: entra.NewSecret(secret)}},
			Grants:  []directory.Grant{{API: api.ID, Roles: []string{"Read"}}},
		}}}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	tenants := []directory.Tenant{tenantOf(1, entra.V2), tenantOf(2, entra.V1)}
	made, err := tenant.New(listener, tenant.Config{Tenants: tenants, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = made.Serve(t.Context()) }()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(made.CAPEM())
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	for i, tenant := range tenants {
		answer, err := client.PostForm(made.Origin()+"/"+tenant.ID+"/oauth2/v2.0/token", url.Values{
			"grant_type": {"client_credentials"}, "client_id": {tenant.Clients[0].ID}, "client_secret": {secret},
			"scope": {tenant.APIs[0].URIs[0] + "/.default"},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		var body struct {
			Token string `json:"access_token"`
		}
		if err := json.NewDecoder(answer.Body).Decode(&body); err != nil || body.Token == "" {
			t.Fatalf("no token of tenant %d: %v", i+1, err)
		}
		tokens[i] = body.Token
	}
	caFile = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(caFile, made.CAPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	return made.Origin(), caFile, tokens
}

// TestBatchAnyTenant: one set of keys serves a batch of several tenants' tokens,
// v2.0 and v1.0, and a forged one is refused among them.
func TestBatchAnyTenant(t *testing.T) {
	origin, caFile, tokens := twoTenants(t)
	forged, err := minttest.Token(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	audiences := []string{"--audience", "33333331-aaaa-4bbb-8ccc-000000000001", "--audience", "api://orders-2"}
	for _, tt := range []struct {
		name string
		args []string
		want []string // verdicts
		said string
	}{
		{
			"any tenant", []string{"--any-tenant"}, []string{"valid", "valid", "invalid", "valid"},
			"warning: --any-tenant: a token of any organisation passes",
		},
		{"any tenant, one named", []string{"--any-tenant", "--tenant", "11111112-aaaa-4bbb-8ccc-000000000002"},
			[]string{"valid", "valid", "invalid", "valid"}, "warning: --any-tenant"},
		{
			"one tenant", []string{"--tenant", "11111111-aaaa-4bbb-8ccc-000000000001"},
			[]string{"valid", "invalid", "invalid", "valid"}, "",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			env := &cli.Env{
				Args: append(append([]string{"verify", "--batch", "--debug", "--authority-host", origin, "--ca-file", caFile},
					audiences...), tt.args...),
				Stdin: strings.NewReader(strings.Join([]string{tokens[0], tokens[1], forged, tokens[0]}, "\n")), Stdout: &out,
				Stderr: &errs,
				Dir:    t.TempDir(), Now: time.Now,
			}
			if code := cli.Run(t.Context(), env, onlyVerify); code != exit.Rejected {
				t.Errorf("want code %d, got %d: %s", exit.Rejected, code, &errs)
			}
			var got []string
			for line := range strings.Lines(out.String()) {
				var report struct{ Verdict string }
				if err := json.Unmarshal([]byte(line), &report); err != nil {
					t.Fatal(err)
				}
				got = append(got, report.Verdict)
			}
			if strings.Join(got, " ") != strings.Join(tt.want, " ") {
				t.Errorf("want %s, got %s: %s", tt.want, got, out.String())
			}
			if !strings.Contains(errs.String(), tt.said) || tt.said == "" && strings.Contains(errs.String(), "warning") {
				t.Errorf("want %q, got %s", tt.said, &errs)
			}
			// Once for all, and twice more for the key that the forger names.
			if keys := strings.Count(errs.String(), "/discovery/v2.0/keys"); keys != 3 {
				t.Errorf("want three fetches of the v2.0 keys, got %d: %s", keys, &errs)
			}
		})
	}
}
