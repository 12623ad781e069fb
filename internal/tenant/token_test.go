package tenant_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"m2m/internal/entra"
	"m2m/internal/tenant"
	"m2m/internal/tenant/directory"
)

func TestClaimsV2(t *testing.T) {
	home := sample()
	cfg := config(home)
	cfg.TokenLifetime = time.Hour
	r := start(t, cfg)
	client := home.Clients[0]
	// As MSAL Go sends it, and with fields that other MSALs add.
	form := request(client, "api://M2M-demo/.default openid offline_access profile email")
	form.Set("client_info", "1")
	form.Set("x-client-SKU", "msal.js.node")
	got := r.post("/"+home.Domains[0]+"/oauth2/v2.0/token?client-request-id=x", form)
	var body struct {
		Type string `json:"token_type"`
		In   int    `json:"expires_in"`
		Ext  int    `json:"ext_expires_in"`
	}
	got.decode(t, &body)
	if body.Type != "Bearer" || body.In != 3599 || body.Ext != 3599 {
		t.Errorf("the answer says %+v", body)
	}
	raw := accessToken(t, got)
	if !verified(t, raw, r.keys("/"+home.ID+"/discovery/v2.0/keys")) {
		t.Error("the signature does not verify")
	}
	want := map[string]any{
		"aud": home.APIs[0].ID, "iss": r.Origin() + "/" + home.ID + "/v2.0", "tid": home.ID, "ver": "2.0",
		"azp": client.ID, "azpacr": "1", "oid": client.ObjectID, "sub": client.ObjectID, "roles": []any{"Data.Read"},
		"iat": float64(noon().Unix() - 300), "nbf": float64(noon().Unix() - 300), "exp": float64(noon().Unix() + 3600),
	}
	compareClaims(t, want, decodeToken(t, raw).claims)
}

func TestClaimsV1(t *testing.T) {
	home := sample()
	cfg := config(home)
	cfg.TokenLifetime = time.Hour
	r := start(t, cfg)
	client := home.Clients[1]
	for resource, aud := range map[string]string{
		"https://vault.example/": "https://vault.example/",
		"https://vault.example":  "https://vault.example",
		home.APIs[1].ID:          home.APIs[1].ID,
	} {
		got := r.post("/"+home.ID+"/oauth2/token", requestV1(client, resource))
		var body map[string]string
		got.decode(t, &body)
		raw := body["access_token"]
		delete(body, "access_token")
		wantBody := map[string]string{
			"token_type": "Bearer", "expires_in": "3599", "ext_expires_in": "3599", "resource": resource,
			"expires_on": "1795438800", "not_before": "1795434900",
		}
		if diff := cmp.Diff(wantBody, body); diff != "" {
			t.Errorf("the answer (-want +got):\n%s", diff)
		}
		sts := "https://sts.windows.net/" + home.ID + "/"
		want := map[string]any{
			"aud": aud, "iss": sts, "idp": sts, "tid": home.ID, "ver": "1.0",
			"appid": client.ID, "appidacr": "1", "oid": client.ObjectID, "sub": client.ObjectID,
			"tenant_region_scope": "EU", "xms_tdbr": "EU",
			"iat": float64(noon().Unix() - 300), "nbf": float64(noon().Unix() - 300), "exp": float64(noon().Unix() + 3600),
		}
		compareClaims(t, want, decodeToken(t, raw).claims)
		if !verified(t, raw, r.keys("/common/discovery/keys")) {
			t.Error("the signature does not verify")
		}
	}
}

// compareClaims leaves out what is random.
func compareClaims(t *testing.T, want, got map[string]any) {
	t.Helper()
	random := cmpopts.IgnoreMapEntries(func(name string, value any) bool {
		return slices.Contains([]string{"aio", "rh", "uti", "xms_ftd"}, name) && value != ""
	})
	if diff := cmp.Diff(want, got, random); diff != "" {
		t.Errorf("the claims differ (-want +got):\n%s", diff)
	}
}

func TestNobodyVerifiesGraphTokens(t *testing.T) {
	home := sample()
	r := start(t, config(home))
	for _, resource := range []string{"https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000"} {
		raw := accessToken(t, r.post("/"+home.ID+"/oauth2/v2.0/token", request(home.Clients[0], resource+"/.default")))
		token := decodeToken(t, raw)
		keys := r.keys("/common/discovery/keys")
		if !slices.ContainsFunc(keys, func(k publishedKey) bool { return k.KeyID == token.keyID }) {
			t.Errorf("kid %s is not published: the token would be unverifiable for the wrong reason", token.keyID)
		}
		if verified(t, raw, keys) {
			t.Error("the signature of a Graph token verifies")
		}
		if token.claims["aud"] != resource || token.claims["idtyp"] != "app" {
			t.Errorf("aud %v, idtyp %v", token.claims["aud"], token.claims["idtyp"])
		}
	}
}

func TestLifetimeIsRandomByDefault(t *testing.T) {
	home := sample()
	r := start(t, config(home))
	seen := map[int]bool{}
	for range 20 {
		var body struct {
			In int `json:"expires_in"`
		}
		r.post("/"+home.ID+"/oauth2/v2.0/token", request(home.Clients[0], "api://m2m-demo/.default")).decode(t, &body)
		if body.In < 3599 || body.In > 5399 {
			t.Errorf("expires_in is %d, outside 60 to 90 minutes", body.In)
		}
		seen[body.In] = true
	}
	if len(seen) == 1 {
		t.Error("twenty tokens have one lifetime")
	}
}

func TestLifetimeAsConfigured(t *testing.T) {
	home := sample()
	cfg := config(home)
	cfg.TokenLifetime, cfg.LongestTokenLifetime = 10*time.Second, 12*time.Second
	r := start(t, cfg)
	seen := map[float64]bool{}
	for range 50 {
		claims := decodeToken(t,
			accessToken(t, r.post("/"+home.ID+"/oauth2/v2.0/token", request(home.Clients[0], "api://m2m-demo/.default")))).claims
		seen[claims["exp"].(float64)-float64(noon().Unix())] = true
	}
	if diff := cmp.Diff(map[float64]bool{10: true, 11: true, 12: true}, seen); diff != "" {
		t.Errorf("the lifetimes of fifty tokens (-want +got):\n%s", diff)
	}
}

func TestGraphRoles(t *testing.T) {
	home := sample()
	home.Clients[0].Grants = append(home.Clients[0].Grants,
		directory.Grant{API: "https://graph.microsoft.com/", Roles: []string{"User.Read.All", "Mail.Send"}})
	r := start(t, config(home))
	for n, want := range []any{[]any{"User.Read.All", "Mail.Send"}, nil} {
		claims := decodeToken(t,
			accessToken(t,
				r.post("/"+home.ID+"/oauth2/v2.0/token", request(home.Clients[n], "https://graph.microsoft.com/.default")))).claims
		if diff := cmp.Diff(want, claims["roles"]); diff != "" {
			t.Errorf("client %d: the roles (-want +got):\n%s", n, diff)
		}
	}
}

// The API has to ask for xms_cc by its registration, and the client to send it.
func TestClientCapabilities(t *testing.T) {
	home := sample()
	home.APIs[1].OptionalClaims = []string{"xms_cc"}
	r := start(t, config(home))
	for _, c := range []struct {
		name, scope, claims string
		want                any
	}{
		{"as MSAL sends it", "https://vault.example/.default", `{"access_token":{"xms_cc":{"values":["cp1"]}}}`,
			[]any{"cp1"}},
		{"not sent", "https://vault.example/.default", "", nil},
		{"not JSON", "https://vault.example/.default", `{"access_token"`, nil},
		{"not registered", "api://m2m-demo/.default", `{"access_token":{"xms_cc":{"values":["cp1"]}}}`, nil},
	} {
		form := request(home.Clients[0], c.scope)
		form.Set("claims", c.claims)
		claims := decodeToken(t, accessToken(t, r.post("/"+home.ID+"/oauth2/v2.0/token", form))).claims
		if diff := cmp.Diff(c.want, claims["xms_cc"]); diff != "" {
			t.Errorf("%s: xms_cc (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestTokensAreTheirOwn(t *testing.T) {
	home := sample()
	r := start(t, config(home))
	seen := map[any]bool{}
	for range 5 {
		raw := accessToken(t, r.post("/"+home.ID+"/oauth2/v2.0/token", request(home.Clients[0], "api://m2m-demo/.default")))
		seen[decodeToken(t, raw).claims["uti"]] = true
	}
	if len(seen) != 5 {
		t.Errorf("five tokens have %d uti", len(seen))
	}
}

func TestSeveralTenants(t *testing.T) {
	one, other := sample(), directory.Tenant{
		ID:   "5b0e3f4c-98a7-4d16-b2c5-f1a8e07d6934",
		APIs: []directory.API{{ID: sample().APIs[0].ID, URIs: []string{"api://m2m-demo"}, TokenVersion: entra.V2}},
		Clients: []directory.Client{{ID: sample().Clients[0].ID, ObjectID: "e6a7d0f2-13b4-4c58-9fd0-2b8c5a91e743",
			Secrets: []directory.ClientSecret{{Value: directory.NewClientSecret()}}}},
	}
	r := start(t, tenant.Config{Tenants: []directory.Tenant{one, other}, Now: noon})
	claims := decodeToken(t,
		accessToken(t,
			r.post("/"+other.ID+"/oauth2/v2.0/token", request(other.Clients[0], "api://m2m-demo/.default")))).claims
	if claims["tid"] != other.ID || claims["oid"] != other.Clients[0].ObjectID {
		t.Errorf("tid %v, oid %v", claims["tid"], claims["oid"])
	}
	compareRefusal(t, r.post("/"+one.ID+"/oauth2/v2.0/token", request(other.Clients[0], "api://m2m-demo/.default")),
		http.StatusUnauthorized, 7000215, "invalid_client")
}

// Every secret that has not ended is good, whatever the others are.
func TestSeveralSecrets(t *testing.T) {
	home := sample()
	r := start(t, config(home))
	client := home.Clients[4]
	form := request(client, "api://strict/.default")
	form.Set("client_secret", client.Secrets[1].Value.Reveal())
	claims := decodeToken(t, accessToken(t, r.post("/"+home.ID+"/oauth2/v2.0/token", form))).claims
	if claims["idtyp"] != "app" {
		t.Errorf("idtyp is %v though the API asks for it", claims["idtyp"])
	}
}
