package tenant_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/entra"
	"m2m/internal/tenant"
	"m2m/internal/tenant/credential"
)

func TestCorrelation(t *testing.T) {
	home := sample()
	r := start(t, config(home))
	const id = "9f27c4b1-6e3d-45a8-b0f9-1c8d7e52a634"
	path := "/" + home.ID + "/oauth2/v2.0/token"
	ask := func(path string, headers ...string) (answer, errorBody) {
		got := r.post(path, url.Values{}, func(req *http.Request) {
			for i := 0; i < len(headers); i += 2 {
				req.Header.Set(headers[i], headers[i+1])
			}
		})
		var body errorBody
		got.decode(t, &body)
		return got, body
	}
	type seen struct{ Body, Header string }
	cases := []struct {
		name    string
		path    string
		headers []string
		want    seen
	}{
		{"asked to echo", path, []string{"client-request-id", id, "return-client-request-id", "true"}, seen{id, id}},
		{"not asked", path, []string{"client-request-id", id, "return-client-request-id", "false"}, seen{id, ""}},
		{"in the query", path + "?client-request-id=" + id, nil, seen{id, ""}},
	}
	for _, c := range cases {
		got, body := ask(c.path, c.headers...)
		if diff := cmp.Diff(c.want, seen{body.CorrelationID, got.header.Get("Client-Request-Id")}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	got, body := ask(path, "client-request-id", "<script>", "return-client-request-id", "true")
	if !entra.IsGUID(body.CorrelationID) || got.header.Get("Client-Request-Id") != "" {
		t.Errorf("an ID that is no GUID came back: %s", got.body)
	}
	got, _ = ask(path, "x-client-current-telemetry", "5|x|")
	if want := "1,900144,0,,"; got.header.Get("X-Ms-Clitelem") != want {
		t.Errorf("x-ms-clitelem is %q, want %q", got.header.Get("X-Ms-Clitelem"), want)
	}
}

func TestOutcomesAreTold(t *testing.T) {
	home := sample()
	cfg := config(home)
	reported := make(chan tenant.TokenRequest, 1)
	cfg.OnTokenRequest = func(o tenant.TokenRequest) { reported <- o }
	r := start(t, cfg)
	client := home.Clients[0]
	ask := func(form url.Values) (tenant.TokenRequest, answer) {
		got := r.post("/"+home.ID+"/oauth2/v2.0/token", form)
		outcome := <-reported
		if outcome.TraceID != got.header.Get("X-Ms-Request-Id") || !entra.IsGUID(outcome.CorrelationID) {
			t.Errorf("trace ID %s, correlation ID %s", outcome.TraceID, outcome.CorrelationID)
		}
		outcome.TraceID, outcome.CorrelationID, outcome.Number = "", "", 0
		return outcome, got
	}
	want := tenant.TokenRequest{
		Time: noon(), Endpoint: entra.V2, Tenant: home.ID, ClientID: client.ID, ClientName: client.Name,
		Credential: credential.Secret, Resource: "api://m2m-demo", Status: 200,
	}
	got, _ := ask(request(client, "api://m2m-demo/.default"))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("a token (-want +got):\n%s", diff)
	}
	form := request(client, "api://m2m-demo/.default")
	form.Set("client_secret", "guess")
	got, _ = ask(form)
	want.Status, want.Code, want.Error = 401, 7000215, "invalid_client"
	want.Reason = "the secret does not match any secret of app " + client.ID + "; send the secret's value, not its ID"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("a refusal (-want +got):\n%s", diff)
	}
	long := strings.Repeat("é", 1000)
	if got, _ := ask(url.Values{"client_id": {long}}); len(got.ClientID) > 140 ||
		!strings.HasPrefix(long, strings.TrimSuffix(got.ClientID, "…")) {
		t.Errorf("a client ID of 2000 bytes was reported as %q", got.ClientID)
	}
}

// A browser that came as localhost would refuse http on all its ports.
func TestNoHSTSForLocalhost(t *testing.T) {
	r := start(t, config(sample()))
	_, port, _ := strings.Cut(strings.TrimPrefix(r.Origin(), "https://"), ":")
	for host, want := range map[string]bool{"localhost": false, "127.0.0.1": true} {
		req, err := http.NewRequest(http.MethodGet, r.Origin()+"/common/discovery/keys", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host + ":" + port
		if got := r.do(req).header.Get("Strict-Transport-Security") != ""; got != want {
			t.Errorf("as %s: Strict-Transport-Security sent: %t, want %t", host, got, want)
		}
	}
}
