package issuer_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"m2m/internal/issuer"
	"m2m/internal/jwt"
)

const tid = "6d1f2c7e-93b4-4b0c-8f5a-2e7710c4a9d3"

// decode reads a token that holds these claims.
func decode(t testing.TB, header, claims string) *jwt.Token {
	t.Helper()
	part := base64.RawURLEncoding.EncodeToString
	token, _ := jwt.Decode(part([]byte(header)) + "." + part([]byte(claims)) + ".c2ln")
	if token == nil {
		t.Fatalf("not a token: %s", claims)
	}
	return token
}

// recognised are tokens as their issuers document them, at least one for each row.
var recognised = []struct{ family, claims, keys string }{
	{"prt_cookie", `{"refresh_token":"0.A","is_primary":"true","request_nonce":"n"}`, ""},
	{"security_event", `{"iss":"https://idp.example","events":{},"jti":"1"}`, ""},
	{"client_assertion", `{"iss":"` + tid + `","sub":"` + tid + `","aud":"https://login.microsoftonline.com/x/oauth2/v2.0/token"}`, ""},
	{"dpop_proof", `{"htm":"GET"}`, ""},
	{"azure_pipelines", `{"ver":"2.0","iss":"https://login.microsoftonline.com/` + tid + `/v2.0",` +
		`"sub":"/eid1/c/pub/t/fiwfbbST/a/rISbSSETf0KqFyZ8ppdXmA/sc/1f/2e"}`, ""},
	{"azure_pipelines_old", `{"iss":"https://vstoken.dev.azure.com/` + tid + `","sub":"sc://org/project/connection"}`,
		"https://vstoken.dev.azure.com/" + tid + "/.well-known/openid-configuration"},
	{"github", `{"iss":"https://token.actions.githubusercontent.com","sub":"repo:o/r:ref:refs/heads/main"}`,
		"https://token.actions.githubusercontent.com/.well-known/jwks"},
	{"github", `{"iss":"https://token.actions.githubusercontent.com/octo-enterprise"}`,
		"https://token.actions.githubusercontent.com/octo-enterprise/.well-known/jwks"},
	{"github", `{"iss":"https://git.corp.example/_services/token"}`, "https://git.corp.example/_services/token/.well-known/jwks"},
	{"github", `{"iss":"https://token.actions.octocorp.ghe.com"}`, "https://token.actions.octocorp.ghe.com/.well-known/jwks"},
	{"gitlab", `{"iss":"https://gitlab.com","sub":"project_path:g/p:ref_type:branch:ref:main"}`, "https://gitlab.com/oauth/discovery/keys"},
	{"gitlab", `{"iss":"https://git.corp.example","project_path":"g/p","namespace_path":"g","pipeline_source":"push"}`,
		"https://git.corp.example/oauth/discovery/keys"},
	{"terraform", `{"iss":"https://app.terraform.io","terraform_run_phase":"plan"}`, "https://app.terraform.io/.well-known/jwks"},
	{"terraform", `{"iss":"https://app.eu.terraform.io"}`, "https://app.eu.terraform.io/.well-known/jwks"},
	{"circleci", `{"iss":"https://oidc.circleci.com/org/` + tid + `"}`, "https://oidc.circleci.com/org/" + tid + "/.well-known/jwks-pub.json"},
	{"bitbucket", `{"iss":"https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc"}`,
		"https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc/keys.json"},
	{"buildkite", `{"iss":"https://agent.buildkite.com"}`, "https://agent.buildkite.com/.well-known/jwks"},
	{"spacelift", `{"iss":"https://acme.app.spacelift.io"}`, "https://acme.app.spacelift.io/.well-known/jwks"},
	{"kubernetes_legacy", `{"iss":"kubernetes/serviceaccount"}`, ""},
	{"aks", `{"iss":"https://westeurope.oic.prod-aks.azure.com/` + tid + `/` + tid + `/"}`,
		"https://westeurope.oic.prod-aks.azure.com/" + tid + "/" + tid + "/openid/v1/jwks"},
	{"eks", `{"iss":"https://oidc.eks.eu-west-1.amazonaws.com/id/ABC"}`, "https://oidc.eks.eu-west-1.amazonaws.com/id/ABC/keys"},
	{"gke", `{"iss":"https://container.googleapis.com/v1/projects/p/locations/l/clusters/c"}`,
		"https://container.googleapis.com/v1/projects/p/locations/l/clusters/c/jwks"},
	{"kubernetes", `{"iss":"https://kubernetes.default.svc.cluster.local","kubernetes.io":{}}`,
		"https://kubernetes.default.svc.cluster.local/openid/v1/jwks"},
	{"kubernetes", `{"iss":"https://oidc.k8s.example","sub":"system:serviceaccount:ns:name"}`, "https://oidc.k8s.example/openid/v1/jwks"},
	{"spiffe", `{"sub":"spiffe://corp.example/ns/a/sa/b","aud":["x"]}`, ""},
	{"aws_sts", `{"iss":"https://4f0e.tokens.sts.global.api.aws"}`, "https://4f0e.tokens.sts.global.api.aws/.well-known/openid-configuration"},
	{"okta", `{"iss":"https://acme.okta.com/oauth2/default","cid":"0oa1","scp":["read"],"ver":1}`, "https://acme.okta.com/oauth2/default/v1/keys"},
	{"okta", `{"iss":"https://id.acme.example/oauth2/aus1","cid":"0oa1","scp":["read"]}`, "https://id.acme.example/oauth2/aus1/v1/keys"},
	{"okta_org", `{"iss":"https://acme.okta.com","cid":"0oa1","scp":["okta.users.read"],"ver":1}`, ""},
	{"okta_org", `{"iss":"https://id.acme.example","cid":"0oa1","scp":["openid"]}`, ""},
	{"okta_id", `{"iss":"https://acme.okta.com","aud":"0oa1","sub":"00u1"}`, "https://acme.okta.com/oauth2/v1/keys"},
	{"apple", `{"iss":"https://appleid.apple.com"}`, "https://appleid.apple.com/auth/keys"},
	{"supabase", `{"iss":"https://abc.supabase.co/auth/v1"}`, "https://abc.supabase.co/auth/v1/.well-known/jwks.json"},
	{"salesforce", `{"iss":"https://acme.my.salesforce.com"}`, "https://acme.my.salesforce.com/id/keys"},
	{"pingone", `{"iss":"https://auth.pingone.eu/` + tid + `/as"}`, "https://auth.pingone.eu/" + tid + "/as/jwks"},
	{"onelogin", `{"iss":"https://acme.onelogin.com/oidc/2"}`, "https://acme.onelogin.com/oidc/2/certs"},
	{"vercel", `{"iss":"https://oidc.vercel.com/acme"}`, "https://oidc.vercel.com/acme/.well-known/jwks"},
	{"fly", `{"iss":"https://oidc.fly.io/acme"}`, "https://oidc.fly.io/acme/.well-known/openid-configuration"},
	{"pulumi", `{"iss":"https://api.pulumi.com/oidc"}`, "https://api.pulumi.com/oidc/.well-known/openid-configuration"},
	{"vault", `{"iss":"https://vault.corp.example/v1/identity/oidc"}`, "https://vault.corp.example/v1/identity/oidc/.well-known/keys"},
	{"auth0", `{"iss":"https://id.acme.example/","sub":"auth0|1"}`, "https://id.acme.example/.well-known/jwks.json"},
	{"auth0", `{"iss":"https://acme.eu.auth0.com/","azp":"abc","gty":"client-credentials"}`, "https://acme.eu.auth0.com/.well-known/jwks.json"},
	{"auth0", `{"iss":"https://login.acme.example/","sub":"abc@clients"}`, "https://login.acme.example/.well-known/jwks.json"},
	{"keycloak", `{"iss":"https://kc.example/realms/prod"}`, "https://kc.example/realms/prod/protocol/openid-connect/certs"},
	{"keycloak", `{"iss":"http://localhost:8080/auth/realms/prod"}`, "http://localhost:8080/auth/realms/prod/protocol/openid-connect/certs"},
	{"cognito", `{"iss":"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC"}`,
		"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC/.well-known/jwks.json"},
	{"firebase", `{"iss":"https://securetoken.google.com/project"}`,
		"https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com"},
	{"google", `{"iss":"https://accounts.google.com"}`, "https://www.googleapis.com/oauth2/v3/certs"},
	{"adfs", `{"iss":"http://fs.corp.example/adfs/services/trust","apptype":"Confidential","ver":"1.0"}`,
		"https://fs.corp.example/adfs/discovery/keys"},
	{"b2c", `{"iss":"https://acme.b2clogin.com/` + tid + `/v2.0/","tid":"` + tid + `","tfp":"B2C_1_app"}`,
		"https://acme.b2clogin.com/" + tid + "/B2C_1_app/discovery/v2.0/keys"},
	{"b2c", `{"iss":"https://acme.b2clogin.com/` + tid + `/v2.0/"}`, ""},
	{"external_id", `{"iss":"https://` + tid + `.ciamlogin.com/` + tid + `/v2.0","tid":"` + tid + `"}`,
		"https://" + tid + ".ciamlogin.com/" + tid + "/discovery/v2.0/keys"},
	{"bot_framework", `{"iss":"https://api.botframework.com","serviceurl":"https://smba.example"}`,
		"https://login.botframework.com/v1/.well-known/keys"},
	{"acs", `{"iss":"00000001-0000-0000-c000-000000000000@` + tid + `"}`, ""},
	{"app_service", `{"iss":"https://acme.azurewebsites.net/","stable_sid":"sid:1"}`, ""},
	{"azure_attestation", `{"iss":"https://sharedweu.weu.attest.azure.net"}`, "https://sharedweu.weu.attest.azure.net/certs"},
	{"google_service_account", `{"iss":"sa@p.iam.gserviceaccount.com"}`, ""},
	{"entra", `{"iss":"https://sts.windows.net/` + tid + `/"}`, ""},
	{"entra", `{"iss":"https://127.0.0.1:8443/` + tid + `/v2.0"}`, ""},
	{"entra", `{"iss":"https://login.microsoftonline.us/` + tid + `/v2.0","realm_access":{},"kubernetes.io":{}}`, ""},
	{"rfc9068", `{"iss":"https://idp.example","typ":"x"}`, "https://idp.example/.well-known/openid-configuration"},
	{"unknown", `{"iss":"https://idp.example"}`, ""},
	{"unknown", `{}`, ""},
	{"unknown", `{"iss":7}`, ""},
}

func TestOf(t *testing.T) {
	seen := map[string]bool{}
	for _, tt := range recognised {
		header := `{"alg":"RS256"}`
		switch tt.family {
		case issuer.RFC9068:
			header = `{"alg":"RS256","typ":"at+jwt"}`
		case "dpop_proof":
			header = `{"alg":"RS256","typ":"dpop+jwt"}`
		}
		token := decode(t, header, tt.claims)
		f := issuer.Of(token)
		seen[f.ID] = true
		if keys, _ := f.KeysAddress(token); f.ID != tt.family || tt.keys != "" && keys != tt.keys {
			t.Errorf("%s\nwant %s, %s\ngot  %s, %s", tt.claims, tt.family, tt.keys, f.ID, keys)
		}
	}
	for _, f := range issuer.Families() {
		if !seen[f.ID] {
			t.Errorf("no token of the family %s is tried", f.ID)
		}
	}
}

// TestRows: a row is whole, so that what is made of it reads as a sentence.
func TestRows(t *testing.T) {
	uses := []issuer.Use{issuer.ForAPI, issuer.ForExchange, issuer.ForIssuer, issuer.ForClient, issuer.ForService,
		issuer.Credential}
	for _, f := range issuer.Families() {
		if f.ID == "" || f.Name == "" || len(f.Sources) == 0 || !slices.Contains(uses, f.Use) {
			t.Errorf("%s: a row needs id, name, use and sources", f.ID)
		}
		if !strings.HasPrefix(f.Token, "a ") && !strings.HasPrefix(f.Token, "an ") {
			t.Errorf("%s: token needs its article: %s", f.ID, f.Token)
		}
		for name, sentence := range f.Claims {
			if !strings.HasSuffix(sentence, ".") {
				t.Errorf("%s: %s is not a sentence: %s", f.ID, name, sentence)
			}
		}
	}
	for _, name := range []string{"scp", "acr", "auth_time", "azp"} {
		if _, ok := issuer.OfIssuer("https://idp.example").Claim(name); !ok {
			t.Errorf("nothing is known of %s", name)
		}
	}
}
