package tenantfile_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/entra"
	"m2m/internal/strictyaml"
	"m2m/internal/tenant/directory"
	"m2m/internal/tenant/tenantfile"
)

func noFiles(path string) ([]byte, error) {
	return nil, &os.PathError{Op: "open", Path: path, Err: os.ErrNotExist}
}

// sameShape compares everything but the secrets, which are new every time.
func sameShape() cmp.Option {
	return cmp.Comparer(func(a, b entra.Secret) bool { return a.IsZero() == b.IsZero() })
}

func TestBuiltinFileIsTheBuiltinTenant(t *testing.T) {
	f, err := tenantfile.Parse("tenant.yaml", []byte(tenantfile.Builtin()), noFiles)
	if err != nil {
		t.Fatal(err)
	}
	want := tenantfile.File{Tenants: []directory.Tenant{directory.Builtin()}}
	if diff := cmp.Diff(want, f, sameShape()); diff != "" {
		t.Errorf("the file differs from Builtin (-Builtin +file):\n%s", diff)
	}
	again, err := tenantfile.Parse("tenant.yaml", []byte(tenantfile.Builtin()), noFiles)
	if err != nil {
		t.Fatal(err)
	}
	first, second := f.Tenants[0].Clients[0].Secrets[0].Value, again.Tenants[0].Clients[0].Secrets[0].Value
	if first.Reveal() == second.Reveal() {
		t.Error("two runs have one secret")
	}
}

// full has every key.
const full = `
lifetime: {from: 10m, to: 90m}
tenants:
  - id: 5b0e3f4c-98a7-4d16-b2c5-f1a8e07d6934
    clients:
      - id: e11eefb9-fb70-4de4-9a7c-3a3592fdd502
  - id: bcca9397-21fa-44b1-a33d-6669fb9ef64d
    domains: [contoso.example, contoso.onmicrosoft.com]
    region: NA
    apis:
      - id: 413888a3-2980-4619-b44a-e678d0ffb4e6
        name: "42"
        uris: [api://orders, https://orders.example/]
        version: 2
        roles: [Orders.Read, Orders.Write]
        assignment_required: true
        optional_claims: [idtyp, xms_cc]
      - id: d63f2813-d3dc-4088-b234-982f2a83a0d7
        version: 1.0
    clients:
      - id: e11eefb9-fb70-4de4-9a7c-3a3592fdd502
        object_id: 718ca565-a379-4f24-8f2d-afda64670f2b
        name: all of it
        default: true
        secrets:
          - local-secret
          - value: generate
            expires: 2027-01-31
          - {value: another, expires: "2027-01-31T12:00:00+01:00"}
        certificates: [{file: app.pem}]
        federated:
          - {issuer: https://token.actions.githubusercontent.com, subject: "repo:octo/app:environment:prod"}
          - {issuer: "https://127.0.0.1:9443", subject: s, audience: own}
        grants:
          - {api: API://Orders, roles: [Orders.Write]}
          - {api: d63f2813-d3dc-4088-b234-982f2a83a0d7}
          - {api: "https://graph.microsoft.com", roles: [User.Read.All]}
        blocked_by_policy: f0a5c8e7-6b31-4d92-8e4f-1a2b3c4d5e6f
      - id: b1fe6e62-805b-4ad4-bf3e-4ab842759800
        disabled: true
      - id: 3a8c1f0e-6f53-4a4e-8a1b-0c54d9e6f7b2
        no_service_principal: true
`

func newCertificate(t *testing.T) *x509.Certificate {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

func TestEveryKeyOfATenantFile(t *testing.T) {
	app := newCertificate(t)
	var asked string
	f, err := tenantfile.Parse("tenant.yaml", []byte(full), func(path string) ([]byte, error) {
		asked = path
		return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: app.Raw}), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if f.Tenants[0].ID != "bcca9397-21fa-44b1-a33d-6669fb9ef64d" {
		t.Fatalf("the first tenant is %s, not that of the default client", f.Tenants[0].ID)
	}
	c := f.Tenants[0].Clients[0]
	if asked != "app.pem" || len(c.Certificates) != 1 || !c.Certificates[0].Equal(app) {
		t.Errorf("asked for %q, got %d certificates", asked, len(c.Certificates))
	}
	if got := c.Secrets[0].Value.Reveal(); got != "local-secret" {
		t.Errorf("the literal secret is %q", got)
	}
	if len(c.Secrets[1].Value.Reveal()) != 40 {
		t.Error("the generated secret has not Entra's form")
	}
	if id := f.Tenants[1].Clients[0].ObjectID; !entra.IsGUID(id) || id == f.Tenants[0].Clients[1].ObjectID {
		t.Errorf("an object ID that the file leaves out is %q", id)
	}
	for n := range c.Secrets {
		c.Secrets[n].Value = entra.Secret{}
	}
	c.Certificates = nil
	want := directory.Client{
		ID: "e11eefb9-fb70-4de4-9a7c-3a3592fdd502", ObjectID: "718ca565-a379-4f24-8f2d-afda64670f2b", Name: "all of it",
		Secrets: []directory.ClientSecret{{}, {Expires: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)},
			{Expires: time.Date(2027, 1, 31, 11, 0, 0, 0, time.UTC)}},
		Federated: []directory.FederatedCredential{
			{Issuer: "https://token.actions.githubusercontent.com", Subject: "repo:octo/app:environment:prod"},
			{Issuer: "https://127.0.0.1:9443", Subject: "s", Audience: "own"},
		},
		Grants: []directory.Grant{
			{API: "API://Orders", Roles: []string{"Orders.Write"}}, {API: "d63f2813-d3dc-4088-b234-982f2a83a0d7"},
			{API: "https://graph.microsoft.com", Roles: []string{"User.Read.All"}},
		},
		BlockedByPolicy: "f0a5c8e7-6b31-4d92-8e4f-1a2b3c4d5e6f",
	}
	if diff := cmp.Diff(want, c, sameShape()); diff != "" {
		t.Errorf("the client (-want +got):\n%s", diff)
	}
	wantAPIs := []directory.API{
		{
			ID: "413888a3-2980-4619-b44a-e678d0ffb4e6", Name: "42", URIs: []string{"api://orders", "https://orders.example/"},
			TokenVersion: entra.V2,
			Roles:        []string{"Orders.Read", "Orders.Write"}, AssignmentRequired: true,
			OptionalClaims: []string{"idtyp", "xms_cc"},
		},
		{ID: "d63f2813-d3dc-4088-b234-982f2a83a0d7", TokenVersion: entra.V1},
	}
	if diff := cmp.Diff(wantAPIs, f.Tenants[0].APIs); diff != "" {
		t.Errorf("the APIs (-want +got):\n%s", diff)
	}
	if f.TokenLifetime != 10*time.Minute || f.LongestTokenLifetime != 90*time.Minute {
		t.Errorf("lifetime %s to %s", f.TokenLifetime, f.LongestTokenLifetime)
	}
	if others := f.Tenants[0].Clients; !others[1].Disabled || !others[2].NoServicePrincipal || others[2].ObjectID != "" {
		t.Errorf("the other clients are %+v", others[1:])
	}
}

// frame is a good file; faults replace its parts.
const frame = `tenants:
  - id: bcca9397-21fa-44b1-a33d-6669fb9ef64d
    domains: [contoso.example]
    apis:
      - id: 413888a3-2980-4619-b44a-e678d0ffb4e6
        uris: [api://orders]
        roles: [Orders.Read]
    clients:
      - id: e11eefb9-fb70-4de4-9a7c-3a3592fdd502
        secrets: [hunter2-hunter2]
        grants:
          - api: api://orders
            roles: [Orders.Read]
`

func TestTenantFileFaults(t *testing.T) {
	cases := []struct{ name, old, new, want string }{
		{"unknown key, nearly right", "    domains:", "    domain_names:",
			`3:5: unknown key "domain_names"; did you mean "domains"?`},
		{"unknown key, a slip", "    domains:", "    domians:", `3:5: unknown key "domians"; did you mean "domains"?`},
		{"the manifest's name", "        roles: [O", "        appRoles: [O",
			`7:9: unknown key "appRoles"; did you mean "roles"?`},
		{"other spelling", "        uris:", "        URIs:", `6:9: unknown key "URIs"; did you mean "uris"?`},
		{"a secret for a key", "[hunter2-hunter2]", "\n          - hunter2~hunter2: x",
			"11:13: unknown key (15 bytes, not shown: it may be a secret); the keys here are value, expires\n11:13: value is missing here"},
		{"key twice", "    domains:", "    id: x\n    domains:", `3:5: the key "id" is on line 2 already`},
		{"text for a list", "[contoso.example]", "contoso.example", "3:14: expected a list, found text"},
		{"list for text", "id: 413888a3-2980-4619-b44a-e678d0ffb4e6", "id: [x]", "5:13: expected text, found a list"},
		{"number for text", "id: 413888a3-2980-4619-b44a-e678d0ffb4e6", "id: 4138",
			"5:13: expected text, found a number; put it in quotes if text is meant"},
		{"nothing for a list", "[Orders.Read]\n    clients", "\n    clients", "7:9: expected a list, found nothing"},
		{"text for a truth", "        roles: [Orders.Read]\n    clients", "        assignment_required: yes\n    clients",
			"7:30: expected true or false, found text"},
		{"empty text", "[api://orders]", `[""]`, "6:16: expected text, found an empty one"},
		{"list for a mapping", "    apis:\n      - id: 413888a3-2980-4619-b44a-e678d0ffb4e6\n",
			"    apis:\n      - [id]\n      - id: x\n",
			"5:9: expected the keys id, name, uris, version, roles, assignment_required, optional_claims, found a list"},
		{"missing ID", "      - id: e11eefb9-fb70-4de4-9a7c-3a3592fdd502\n        secrets", "      - secrets",
			"9:9: id is missing here"},
		{"alias", "[contoso.example]", "*x", "3:14: an alias (*) is not supported here"},
		{"merge key", "    domains:", "    <<: {}\n    domains:", "3:5: a merge key (<<) is not supported here"},
		{"tag", "[contoso.example]", "!!seq []", "3:14: a tag (!) is not supported here"},
		{"no GUID", "id: 413888a3-2980-4619-b44a-e678d0ffb4e6", "id: orders", `5:9: id: "orders" is not a GUID`},
		{"no domain", "[contoso.example]", "[contoso.example, common]", `3:32: "common": `},
		{"no URI", "[api://orders]", "[orders]", `6:16: "orders" is not a URI such as api://name`},
		{"version 3", "        uris:", "        version: 3\n        uris:", `6:18: expected 1.0 or 2.0, found "3"`},
		{"optional claim of users", "        uris:", "        optional_claims: [upn]\n        uris:",
			`6:27: "upn" is not one that this tenant can add`},
		{"dangling API", "api: api://orders", "api: api://order",
			`12:13: api: no API "api://order" in this tenant; did you mean "api://orders"?`},
		{"another API altogether", "api: api://orders", "api: https://vault.example",
			`12:13: api: no API "https://vault.example" in this tenant; known here: "api://orders"`},
		{"dangling role", "            roles: [Orders.Read]", "            roles: [Orders.Raed]",
			`13:21: API "api://orders" has no role "Orders.Raed"; did you mean "Orders.Read"?`},
		{"role with a colour", "        roles: [Orders.Read]\n    c", "        roles: [\"Orders\\e[31m\"]\n    c",
			`7:17: "Orders\x1b[31m" is not a role: those are up to 120 visible ASCII characters`},
		{"role without an end", "        roles: [Orders.Read]\n    c",
			"        roles: [" + strings.Repeat("R", 121) + "]\n    c", `7:17: "R`},
		{"URI that no scope can name", "[api://orders]", "[api://bücher]",
			`6:16: "api://bücher" is not a URI such as api://name`},
		{"role with a space", "        roles: [Orders.Read]\n    c", "        roles: [Orders Read]\n    c",
			`7:17: "Orders Read" is not a role: `},
		{"secret of other letters", "[hunter2-hunter2]", "['hunter2 hunter2']",
			"10:19: a secret is made of letters, digits and -._~ as Entra's are; this one is not"},
		{"secret that is a number", "[hunter2-hunter2]", "[1234567]",
			"10:19: expected a secret, or the word generate, found a number; put it in quotes if text is meant"},
		{"no date", "[hunter2-hunter2]", "[{value: hunter2, expires: tomorrow}]",
			"10:45: expected a date such as 2027-01-31 or 2027-01-31T12:00:00Z, found text"},
		{"no certificate file", "        grants", "        certificates: [{file: app.pem}]\n        grants",
			"11:24: the certificate cannot be read: open app.pem: file does not exist"},
		{"file and PEM", "        grants", "        certificates: [{file: app.pem, pem: x}]\n        grants",
			"11:24: expected one of the keys file and pem, found both or neither"},
		{"no PEM", "        grants", "        certificates: [{pem: hunter2}]\n        grants",
			"11:24: there is no PEM block of the type CERTIFICATE in it"},
		{"http issuer", "        grants", "        federated: [{issuer: 'http://a.example', subject: s}]\n        grants",
			`11:22: issuer: "http://a.example" is not an https URL without query`},
		{"policy that is no GUID", "        grants", "        blocked_by_policy: monday\n        grants",
			`11:9: blocked_by_policy: "monday" is not a GUID`},
		{"two defaults", "        grants",
			"        default: true\n      - id: b1fe6e62-805b-4ad4-bf3e-4ab842759800\n        default: true\n        grants",
			`13:9: default: another client is the default already, at line 11`},
		{"client twice", "        grants", "      - id: e11eefb9-fb70-4de4-9a7c-3a3592fdd502\n        grants",
			`11:9: id: "e11eefb9-fb70-4de4-9a7c-3a3592fdd502" is already taken`},
		{"object ID twice", "        grants",
			"        object_id: 718CA565-a379-4f24-8f2d-afda64670f2b\n      - id: b1fe6e62-805b-4ad4-bf3e-4ab842759800\n        object_id: 718ca565-a379-4f24-8f2d-afda64670f2b\n        grants", `13:9: object_id: "718ca565-a379-4f24-8f2d-afda64670f2b" is already taken`},
		{"lifetime of a day too many", "tenants:", "lifetime: 29h\ntenants:",
			"1:11: expected whole seconds, from 1s to 28h, found another duration"},
		{"lifetime that ends before it begins", "tenants:", "lifetime: {from: 2h, to: 1h}\ntenants:",
			"1:22: to: it is shorter than the shortest lifetime"},
		{"lifetime in words", "tenants:", "lifetime: long\ntenants:",
			"1:11: expected a duration such as 75m or 90s, found text"},
		{"half a range", "tenants:", "lifetime: {from: 1h}\ntenants:", "1:11: to is missing here"},
		{"not YAML", "[contoso.example]", "[contoso.example", "4:5: not YAML: ',' or ']' must be specified"},
		{"two documents", "tenants:", "---\na: 1\n---\ntenants:", "4:1: a second YAML document begins here"},
		{"no API", "    apis:\n      - id: 413888a3-2980-4619-b44a-e678d0ffb4e6\n        uris: [api://orders]\n        roles: [Orders.Read]\n", "", `8:13: api: no API "api://orders" in this tenant`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(frame, c.old, c.new, 1)
			if text == frame {
				t.Fatal("nothing was replaced")
			}
			_, err := tenantfile.Parse("tenant.yaml", []byte(text), noFiles)
			compareFault(t, err, c.want)
		})
	}
	if _, err := tenantfile.Parse("tenant.yaml", []byte(frame), noFiles); err != nil {
		t.Errorf("the frame itself: %v", err)
	}
}

// compareFault wants an error that begins as want, each line with the file's
// name in front, and shows no secret.
func compareFault(t *testing.T, err error, want string) {
	t.Helper()
	var fault *strictyaml.Error
	if !errors.As(err, &fault) {
		t.Fatalf("the error is %v", err)
	}
	want = "tenant.yaml:" + strings.ReplaceAll(want, "\n", "\ntenant.yaml:")
	if !strings.HasPrefix(err.Error(), want) {
		t.Errorf("the error is\n%v\nwant\n%s", err, want)
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the error shows a secret: %v", err)
	}
}

// What is wrong with the whole comes at once too, in the order of the lines.
func TestTenantFileFaultsOfMeaningTogether(t *testing.T) {
	text := strings.NewReplacer(
		"id: 413888a3-2980-4619-b44a-e678d0ffb4e6", "id: orders", "contoso.example", "common", "roles: [Orders.Read]\n    c",
		"roles: [Orders Read]\n    c",
		"api: api://orders", "api: api://order", "            roles: [Orders.Read]\n",
		"            roles: [Orders.Raed]\n          - {api: api://orders, roles: [x]}\n",
	).Replace(frame)
	_, err := tenantfile.Parse("tenant.yaml", []byte(text), noFiles)
	var fault *strictyaml.Error
	if !errors.As(err, &fault) {
		t.Fatalf("the error is %v", err)
	}
	var lines []int
	for _, p := range fault.Faults {
		lines = append(lines, p.Line)
	}
	if want := []int{3, 5, 7, 12, 14}; !slices.Equal(lines, want) {
		t.Errorf("the faults are at the lines %v, want %v:\n%v", lines, want, err)
	}
}

// All faults of a file come at once, but not a thousand of them.
func TestTenantFileFaultsTogether(t *testing.T) {
	_, err := tenantfile.Parse("tenant.yaml",
		[]byte(strings.NewReplacer("domains", "domians", "uris", "urls").Replace(frame)), noFiles)
	var fault *strictyaml.Error
	if !errors.As(err, &fault) || len(fault.Faults) != 2 {
		t.Errorf("the error is %v, want two problems", err)
	}
	_, err = tenantfile.Parse("tenant.yaml", []byte(frame+strings.Repeat("        x: y\n", 1000)), noFiles)
	if lines := strings.Count(err.Error(), "\n"); !errors.As(err, &fault) || lines != 20 ||
		!strings.HasSuffix(err.Error(), "\nand 980 more") {
		t.Errorf("a file with a thousand faults has %d lines of error", lines)
	}
}
