package tenant_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/entra"
	"m2m/internal/tenant/directory"
)

// fieldSet is the fields of one thing that Entra was seen to send, and when it was
// last seen. No code of ours made it.
type fieldSet struct {
	Source   string   `json:"source"`
	Captured string   `json:"captured"` // a date; .ci/run warns when the newest is a year old
	Ordered  bool     `json:"ordered"`
	Fields   []string `json:"fields"`
}

func readFixture(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// compareFields names what is missing and what is extra; some extras may be
// allowed for the case at hand.
func compareFields(t *testing.T, name string, got []string, allowed ...string) {
	t.Helper()
	var sets map[string]fieldSet
	if err := json.Unmarshal(readFixture(t, "fields.json"), &sets); err != nil {
		t.Fatal(err)
	}
	want, ok := sets[name]
	if !ok {
		t.Fatalf("fields.json has no %q", name)
	}
	for _, field := range want.Fields {
		if !slices.Contains(got, field) {
			t.Errorf("%s: %q is missing (source: %s)", name, field, want.Source)
		}
	}
	for _, field := range got {
		if !slices.Contains(want.Fields, field) && !slices.Contains(allowed, field) {
			t.Errorf("%s: %q is extra (source: %s)", name, field, want.Source)
		}
	}
	if want.Ordered && len(allowed) == 0 && !slices.Equal(got, want.Fields) {
		t.Errorf("%s: the order differs (source: %s)\n%s", name, want.Source, cmp.Diff(want.Fields, got))
	}
}

// objectFields lists the names in a JSON object, in order.
func objectFields(t *testing.T, object []byte) []string {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(object))
	if _, err := d.Token(); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, object)
	}
	var names []string
	for d.More() {
		name, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name.(string))
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			t.Fatal(err)
		}
	}
	return names
}

// headerFields lists the names of an answer's headers, in small letters.
func headerFields(h http.Header) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(h)) {
		names = append(names, strings.ToLower(name))
	}
	return names
}

// localised puts the tenant's address and ID where Entra's are.
func localised(r *running, home directory.Tenant, capture []byte) []byte {
	text := strings.NewReplacer("https://login.microsoftonline.com", r.Origin(),
		"https://mtlsauth.microsoft.com", r.Origin()).Replace(string(capture))
	return []byte(strings.ReplaceAll(text, "{tid}", home.ID))
}

func compareJSON(t *testing.T, want, got []byte) {
	t.Helper()
	var w, g any
	if err := json.Unmarshal(want, &w); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(got, &g); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, got)
	}
	if diff := cmp.Diff(w, g); diff != "" {
		t.Errorf("the document differs (-capture +ours):\n%s", diff)
	}
}

// The v2.0 document was recorded on 2022-02-11 (azure-sdk-for-js), with its
// order. Its fields of mutual TLS are those of openiddict-core #2298 (2025-04-22) and
// of a capture of 2026-07-13 (calvinchengx/entra-emulator); their place is not known.
// The v1.0 document is that of pl4nty/data, last changed 2025-10-07; that
// copy is sorted by name, so its order here follows the v2.0 document.
func TestDiscoveryIsEntras(t *testing.T) {
	home := sample()
	r := start(t, config(home))
	for _, v := range []entra.Version{entra.V1, entra.V2} {
		capture := localised(r, home,
			readFixture(t, map[entra.Version]string{entra.V1: "discovery-v1.json", entra.V2: "discovery-v2.json"}[v]))
		for _, name := range []string{home.ID, strings.ToUpper(home.ID), home.Domains[0], strings.ToUpper(home.Domains[0])} {
			path := strings.TrimPrefix(r.Authority(name).Discovery(v), r.Origin())
			got := r.get(path + "?")
			if got.status != http.StatusOK {
				t.Fatalf("%s: HTTP %d", path, got.status)
			}
			compareJSON(t, capture, got.body)
			if diff := cmp.Diff(objectFields(t, capture), objectFields(t, got.body)); diff != "" {
				t.Errorf("%s: the order of fields differs (-capture +ours):\n%s", path, diff)
			}
			compareFields(t, "headers-document", headerFields(got.header))
			compareFields(t, "cookies-document", cookieNames(got.header))
		}
	}
}

func cookieNames(h http.Header) []string {
	var names []string
	for _, c := range (&http.Response{Header: h}).Cookies() {
		names = append(names, c.Name)
	}
	return names
}

func TestDiscoveryOfCommonIsATemplate(t *testing.T) {
	r := start(t, config(sample()))
	type document struct {
		Issuer string  `json:"issuer"`
		Token  string  `json:"token_endpoint"`
		Keys   string  `json:"jwks_uri"`
		Region *string `json:"tenant_region_scope"`
	}
	cases := []struct {
		path string
		want document
	}{
		{"/common/v2.0",
			document{r.Origin() + "/{tenantid}/v2.0", r.Origin() + "/common/oauth2/v2.0/token",
				r.Origin() + "/common/discovery/v2.0/keys", nil}},
		{"/Organizations/v2.0",
			document{r.Origin() + "/{tenantid}/v2.0", r.Origin() + "/organizations/oauth2/v2.0/token",
				r.Origin() + "/organizations/discovery/v2.0/keys", nil}},
		{"/common", document{"https://sts.windows.net/{tenantid}/", r.Origin() + "/common/oauth2/token",
			r.Origin() + "/common/discovery/keys", nil}},
	}
	for _, c := range cases {
		var got document
		answer := r.get(c.path + "/.well-known/openid-configuration")
		answer.decode(t, &got)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.path, diff)
		}
		if !slices.Contains(objectFields(t, answer.body), "tenant_region_scope") {
			t.Errorf("%s: tenant_region_scope is absent, not null", c.path)
		}
	}
}

func TestDiscoveryCarriesAppID(t *testing.T) {
	home := sample()
	r := start(t, config(home))
	var document struct {
		Keys string `json:"jwks_uri"`
	}
	r.get("/"+home.ID+"/v2.0/.well-known/openid-configuration?appid="+home.APIs[0].ID).decode(t, &document)
	if want := r.Origin() + "/" + home.ID + "/discovery/v2.0/keys?appid=" + home.APIs[0].ID; document.Keys != want {
		t.Errorf("jwks_uri is %s, want %s", document.Keys, want)
	}
}

func TestInstanceDiscoveryIsEntras(t *testing.T) {
	home := sample()
	r := start(t, config(home))
	const path = "/common/discovery/instance?api-version=1.1&authorization_endpoint="
	got := r.get(path + "https://login.microsoftonline.com/common/oauth2/v2.0/authorize")
	compareJSON(t, readFixture(t, "instance.json"), got.body)
	compareFields(t, "headers-document", headerFields(got.header))

	var document struct {
		Endpoint string `json:"tenant_discovery_endpoint"`
	}
	r.get(path+r.Origin()+"/"+home.ID+"/oauth2/authorize").decode(t, &document)
	if want := r.Authority(home.ID).Discovery(entra.V1); document.Endpoint != want {
		t.Errorf("of its own host: %s, want %s", document.Endpoint, want)
	}
	for _, host := range []string{"login.example.com", "127.0.0.1:1", "", "logİn.microsoftonline.com",
		"log%C4%B0n.microsoftonline.com"} {
		compareRefusal(t, r.get(path+"https://"+host+"/common/oauth2/v2.0/authorize"), 400, 50049, "invalid_instance")
	}
}

// token is the parts of an access token, unverified.
type token struct {
	header, payload []byte
	claims          map[string]any
	keyID           string
}

func decodeToken(t *testing.T, raw string) token {
	t.Helper()
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		t.Fatalf("the token has %d parts", len(parts))
	}
	var out token
	for n, into := range []*[]byte{&out.header, &out.payload} {
		text, err := base64.RawURLEncoding.DecodeString(parts[n])
		if err != nil {
			t.Fatal(err)
		}
		*into = text
	}
	var header struct {
		KeyID string `json:"kid"`
	}
	if err := json.Unmarshal(out.header, &header); err != nil {
		t.Fatal(err)
	}
	out.keyID = header.KeyID
	if err := json.Unmarshal(out.payload, &out.claims); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTokensHaveEntrasClaims(t *testing.T) {
	home := sample()
	r := start(t, config(home))
	withRole, without, rotating := home.Clients[0], home.Clients[1], home.Clients[4]
	rotating.Secrets = rotating.Secrets[1:]
	v2, v1 := "/"+home.ID+"/oauth2/v2.0/token", "/"+home.ID+"/oauth2/token"
	cases := []struct {
		name, path     string
		answer         answer
		header, claims string
		allowed        []string
	}{
		{"v2.0", v2, r.post(v2, request(without, "api://m2m-demo/.default")), "header-v2", "claims-v2", nil},
		{"v2.0 with a role", v2, r.post(v2, request(withRole, "api://m2m-demo/.default")), "header-v2", "claims-v2",
			[]string{"roles"}},
		{"v2.0 from the v1.0 endpoint", v1, r.post(v1, requestV1(without, "api://m2m-demo")), "header-v2", "claims-v2", nil},
		{"v2.0 with idtyp", v2, r.post(v2, request(rotating, "api://strict/.default")), "header-v2", "claims-v2",
			[]string{"roles", "idtyp"}},
		{"v1.0", v2, r.post(v2, request(without, "https://vault.example//.default")), "header-v1", "claims-v1", nil},
		{"v1.0 from the v1.0 endpoint", v1, r.post(v1, requestV1(without, "https://vault.example/")), "header-v1",
			"claims-v1-endpoint", nil},
		{"Graph", v2, r.post(v2, request(without, "https://graph.microsoft.com/.default")), "header-graph", "claims-graph",
			nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			body := "success-v2"
			if c.path == v1 {
				body = "success-v1"
			}
			compareFields(t, body, objectFields(t, c.answer.body))
			compareFields(t, "headers-token", headerFields(c.answer.header))
			token := decodeToken(t, accessToken(t, c.answer))
			compareFields(t, c.header, objectFields(t, token.header))
			fields := objectFields(t, token.payload)
			compareFields(t, c.claims, fields, c.allowed...)
			for _, name := range c.allowed {
				if !slices.Contains(fields, name) {
					t.Errorf("%q is missing", name)
				}
			}
		})
	}
}

func accessToken(t *testing.T, a answer) string {
	t.Helper()
	if a.status != http.StatusOK {
		t.Fatalf("HTTP %d: %s", a.status, a.body)
	}
	var body struct {
		AccessToken string `json:"access_token"`
	}
	a.decode(t, &body)
	return body.AccessToken
}
