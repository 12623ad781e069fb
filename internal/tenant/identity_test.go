package tenant_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/managedidentity"
	"github.com/google/go-cmp/cmp"

	"m2m/internal/tenant"
	"m2m/internal/tenant/control"
	"m2m/internal/tenant/directory"
	"m2m/internal/tenant/fault"
)

// machine is a running tenant with managed identities, and their endpoints.
type machine struct {
	*running
	home             directory.Tenant
	address, header  string
	seen             chan tenant.TokenRequest
	system, assigned directory.Client
}

func startMachine(t *testing.T, change func(*directory.Tenant)) machine {
	t.Helper()
	home := sample()
	if change != nil {
		change(&home)
	}
	cfg := config(home)
	cfg.Identities, cfg.IMDS = listen(t), listen(t)
	m := machine{home: home, seen: make(chan tenant.TokenRequest, 100)}
	cfg.OnTokenRequest = func(r tenant.TokenRequest) { m.seen <- r }
	m.running = start(t, cfg)
	address, header := m.IdentityEndpoint()
	m.address, m.header = address, header.Reveal()
	for _, c := range home.Identities {
		if c.Kind == directory.SystemIdentity {
			m.system = c
		} else {
			m.assigned = c
		}
	}
	return m
}

// ask sends a request to one of the endpoints.
func (m machine) ask(address, query string, headers ...string) answer {
	m.t.Helper()
	req, err := http.NewRequest(http.MethodGet, address+"?"+query, nil)
	if err != nil {
		m.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return m.do(req)
}

func (m machine) appService(query string) answer {
	m.t.Helper()
	return m.ask(m.address, "api-version=2019-08-01&"+query, "X-IDENTITY-HEADER", m.header)
}

func (m machine) imds(query string) answer {
	m.t.Helper()
	return m.ask(m.IMDS()+"/metadata/identity/oauth2/token", "api-version=2018-02-01&"+query, "Metadata", "true")
}

const demo = "resource=api%3A%2F%2Fm2m-demo"

func TestManagedIdentityTokens(t *testing.T) {
	m := startMachine(t, nil)
	for _, c := range []struct {
		name, fields string
		answer       answer
		want         directory.Client
	}{
		{"App Service, the machine's own", "identity-app-service", m.appService(demo), m.system},
		{"App Service, by client ID", "identity-app-service", m.appService(demo + "&client_id=" + m.assigned.ID), m.assigned},
		{"App Service, by object ID", "identity-app-service", m.appService(demo + "&principal_id=" + m.assigned.ObjectID), m.assigned},
		{"App Service, by resource ID", "identity-app-service",
			m.appService(demo + "&mi_res_id=" + url.QueryEscape(strings.ToUpper(m.assigned.ResourceID))), m.assigned},
		{"IMDS, the machine's own", "identity-imds", m.imds(demo), m.system},
		{"IMDS, by client ID", "identity-imds", m.imds(demo + "&client_id=" + m.assigned.ID), m.assigned},
		{"IMDS, by object ID", "identity-imds", m.imds(demo + "&object_id=" + m.assigned.ObjectID), m.assigned},
		{"IMDS, by resource ID", "identity-imds", m.imds(demo + "&msi_res_id=" + url.QueryEscape(m.assigned.ResourceID)), m.assigned},
	} {
		t.Run(c.name, func(t *testing.T) {
			compareFields(t, c.fields, objectFields(t, c.answer.body))
			var body map[string]string // every value is a text
			c.answer.decode(t, &body)
			if body["client_id"] != c.want.ID || body["resource"] != "api://m2m-demo" || body["token_type"] != "Bearer" {
				t.Errorf("answered %s", c.answer.body)
			}
			token := decodeToken(t, accessToken(t, c.answer))
			compareFields(t, "claims-v2", objectFields(t, token.payload), "roles", "xms_mirid")
			compareSomeClaims(t, "token", map[string]any{
				"azp": c.want.ID, "azpacr": "2", "oid": c.want.ObjectID, "sub": c.want.ObjectID, "xms_mirid": c.want.ResourceID,
				"roles": []any{"Data.Read"}, "exp": float64(noon().Unix() + 24*3600),
			}, token.claims)
		})
	}
	v1 := decodeToken(t, accessToken(t, m.appService("resource=https%3A%2F%2Fvault.example%2F")))
	compareSomeClaims(t, "v1.0", map[string]any{"appidacr": "2", "xms_mirid": m.system.ResourceID, "aud": "https://vault.example/"},
		v1.claims)
	old := m.ask(m.address, "api-version=2017-09-01&"+demo+"&clientid="+m.assigned.ID, "secret", m.header)
	var body map[string]string
	old.decode(t, &body)
	if body["expires_on"] != "11/24/2026 12:00:00 +00:00" {
		t.Errorf("2017-09-01: %s", old.body)
	}
}

func TestManagedIdentityRefusals(t *testing.T) {
	m := startMachine(t, nil)
	none := startMachine(t, func(home *directory.Tenant) { home.Identities = nil })
	several := startMachine(t, func(home *directory.Tenant) {
		other := home.Identities[1]
		other.ID, other.ObjectID = "7a1c9e40-2b6d-4f83-95ae-c0d7b8f1e264", "e5b20d9c-83f6-4a17-b4c8-1d6f7a9e0352"
		other.ResourceID += "-2"
		home.Identities = []directory.Client{home.Identities[1], other}
	})
	single := startMachine(t, func(home *directory.Tenant) { home.Identities = home.Identities[1:] })
	imds := "/metadata/identity/oauth2/token"
	notFound := `{"statusCode":400,"message":"No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId."}`
	const vague = `{"statusCode":500,"message":"An unexpected error occured while fetching the AAD Token."}`
	for _, c := range []struct {
		name   string
		got    answer
		status int
		want   string // without correlationId
	}{
		{"App Service: an app registration's ID", m.appService(demo + "&client_id=" + m.home.Clients[0].ID), 400, notFound},
		{"App Service: no identity", none.appService(demo), 400, notFound},
		{"App Service: only a user-assigned one, not named", single.appService(demo), 400, notFound},
		{"App Service: unknown resource", m.appService("resource=api://nobody"), 500, vague},
		{"App Service: no header", m.ask(m.address, "api-version=2019-08-01&"+demo), 401,
			`{"statusCode":401,"message":"The header X-IDENTITY-HEADER is missing or has another value than IDENTITY_HEADER."}`},
		{"App Service: another version", m.ask(m.address, "api-version=1&"+demo, "X-IDENTITY-HEADER", m.header), 400,
			`{"statusCode":400,"message":"Unsupported api-version '1'; supported are 2017-09-01 and 2019-08-01."}`},
		{"App Service: no resource", m.appService(""), 400,
			`{"statusCode":400,"message":"Required query variable 'resource' is missing"}`},
		{"IMDS: no identity", none.imds(demo), 400, `{"error":"invalid_request","error_description":"Identity not found"}`},
		{"IMDS: not assigned", m.imds(demo + "&client_id=" + m.home.Clients[0].ID), 400,
			`{"error":"invalid_request","error_description":"Identity not found"}`},
		{"IMDS: several", several.imds(demo), 400, `{"error":"invalid_request","error_description":"Multiple user assigned identities ` +
			`exist, please specify the clientId / resourceId of the identity in the token request"}`},
		{"IMDS: no header", m.ask(m.IMDS()+imds, "api-version=2018-02-01&"+demo), 400,
			`{"error":"bad_request_102","error_description":"Required metadata header not specified"}`},
		{"IMDS: through a proxy", m.ask(m.IMDS()+imds, "api-version=2018-02-01&"+demo, "Metadata", "true", "X-Forwarded-For", "10.0.0.1"),
			400, `{"error":"bad_request_102","error_description":"Requests through a proxy are not answered"}`},
		{"IMDS: unknown resource", m.imds("resource=api://nobody"), 400, `{"error":"invalid_resource","error_description":"AADSTS500011: ` +
			`no API 'api://nobody' in tenant ` + m.home.ID + `; compare it with the API's Application ID URI"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got map[string]any
			c.got.decode(t, &got)
			delete(got, "correlationId")
			var want map[string]any
			if err := json.Unmarshal([]byte(c.want), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" || c.got.status != c.status {
				t.Errorf("HTTP %d, want %d (-want +got):\n%s", c.got.status, c.status, diff)
			}
		})
	}
	accessToken(t, single.imds(demo))                                                            // the only one is meant
	accessToken(t, m.ask(m.IMDS()+imds+"/", "api-version=2018-02-01&"+demo, "Metadata", "true")) // msal-node adds a slash
	if got := m.get("/metadata/identity/oauth2/token?" + demo); got.status != http.StatusNotFound {
		t.Errorf("the tenant's own address answers as IMDS: HTTP %d", got.status)
	}
}

// A web page that reached the endpoint by a name of its own gets nothing.
func TestManagedIdentityIsNotForWebPages(t *testing.T) {
	m := startMachine(t, nil)
	req, err := http.NewRequest(http.MethodGet, m.IMDS()+"/metadata/identity/oauth2/token?api-version=2018-02-01&"+demo, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Metadata", "true")
	req.Host = "rebound.example"
	if got := m.do(req); got.status != http.StatusBadRequest {
		t.Errorf("by another name: HTTP %d %s", got.status, got.body)
	}
}

func TestManagedIdentityFaults(t *testing.T) {
	m := startMachine(t, nil)
	for spec, want := range map[string]struct {
		status           int
		appService, imds string
	}{
		"identity:not-found":         {400, "No User Assigned or Delegated", "Identity not found"},
		"identity:several":           {400, "No User Assigned or Delegated", "Multiple user assigned identities exist"},
		"identity:410":               {410, `"statusCode":410`, "Gone"},
		"identity:429,retry-after=3": {429, `"statusCode":429`, "Too Many Requests"},
		"identity:500":               {500, `"statusCode":500`, `"error":"unknown"`},
		"identity:vague":             {500, "An unexpected error occured while fetching the AAD Token.", `"error":"unknown"`},
		"identity:503":               {503, `"statusCode":503`, `"error":"unknown"`},
		"identity:html":              {200, "<html>", "<html>"},
	} {
		f, err := fault.Parse(spec)
		if err != nil {
			t.Fatal(err)
		}
		if f.String() != spec && !strings.Contains(spec, "429") {
			t.Errorf("%s is written %s", spec, f)
		}
		if err := m.Inject(f); err != nil {
			t.Fatal(err)
		}
		for protocol, got := range map[string]answer{want.appService: m.appService(demo), want.imds: m.imds(demo)} {
			if got.status != want.status || !strings.Contains(string(got.body), protocol) {
				t.Errorf("%s: HTTP %d %s, want HTTP %d with %q", spec, got.status, got.body, want.status, protocol)
			}
			if after := got.header.Get("Retry-After"); strings.Contains(spec, "retry-after=3") && after != "3" {
				t.Errorf("%s: Retry-After %q", spec, after)
			}
		}
		m.ClearFaults()
	}
	accessToken(t, m.appService(demo))
}

func TestManagedIdentityRequestsAreLogged(t *testing.T) {
	m := startMachine(t, nil)
	m.appService("resource=api://nobody")
	got := <-m.seen
	want := tenant.TokenRequest{
		Number: 1, Time: noon(), Tenant: m.home.ID, ClientID: m.system.ID, ClientName: m.system.Name, Credential: "managed identity",
		Resource: "api://nobody", Status: 500, Code: 500011, Error: "invalid_resource", Inferred: false,
		Reason: "no API 'api://nobody' in tenant " + m.home.ID + "; compare it with the API's Application ID URI",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	m.appService(demo + "&client_id=nobody")
	if got := <-m.seen; got.ClientID != "nobody" || got.Reason != "no such managed identity is assigned to this machine" || got.Issued() {
		t.Errorf("logged %+v", got)
	}
}

// MSAL Go finds the endpoint by the variables of App Service.
func TestMSALManagedIdentity(t *testing.T) {
	m := startMachine(t, nil)
	t.Setenv("IDENTITY_ENDPOINT", m.address)
	t.Setenv("IDENTITY_HEADER", m.header)
	for id, want := range map[managedidentity.ID]directory.Client{
		managedidentity.SystemAssigned(): m.system, managedidentity.UserAssignedClientID(m.assigned.ID): m.assigned,
		managedidentity.UserAssignedObjectID(m.assigned.ObjectID): m.assigned, managedidentity.UserAssignedResourceID(m.assigned.ResourceID): m.assigned,
	} {
		client, err := managedidentity.New(id)
		if err != nil {
			t.Fatal(err)
		}
		result, err := client.AcquireToken(t.Context(), "api://m2m-demo/.default")
		if err != nil {
			t.Errorf("%T: %v", id, err)
			continue
		}
		compareSomeClaims(t, want.Name, map[string]any{"azp": want.ID}, decodeToken(t, result.AccessToken).claims)
	}
}

func TestStateListsAppsAndRequests(t *testing.T) {
	home := withAgents()
	cfg := config(home)
	cfg.ControlKey = control.NewKey()
	r := start(t, cfg)
	for range control.MaxRequests + 3 {
		r.post("/"+home.ID+"/oauth2/v2.0/token", url.Values{})
	}
	var state control.State
	r.control(cfg.ControlKey, http.MethodGet, "state", "").decode(t, &state)
	if n := len(state.Requests); n != control.MaxRequests || state.Requests[0].Number != 4 || state.Requests[n-1].Number != n+3 {
		t.Errorf("%d requests, from number %d on", n, state.Requests[0].Number)
	}
	kinds := map[control.AppKind]int{}
	for _, app := range state.Apps {
		kinds[app.Kind]++
	}
	want := map[control.AppKind]int{
		control.KindAPI: len(home.APIs), control.KindClient: len(home.Clients) - 1, control.KindBlueprint: 1,
		control.KindSystemIdentity: 1, control.KindUserIdentity: 1, control.KindAgent: 2,
	}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("apps (-want +got):\n%s", diff)
	}
}
