package tenant_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"m2m/internal/entra"
	"m2m/internal/tenant/control"
	"m2m/internal/tenant/directory"
)

const (
	blueprintID  = "9d17cc32-c91b-4368-8494-1b29ccb0dbcf"
	agentID      = "5081ddac-3d33-4766-98fe-80c38c5ce554"
	otherAgentID = "f3897825-fd03-45f5-90eb-fdbf26135650"
	exchange     = "api://AzureADTokenExchange/.default"
	exchangeGUID = "fb60f99c-7a34-4190-8149-302f77469936"
	assertionJWT = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

// withAgents is the sample tenant under the ID of the published tokens, with a
// blueprint, two agent identities, and an API that asks for the claims of agents.
func withAgents() directory.Tenant {
	t := sample()
	t.ID = "5369a35c-46a5-4677-8ff9-2e65587654e7"
	t.Clients = append(t.Clients, directory.Client{
		ID: blueprintID, ObjectID: "8b9ea2e4-534a-46bb-b3c7-4027969d271c", Name: "blueprint", IsBlueprint: true,
		Secrets: []directory.ClientSecret{{Value: directory.NewClientSecret()}},
	})
	agent := func(id, name string) directory.Client {
		return directory.Client{Kind: directory.AgentIdentity, ID: id, ObjectID: id, Name: name, Blueprint: blueprintID,
			Grants: []directory.Grant{{API: "api://m2m-demo", Roles: []string{"Data.Read"}}}}
	}
	t.Agents = []directory.Client{agent(agentID, "agent"), agent(otherAgentID, "other agent")}
	t.APIs = append(t.APIs, directory.API{
		ID: "0f4a9c3e-6b21-4d87-9e5f-a8c7d1b2e346", URIs: []string{"api://asks"}, TokenVersion: entra.V2,
		OptionalClaims: directory.OptionalClaims(),
	})
	return t
}

// agents is a running tenant with agents.
type agents struct {
	*running
	key       entra.Secret
	home      directory.Tenant
	blueprint directory.Client
}

func startAgents(t *testing.T) agents {
	t.Helper()
	home := withAgents()
	cfg := config(home)
	cfg.ControlKey = control.NewKey()
	return agents{start(t, cfg), cfg.ControlKey, home, home.Clients[len(home.Clients)-1]}
}

// sign has the tenant sign a payload.
func (a agents) sign(payload string) string {
	a.t.Helper()
	got := a.control(a.key, http.MethodPost, "mint", encode(a.t, map[string]string{"payload": payload}))
	var answer control.Minted
	got.decode(a.t, &answer)
	return answer.Token
}

func (a agents) send(form url.Values) answer {
	a.t.Helper()
	return a.post("/"+a.home.ID+"/oauth2/v2.0/token", form)
}

// first is the request of the blueprint for a token to present.
func (a agents) first(agent string) url.Values {
	form := request(a.blueprint, exchange)
	form.Set("fmi_path", agent)
	return form
}

// second is the request of an agent identity with that token.
func second(agent, assertion, scope string) url.Values {
	return url.Values{"grant_type": {"client_credentials"}, "client_id": {agent}, "scope": {scope},
		"client_assertion": {assertion}, "client_assertion_type": {assertionJWT}}
}

func TestAgentTokens(t *testing.T) {
	a := startAgents(t)
	t1 := accessToken(t, a.send(a.first(agentID)))
	first := decodeToken(t, t1)
	compareFields(t, "claims-agent-first", objectFields(t, first.payload))
	want := map[string]any{
		"aud": exchangeGUID, "azp": blueprintID, "azpacr": "1", "oid": a.blueprint.ObjectID, "idtyp": "app", "ver": "2.0",
		// As in the published token of this tenant, blueprint and agent identity.
		"sub":         "/eid1/c/pub/t/XKNpU6VGd0aP-S5lWHZU5w/a/MswXnRvJaEOElBspzLDbzw/" + agentID,
		"xms_act_fct": "9 1", "xms_sub_fct": "3 9", "xms_idrel": "14 7",
	}
	compareSomeClaims(t, "first", want, first.claims)
	if life := first.claims["exp"].(float64) - first.claims["nbf"].(float64); life != 3900 {
		t.Errorf("the first token lives for %v s", life)
	}

	t2 := decodeToken(t, accessToken(t, a.send(second(agentID, t1, exchange))))
	compareFields(t, "claims-agent-second", objectFields(t, t2.payload))
	compareSomeClaims(t, "second", map[string]any{
		"aud": exchangeGUID, "azp": agentID, "azpacr": "2", "oid": agentID, "sub": agentID, "idtyp": "app",
		"xms_act_fct": "1 9 11", "xms_sub_fct": "11 1 9", "xms_idrel": "7 12", "xms_par_app_azp": blueprintID,
	}, t2.claims)

	plain := decodeToken(t, accessToken(t, a.send(second(agentID, t1, "api://m2m-demo/.default"))))
	compareFields(t, "claims-v2", objectFields(t, plain.payload), "roles")
	compareSomeClaims(t, "API", map[string]any{"azp": agentID, "azpacr": "2", "oid": agentID, "sub": agentID}, plain.claims)

	asked := decodeToken(t, accessToken(t, a.send(second(agentID, t1, "api://asks/.default"))))
	compareSomeClaims(t, "API that asks", map[string]any{
		"idtyp": "app", "xms_act_fct": "9 3 11", "xms_sub_fct": "9 3 11", "xms_par_app_azp": blueprintID, "xms_idrel": "7 22",
		"xms_tnt_fct": "3 12",
	}, asked.claims)

	graph := decodeToken(t, accessToken(t, a.send(second(agentID, t1, "https://graph.microsoft.com/.default"))))
	compareSomeClaims(t, "Graph", map[string]any{"appid": agentID, "xms_act_fct": "9 3 11", "xms_par_app_azp": blueprintID},
		graph.claims)

	app := decodeToken(t, accessToken(t, a.send(request(a.home.Clients[0], "api://asks/.default"))))
	compareSomeClaims(t, "an ordinary app", map[string]any{"xms_act_fct": "3 9", "xms_par_app_azp": nil}, app.claims)
}

// compareSomeClaims compares some claims; nil is an absent one.
func compareSomeClaims(t *testing.T, name string, want, got map[string]any) {
	t.Helper()
	found := map[string]any{}
	for claim := range want {
		found[claim] = got[claim]
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestAgentRefusals(t *testing.T) {
	a := startAgents(t)
	t1 := accessToken(t, a.send(a.first(agentID)))
	t2 := accessToken(t, a.send(second(agentID, t1, exchange)))
	const scope = "api://m2m-demo/.default"
	changed := func(form url.Values, name, value string) url.Values {
		form.Set(name, value)
		return form
	}
	without := a.first(agentID)
	without.Del("fmi_path")
	cases := []struct {
		name   string
		form   url.Values
		status int
		code   int
		word   string
	}{
		{"blueprint for itself", request(a.blueprint, scope), 400, 82001, "unauthorized_client"},
		{"blueprint for Graph", request(a.blueprint, "https://graph.microsoft.com/.default"), 400, 82001, "unauthorized_client"},
		{"no fmi_path", without, 400, 82008, "invalid_request"},
		{"fmi_path of nobody", a.first("0c1d2e3f-4a5b-4c6d-8e7f-9a0b1c2d3e4f"), 400, 700016, "unauthorized_client"},
		{"fmi_path of an app", a.first(a.home.Clients[0].ID), 400, 700016, "unauthorized_client"},
		{"first leg without a credential", changed(a.first(agentID), "client_secret", ""), 401, 7000216, "invalid_client"},
		{"agent without a credential", changed(second(agentID, "", scope), "client_assertion_type", ""), 401, 7000216,
			"invalid_client"},
		{"agent with the blueprint's secret", changed(request(a.blueprint, scope), "client_id", agentID), 401, 7000215,
			"invalid_client"},
		{"assertion for another agent", second(otherAgentID, t1, scope), 401, 7002142, "invalid_client"},
		{"second token instead of the first", second(agentID, t2, scope), 401, 700213, "invalid_client"},
		{"cut", second(agentID, t1[:len(t1)-4]+"AAAA", scope), 401, 700027, "invalid_client"},
		{"agent as an app of a certificate", second(agentID, accessToken(t, a.send(request(a.home.Clients[0], scope))), scope), 401,
			700212, "invalid_client"},
		{"first token for an app", second(a.home.Clients[0].ID, t1, scope), 401, 70025, "invalid_client"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a.t = t
			compareRefusal(t, a.send(c.form), c.status, c.code, c.word)
		})
	}
	a.t = t
	got := a.post("/"+a.home.ID+"/oauth2/v2.0/token?fmi_path="+agentID, without)
	compareRefusal(t, got, 400, 82008, "invalid_request")
	if !strings.Contains(string(got.body), "in the query and belongs in the body") {
		t.Errorf("fmi_path in the query: %s", got.body)
	}
}

// MSAL Go gets the token of an agent identity as its documentation says.
func TestMSALForAgents(t *testing.T) {
	a := startAgents(t)
	options := []confidential.Option{
		confidential.WithHTTPClient(a.http), confidential.WithInstanceDiscovery(false),
		confidential.WithAzureRegion("DisableMsalForceRegion"),
	}
	blueprint, err := confidential.New(a.Authority(a.home.ID).URL(), blueprintID,
		secretCredential(t, a.blueprint.Secrets[0].Value), options...)
	if err != nil {
		t.Fatal(err)
	}
	assertion := confidential.NewCredFromAssertionCallback(
		func(ctx context.Context, _ confidential.AssertionRequestOptions) (string, error) {
			result, err := blueprint.AcquireTokenByCredential(ctx, []string{exchange}, confidential.WithFMIPath(agentID))
			return result.AccessToken, err
		})
	agent, err := confidential.New(a.Authority(a.home.ID).URL(), agentID, assertion, options...)
	if err != nil {
		t.Fatal(err)
	}
	result, err := agent.AcquireTokenByCredential(t.Context(), []string{"api://m2m-demo/.default"})
	if err != nil {
		t.Fatal(err)
	}
	compareSomeClaims(t, "MSAL Go", map[string]any{"azp": agentID, "sub": agentID}, decodeToken(t, result.AccessToken).claims)
}

// A token of the tenant itself as federated credential: a managed identity's, which
// the tenant signs and the registration trusts.
func TestOwnTokensAsFederatedCredential(t *testing.T) {
	a := startAgents(t)
	issuer := a.Origin() + "/" + a.home.ID + "/v2.0"
	middle := a.home.Clients[0]
	own := func(changes map[string]any) string {
		claims := jwt.MapClaims{"iss": issuer, "sub": middle.ObjectID, "aud": exchangeGUID, "exp": noon().Unix() + 600}
		for name, value := range changes {
			claims[name] = value
		}
		return a.sign(encode(t, claims))
	}
	// The registrations are read at each request; the test changes one in place.
	trusting := &a.home.Clients[1]
	cases := []struct {
		name   string
		trust  directory.FederatedCredential
		change map[string]any
		code   int
	}{
		{"as registered", directory.FederatedCredential{Issuer: issuer, Subject: middle.ObjectID}, nil, 0},
		{"client ID for object ID", directory.FederatedCredential{Issuer: issuer, Subject: middle.ID}, nil, 700213},
		{"audience that is the GUID", directory.FederatedCredential{Issuer: issuer, Subject: middle.ObjectID,
			Audience: exchangeGUID}, nil, 700214},
		{"token for an API", directory.FederatedCredential{Issuer: issuer, Subject: middle.ObjectID},
			map[string]any{"aud": "api://m2m-demo"}, 700212},
		{"a user's token", directory.FederatedCredential{Issuer: issuer, Subject: middle.ObjectID},
			map[string]any{"scp": "access"}, 700229},
		{"got with a federated credential", directory.FederatedCredential{Issuer: issuer, Subject: middle.ObjectID},
			map[string]any{"xms_ficinfo": "CAAQABgAIAAoAjAA"}, 700231},
		{"expired", directory.FederatedCredential{Issuer: issuer, Subject: middle.ObjectID},
			map[string]any{"exp": noon().Unix() - 3600}, 700024},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a.t = t
			trusting.Federated = []directory.FederatedCredential{c.trust}
			got := a.send(second(trusting.ID, own(c.change), "api://m2m-demo/.default"))
			if c.code == 0 {
				accessToken(t, got)
				return
			}
			compareRefusal(t, got, 401, c.code, "invalid_client")
		})
	}
}

// TestIdentityOfAStranger: an app that trusts no managed identity.
func TestIdentityOfAStranger(t *testing.T) {
	a := startAgents(t)
	a.home.Clients[1].Federated = nil
	token := a.sign(encode(t, jwt.MapClaims{
		"iss": a.Origin() + "/" + a.home.ID + "/v2.0", "sub": a.home.Clients[0].ObjectID, "aud": exchangeGUID,
		"exp": noon().Unix() + 600, "xms_mirid": "/subscriptions/x/resourcegroups/y",
	}))
	got := a.send(second(a.home.Clients[1].ID, token, "api://m2m-demo/.default"))
	compareRefusal(t, got, 401, 7000226, "invalid_client")
}

func TestFederationPolicies(t *testing.T) {
	o := startOutside(t)
	p := startFederated(t, o)
	token := p.assertion(jwt.SigningMethodRS256, map[string]any{"kid": "one"}, outsideClaims(o), o.key.key)
	for _, c := range []struct {
		issuers []string
		code    int
	}{{nil, 0}, {[]string{o.URL}, 0}, {[]string{}, 700223}, {[]string{"https://elsewhere.example"}, 700238}} {
		p.home.FederationIssuers = c.issuers
		cfg := config(p.home)
		cfg.HTTPClient = o.Client()
		p.running = start(t, cfg)
		if got := p.send(p.client.ID, token); c.code == 0 {
			accessToken(t, got)
		} else {
			compareRefusal(t, got, 401, c.code, "invalid_client")
		}
	}
}

// What GitHub and flexible credentials need beyond the code: the reason.
func TestSubjectsAreExplained(t *testing.T) {
	o := startOutside(t)
	p := startFederated(t, o)
	kid := map[string]any{"kid": "one"}
	p.home.Clients[0].Federated = []directory.FederatedCredential{
		{Issuer: o.URL, Subject: workflow}, {Issuer: o.URL, Subject: "repo:octo@7/new@9:ref:refs/heads/main"},
	}
	flexible := &p.home.Clients[1]
	flexible.Federated = []directory.FederatedCredential{{Issuer: o.URL, Expression: "claims['sub'] matches 'repo:octo/*'"}}
	for _, c := range []struct {
		client, subject string
		code            int
		want            string
	}{
		{p.home.Clients[0].ID, "repo:octo@1234/app@5678:environment:prod", 700213, "immutable form, with numeric IDs, of a subject"},
		{p.home.Clients[0].ID, "repo:octo/new:ref:refs/heads/main", 700213, "does not send that"},
		{p.home.Clients[0].ID, "repo:octo/other:ref:refs/heads/main", 700213, "has subject"},
		{flexible.ID, workflow, 7002131, "is not evaluated by this tenant"},
	} {
		claims := outsideClaims(o)
		claims["sub"] = c.subject
		got := p.send(c.client, p.assertion(jwt.SigningMethodRS256, kid, claims, o.key.key))
		compareRefusal(t, got, 401, c.code, "invalid_client")
		if !strings.Contains(string(got.body), c.want) {
			t.Errorf("%s: %s, want %q", c.subject, got.body, c.want)
		}
	}
	claims := outsideClaims(o)
	claims["sub"] = "repo:octo@7/new@9:ref:refs/heads/main"
	accessToken(t, p.send(p.home.Clients[0].ID, p.assertion(jwt.SigningMethodRS256, kid, claims, o.key.key)))
}

// Clients of MCP try three addresses for the discovery document; Entra has the third.
func TestFirstFormsOfDiscoveryAreMissing(t *testing.T) {
	home := sample()
	home.CodeChallengeMethods = []string{"S256"}
	r := start(t, config(home))
	for _, path := range []string{
		"/.well-known/oauth-authorization-server/" + home.ID + "/v2.0", "/.well-known/openid-configuration/" + home.ID + "/v2.0",
		"/.well-known/oauth-authorization-server", "/.well-known/openid-configuration",
	} {
		got := r.get(path)
		if got.status != http.StatusNotFound || len(got.body) > 0 || got.header.Get("Cache-Control") != "private" {
			t.Errorf("%s: HTTP %d, Cache-Control %q, %q", path, got.status, got.header.Get("Cache-Control"), got.body)
		}
	}
	for _, c := range []struct {
		path string
		want bool
	}{{"/" + home.ID + "/v2.0", true}, {"/" + home.ID, true}, {"/common/v2.0", false}} {
		fields := objectFields(t, r.get(c.path+"/.well-known/openid-configuration").body)
		if got := slices.Contains(fields, "code_challenge_methods_supported"); got != c.want {
			t.Errorf("%s has code_challenge_methods_supported: %t, want %t", c.path, got, c.want)
		}
	}
}

// A resource of v2.0 is accepted where it is an App ID URI of the scope's app, character
// by character (since March 2026).
func TestResourceOnV2(t *testing.T) {
	home := sample()
	r := start(t, config(home))
	for scope, resource := range map[string]string{
		"api://m2m-demo/.default": "api://m2m-demo", "https://vault.example//.default": "https://vault.example/",
		home.APIs[0].ID + "/.default": "api://m2m-demo", "https://graph.microsoft.com/.default": "https://graph.microsoft.com",
	} {
		form := request(home.Clients[0], scope)
		form.Set("resource", resource)
		accessToken(t, r.post("/"+home.ID+"/oauth2/v2.0/token", form))
	}
}
