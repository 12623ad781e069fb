package tenant_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"m2m/internal/entra"
)

type errorBody struct {
	Error         string `json:"error"`
	Description   string `json:"error_description"`
	Codes         []int  `json:"error_codes"`
	Timestamp     string `json:"timestamp"`
	TraceID       string `json:"trace_id"`
	CorrelationID string `json:"correlation_id"`
	URI           string `json:"error_uri"`
}

// compareRefusal checks everything about an error that a client can read.
func compareRefusal(t *testing.T, got answer, status, code int, word string) {
	t.Helper()
	var body errorBody
	got.decode(t, &body)
	if got.status != status || body.Error != word || len(body.Codes) != 1 || body.Codes[0] != code {
		t.Errorf("HTTP %d %s %v, want HTTP %d %s [%d]\n%s", got.status, body.Error, body.Codes, status, word, code, got.body)
	}
	set, uri := "error", fmt.Sprintf("https://login.microsoftonline.com/error?code=%d", code)
	switch code {
	case 70003, 700038:
		set, uri = "error-without-page", ""
	case 53003:
		set = "error-of-policy"
	}
	compareFields(t, set, objectFields(t, got.body))
	if body.URI != uri {
		t.Errorf("error_uri is %q, want %q", body.URI, uri)
	}
	prefix := fmt.Sprintf("AADSTS%d: ", code)
	trail := fmt.Sprintf(". Trace ID: %s Correlation ID: %s Timestamp: %s", body.TraceID, body.CorrelationID,
		body.Timestamp)
	if !strings.HasPrefix(body.Description, prefix) || !strings.HasSuffix(body.Description, trail) {
		t.Errorf("error_description is %q", body.Description)
	}
	if body.TraceID != got.header.Get("X-Ms-Request-Id") || !entra.IsGUID(body.TraceID) ||
		!entra.IsGUID(body.CorrelationID) {
		t.Errorf("trace ID %q, correlation ID %q, x-ms-request-id %q", body.TraceID, body.CorrelationID,
			got.header.Get("X-Ms-Request-Id"))
	}
	if body.Timestamp != "2026-11-23 12:00:00Z" {
		t.Errorf("timestamp is %q", body.Timestamp)
	}
	agreeWithCatalogue(t, code, status, word)
}

// agreeWithCatalogue holds a refusal against what was seen on the wire.
func agreeWithCatalogue(t *testing.T, code, status int, word string) {
	t.Helper()
	entry, ok := entra.LookupAADSTS(code)
	if !ok {
		t.Errorf("AADSTS%d is not in the catalogue", code)
	}
	if wire := entry.Wire; wire.Basis == entra.WireSeen && word != "invalid_tenant" &&
		(wire.Status != status || wire.Error != word) {
		t.Errorf("AADSTS%d: HTTP %d %s, the catalogue has seen HTTP %d %s", code, status, word, wire.Status, wire.Error)
	}
}

func TestRefusals(t *testing.T) {
	home := sample()
	r := start(t, config(home))
	good, disabled, uninstalled, rotating := home.Clients[0], home.Clients[2], home.Clients[3], home.Clients[4]
	const scope = "api://m2m-demo/.default"
	with := func(name string, values ...string) url.Values {
		form := request(good, scope)
		form[name] = values
		return form
	}
	cases := []struct {
		name   string
		home   string
		form   url.Values
		status int
		code   int
		word   string
	}{
		{"unknown tenant", "b7c1e8f4-0a2d-4e6b-8f35-9d1c7a4e2b60", request(good, scope), 400, 90002, "invalid_request"},
		{"unknown domain", "nobody.example.com", request(good, scope), 400, 90002, "invalid_request"},
		{"all-zero tenant", "00000000-0000-0000-0000-000000000000", request(good, scope), 400, 900021, "invalid_request"},
		{"placeholder tenant", "your-tenant-id", request(good, scope), 400, 900023, "invalid_request"},
		{"tenant that is no name", "contoso", request(good, scope), 400, 900023, "invalid_request"},
		{"common", "common", request(good, scope), 400, 50059, "invalid_request"},
		{"organizations", "Organizations", request(good, scope), 400, 50059, "invalid_request"},
		{"no grant type", "", with("grant_type"), 400, 900144, "invalid_request"},
		{"no client ID", "", with("client_id"), 400, 900144, "invalid_request"},
		{"no scope", "", with("scope"), 400, 900144, "invalid_request"},
		{"blank scope", "", with("scope", "  "), 400, 900144, "invalid_request"},
		{"other grant", "", with("grant_type", "password"), 400, 70003, "unsupported_grant_type"},
		{"field twice", "", with("scope", scope, scope), 400, 9000411, "invalid_request"},
		{"resource with a slash", "", with("resource", "api://m2m-demo/"), 400, 9010010, "invalid_target"},
		{"resource of another API", "", with("resource", "api://strict"), 400, 9010010, "invalid_target"},
		{"resource in other case", "", with("resource", "API://m2m-demo"), 400, 9010010, "invalid_target"},
		{"resource that is the client ID", "", with("resource", home.APIs[0].ID), 400, 9010010, "invalid_target"},
		{"resource and a scope of Graph", "", url.Values{
			"grant_type": {"client_credentials"}, "client_id": {good.ID}, "client_secret": {good.Secrets[0].Value.Reveal()},
			"scope": {"https://graph.microsoft.com/.default"}, "resource": {"api://m2m-demo"}}, 400, 9010010, "invalid_target"},
		{"bound to a certificate, without one", "", with("token_type", "mtls_pop"), 400, 392200, "invalid_request"},
		{"proof of possession", "", with("token_type", "pop"), 412, 51000, "invalid_request"},
		{"single permission", "", with("scope", "api://m2m-demo/Data.Read"), 400, 1002012, "invalid_scope"},
		{"resource without .default", "", with("scope", "api://m2m-demo"), 400, 1002012, "invalid_scope"},
		{"nothing but OpenID scopes", "", with("scope", "openid profile"), 400, 1002012, "invalid_scope"},
		{"scope encoded twice", "", with("scope", url.QueryEscape(scope)), 400, 1002012, "invalid_scope"},
		{"two permissions", "", with("scope", "User.Read Mail.Read"), 400, 1002012, "invalid_scope"},
		{"no resource before .default", "", with("scope", "/.default"), 400, 70011, "invalid_scope"},
		{"character no scope has", "", with("scope", `api://"m2m"/.default`), 400, 70011, "invalid_scope"},
		{"two resources", "", with("scope", scope+" https://graph.microsoft.com/.default"), 400, 28000, "invalid_scope"},
		{"unknown app", "", with("client_id", "4f6b2c9e-7d1a-4853-9be2-c0a8d5f71e36"), 400, 700016, "unauthorized_client"},
		{"app that is no GUID", "", with("client_id", "my-app"), 400, 700016, "unauthorized_client"},
		{"all-zero app", "", with("client_id", "00000000-0000-0000-0000-000000000000"), 400, 700038, "unauthorized_client"},
		{"disabled app", "", request(disabled, scope), 400, 7000112, "unauthorized_client"},
		{"no service principal", "", request(uninstalled, scope), 401, 7000229, "invalid_client"},
		{"no credential", "", with("client_secret"), 401, 7000216, "invalid_client"},
		{"empty secret", "", with("client_secret", ""), 401, 7000216, "invalid_client"},
		{"wrong secret", "", with("client_secret", "not it"), 401, 7000215, "invalid_client"},
		{"the secret's ID", "", with("client_secret", "6c2f8e15-9b0d-4a73-8e41-d5f7a2c09b68"), 401, 7000215,
			"invalid_client"},
		{"another client's secret", "", with("client_secret", home.Clients[1].Secrets[0].Value.Reveal()), 401, 7000215,
			"invalid_client"},
		{"expired secret", "", request(rotating, scope), 401, 7000222, "invalid_client"},
		{"secret that ends now", "", func() url.Values {
			form := request(rotating, scope)
			form.Set("client_secret", rotating.Secrets[2].Value.Reveal())
			return form
		}(), 401, 7000222, "invalid_client"},
		{"unknown resource", "", with("scope", "api://nobody/.default"), 400, 500011, "invalid_resource"},
		{"api://GUID that is not registered", "", with("scope", "api://"+home.APIs[0].ID+"/.default"), 400, 500011,
			"invalid_resource"},
		{"all-zero resource", "", with("scope", "00000000-0000-0000-0000-000000000000/.default"), 400, 700039,
			"invalid_resource"},
		{"assignment required", "", with("scope", "api://strict/.default"), 400, 501051, "invalid_grant"},
		{"assertion without its type", "",
			url.Values{"grant_type": {"client_credentials"}, "client_id": {good.ID}, "scope": {scope},
				"client_assertion": {"a.b.c"}}, 400, 900144, "invalid_request"},
		{"assertion of another type", "",
			url.Values{"grant_type": {"client_credentials"}, "client_id": {good.ID}, "scope": {scope},
				"client_assertion": {"a.b.c"}, "client_assertion_type": {"saml"}}, 400, 90023, "invalid_request"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r.t = t
			segment := c.home
			if segment == "" {
				segment = home.ID
			}
			got := r.post("/"+segment+"/oauth2/v2.0/token", c.form)
			compareRefusal(t, got, c.status, c.code, c.word)
			compareFields(t, "headers-token", headerFields(got.header))
			for _, client := range home.Clients {
				for _, s := range client.Secrets {
					if strings.Contains(string(got.body), s.Value.Reveal()) {
						t.Error("the answer holds a secret")
					}
				}
			}
		})
	}
}

// A field twice is refused (RFC 6749, 3.2), whichever it is and whatever it says.
func TestFieldsThatComeTwice(t *testing.T) {
	home := sample()
	r := start(t, config(home))
	for _, name := range []string{"grant_type", "client_id", "client_secret", "client_assertion", "client_assertion_type",
		"scope", "resource"} {
		form := request(home.Clients[0], "api://m2m-demo/.default")
		form[name] = []string{form.Get(name), form.Get(name)}
		compareRefusal(t, r.post("/"+home.ID+"/oauth2/v2.0/token", form), 400, 9000411, "invalid_request")
	}
}

func TestRefusalsOfTheV1Endpoint(t *testing.T) {
	home := sample()
	r := start(t, config(home))
	path := "/" + home.ID + "/oauth2/token"
	compareRefusal(t, r.post(path, request(home.Clients[0], "api://m2m-demo/.default")), 400, 900144, "invalid_request")
	compareRefusal(t, r.post(path, requestV1(home.Clients[0], "api://nobody")), 400, 500011, "invalid_resource")
	compareRefusal(t, r.post("/common/oauth2/token", requestV1(home.Clients[0], "api://m2m-demo")), 400, 50059,
		"invalid_request")
}

func TestBlockedByPolicy(t *testing.T) {
	home := sample()
	const policy = "8d5e2a71-c4f0-4b96-a3d8-60f1e7b92c45"
	home.Clients[0].BlockedByPolicy = policy
	r := start(t, config(home))
	got := r.post("/"+home.ID+"/oauth2/v2.0/token", request(home.Clients[0], "api://m2m-demo/.default"))
	compareRefusal(t, got, 400, 53003, "invalid_grant")
	var body struct{ Suberror, Claims string }
	got.decode(t, &body)
	if want := `{"access_token":{"capolids":{"essential":true,"values":["` + policy + `"]}}}`; body.Claims != want ||
		body.Suberror != "message_only" {
		t.Errorf("suberror %q, claims %s", body.Suberror, body.Claims)
	}
}

func TestRefusalsOfTheRequestItself(t *testing.T) {
	home := sample()
	r := start(t, config(home))
	path := "/" + home.ID + "/oauth2/v2.0/token"
	good := request(home.Clients[0], "api://m2m-demo/.default")
	raw := func(method, contentType, body string) answer {
		req, err := http.NewRequest(method, r.Origin()+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", contentType)
		return r.do(req)
	}
	const form = "application/x-www-form-urlencoded"
	compareRefusal(t, r.get(path), 400, 900561, "invalid_request")
	compareRefusal(t, raw(http.MethodPut, form, good.Encode()), 400, 900561, "invalid_request")
	compareRefusal(t, raw(http.MethodPost, "application/json", `{"grant_type":"client_credentials"}`), 400, 900144,
		"invalid_request")
	compareRefusal(t, raw(http.MethodPost, "", good.Encode()), 400, 900144, "invalid_request")
	compareRefusal(t, raw(http.MethodPost, form, "grant_type=%zz"), 400, 9002313, "invalid_request")
	compareRefusal(t, raw(http.MethodPost, form, "x="+strings.Repeat("a", 64<<10)), 400, 9002313, "invalid_request")
	if got := raw(http.MethodPost, form+"; charset=utf-8", good.Encode()); got.status != http.StatusOK {
		t.Errorf("with a charset: HTTP %d %s", got.status, got.body)
	}
}

func TestRefusalsOfDocuments(t *testing.T) {
	r := start(t, config(sample()))
	for _, path := range []string{"/v2.0/.well-known/openid-configuration", "/.well-known/openid-configuration",
		"/discovery/v2.0/keys", "/discovery/keys"} {
		compareRefusal(t, r.get("/nobody.example.com"+path), 400, 90002, "invalid_tenant")
	}
	if got := r.get("/common/oauth2/v2.0/authorize"); got.status != http.StatusNotFound {
		t.Errorf("an endpoint that does not exist here: HTTP %d", got.status)
	}
}

func TestBasic(t *testing.T) {
	home := sample()
	r := start(t, config(home))
	client := home.Clients[0]
	path := "/" + home.ID + "/oauth2/v2.0/token"
	secret := client.Secrets[0].Value.Reveal()
	bare := url.Values{"grant_type": {"client_credentials"}, "scope": {"api://m2m-demo/.default"}}
	basic := func(id, secret string) func(*http.Request) {
		return func(req *http.Request) { req.SetBasicAuth(id, secret) }
	}
	accessToken(t, r.post(path, bare, basic(client.ID, secret)))
	accessToken(t, r.post(path, bare, basic(url.QueryEscape(client.ID), url.QueryEscape(secret))))
	accessToken(t, r.post(path, bare, func(req *http.Request) {
		req.Header.Set("Authorization", "basic "+base64.StdEncoding.EncodeToString([]byte(client.ID+":"+secret)))
	}))
	compareRefusal(t, r.post(path, bare, basic(client.ID, "wrong")), 401, 7000215, "invalid_client")
	compareRefusal(t, r.post(path, bare, basic(client.ID, "")), 401, 7000216, "invalid_client")
	compareRefusal(t, r.post(path, bare, basic("", secret)), 400, 900144, "invalid_request")
	compareRefusal(t, r.post(path, bare, func(req *http.Request) { req.Header.Set("Authorization", "Basic !") }), 400,
		900144, "invalid_request")
	compareRefusal(t, r.post(path, request(client, "api://m2m-demo/.default"), basic(home.Clients[1].ID, secret)), 400,
		7000110, "invalid_request")
}
