package tenant_test

import (
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"net/http"
	"testing"
	"time"

	"m2m/internal/entra"
	"m2m/internal/tenant"
	"m2m/internal/tenant/directory"
)

func TestConfigErrorsNameTheirField(t *testing.T) {
	cases := []struct {
		field  string
		change func(*tenant.Config)
	}{
		{"Tenants", func(c *tenant.Config) { c.Tenants = nil }},
		{"TokenLifetime", func(c *tenant.Config) { c.TokenLifetime = -time.Second }},
		{"LongestTokenLifetime", func(c *tenant.Config) { c.TokenLifetime, c.LongestTokenLifetime = time.Hour, time.Minute }},
		{"Origin", func(c *tenant.Config) { c.Origin = "http://login.microsoftonline.com" }},
		{"Origin", func(c *tenant.Config) { c.Origin = "https://login.microsoftonline.com/" }},
		{"Tenants[0].ID", func(c *tenant.Config) { c.Tenants[0].ID = "contoso.com" }},
		{"Tenants[0].ID", func(c *tenant.Config) { c.Tenants[0].ID = "00000000-0000-0000-0000-000000000000" }},
		{"Tenants[0].Domains[0]", func(c *tenant.Config) { c.Tenants[0].Domains[0] = "common" }},
		{"Tenants[0].Domains[0]", func(c *tenant.Config) { c.Tenants[0].Domains[0] = "no domain" }},
		{"Tenants[1].ID", func(c *tenant.Config) { c.Tenants = append(c.Tenants, c.Tenants[0]) }},
		{"Tenants[0].APIs[0].ID", func(c *tenant.Config) { c.Tenants[0].APIs[0].ID = "api://m2m-demo" }},
		{"Tenants[0].APIs[1].ID", func(c *tenant.Config) { c.Tenants[0].APIs[1].ID = c.Tenants[0].APIs[0].ID }},
		{"Tenants[0].APIs[1].URIs[0]", func(c *tenant.Config) { c.Tenants[0].APIs[1].URIs[0] = "api://M2M-demo/" }},
		{"Tenants[0].APIs[0].URIs[0]", func(c *tenant.Config) { c.Tenants[0].APIs[0].URIs[0] = "m2m-demo" }},
		{"Tenants[0].APIs[0].TokenVersion", func(c *tenant.Config) { c.Tenants[0].APIs[0].TokenVersion = "2" }},
		{"Tenants[0].APIs[2].OptionalClaims[0]", func(c *tenant.Config) { c.Tenants[0].APIs[2].OptionalClaims[0] = "upn" }},
		{"Tenants[0].Clients[0].ID", func(c *tenant.Config) { c.Tenants[0].Clients[0].ID = "" }},
		{"Tenants[0].Clients[1].ID", func(c *tenant.Config) { c.Tenants[0].Clients[1].ID = c.Tenants[0].Clients[0].ID }},
		{"Tenants[0].Clients[0].ObjectID", func(c *tenant.Config) { c.Tenants[0].Clients[0].ObjectID = "" }},
		{"Tenants[0].Clients[0].Secrets[0].Value",
			func(c *tenant.Config) { c.Tenants[0].Clients[0].Secrets[0].Value = entra.Secret{} }},
		{"Tenants[0].Clients[0].BlockedByPolicy",
			func(c *tenant.Config) { c.Tenants[0].Clients[0].BlockedByPolicy = "no Monday" }},
		{"Tenants[0].Clients[0].Certificates[0]", func(c *tenant.Config) {
			c.Tenants[0].Clients[0].Certificates = []*x509.Certificate{{PublicKey: &ecdsa.PublicKey{}}}
		}},
		{"HTTPClient", func(c *tenant.Config) {
			c.Tenants[0].Clients[0].Federated = []directory.FederatedCredential{{Issuer: "https://a.example", Subject: "s"}}
		}},
		{"Tenants[0].Clients[0].Federated[0].Issuer", func(c *tenant.Config) {
			c.HTTPClient = &http.Client{}
			c.Tenants[0].Clients[0].Federated = []directory.FederatedCredential{{Issuer: "http://a.example", Subject: "s"}}
		}},
		{"Tenants[0].Clients[0].Federated[0].Subject", func(c *tenant.Config) {
			c.HTTPClient = &http.Client{}
			c.Tenants[0].Clients[0].Federated = []directory.FederatedCredential{{Issuer: "https://a.example"}}
		}},
		{"Tenants[0].Clients[0].Grants[0].API",
			func(c *tenant.Config) { c.Tenants[0].Clients[0].Grants[0].API = "api://nobody" }},
		{"Tenants[0].Clients[0].Grants[0].Roles[0]",
			func(c *tenant.Config) { c.Tenants[0].Clients[0].Grants[0].Roles[0] = "Data.Write" }},
	}
	for _, c := range cases {
		cfg := config(sample())
		c.change(&cfg)
		ln := listen(t)
		_, err := tenant.New(ln, cfg)
		ln.Close()
		var wrong *directory.Error
		if !errors.As(err, &wrong) || wrong.Field != c.field || err.Error() != c.field+": "+wrong.Problem {
			t.Errorf("%s: New returned %v", c.field, err)
		}
	}
}

func TestOriginOverride(t *testing.T) {
	cfg := config(sample())
	cfg.Origin = "https://login.microsoftonline.com"
	ln := listen(t)
	defer ln.Close()
	i, err := tenant.New(ln, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if i.Origin() != cfg.Origin {
		t.Errorf("the origin is %s", i.Origin())
	}
}
