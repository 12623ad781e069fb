package tenant_test

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

// The names of the headers are compared with captures beside each document;
// here are their values, of successes and refusals alike.
func TestHeadersHaveEntrasValues(t *testing.T) {
	var fixtures map[string]struct {
		Source string            `json:"source"`
		Values map[string]string `json:"values"`
	}
	if err := json.Unmarshal(readFixture(t, "header-values.json"), &fixtures); err != nil {
		t.Fatal(err)
	}
	home := sample()
	r := start(t, config(home))
	good, bad := request(home.Clients[0], "api://m2m-demo/.default"), request(home.Clients[2], "api://m2m-demo/.default")
	const nobody = "/5b0e3f4c-98a7-4d16-b2c5-f1a8e07d6934"
	for name, answers := range map[string]map[string]answer{
		"document": {
			"discovery v2.0": r.get("/" + home.ID + "/v2.0/.well-known/openid-configuration"),
			"discovery v1.0": r.get("/common/.well-known/openid-configuration"),
			"keys v2.0":      r.get("/common/discovery/v2.0/keys"),
			"keys v1.0":      r.get("/" + home.ID + "/discovery/keys"),
			"instance discovery": r.get(
				"/common/discovery/instance?api-version=1.1&authorization_endpoint=https://login.microsoftonline.com/common/oauth2/v2.0/authorize"),
			"discovery of nobody":      r.get(nobody + "/v2.0/.well-known/openid-configuration"),
			"unknown instance refused": r.get("/common/discovery/instance?authorization_endpoint=https://a.example/x"),
		},
		"token": {
			"a token":         r.post("/"+home.ID+"/oauth2/v2.0/token", good),
			"a token of v1.0": r.post("/"+home.ID+"/oauth2/token", requestV1(home.Clients[0], "api://m2m-demo")),
			"a refusal":       r.post("/"+home.ID+"/oauth2/v2.0/token", bad),
			"no such tenant":  r.post(nobody+"/oauth2/v2.0/token", good),
			"a GET":           r.get("/" + home.ID + "/oauth2/v2.0/token"),
		},
	} {
		for which, got := range answers {
			for header, want := range fixtures[name].Values {
				if value := got.header.Get(header); value != want {
					t.Errorf("%s: %s is %q, want %q (source: %s)", which, header, value, want, fixtures[name].Source)
				}
			}
		}
	}
}

// A web page that asks whether it may read a document is answered what the document
// says itself.
func TestPreflight(t *testing.T) {
	r := start(t, config(sample()))
	for _, path := range []string{"/common/v2.0/.well-known/openid-configuration", "/common/discovery/keys",
		"/common/discovery/instance"} {
		request, err := http.NewRequest(http.MethodOptions, r.Origin()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Origin", "https://app.example")
		request.Header.Set("Access-Control-Request-Method", http.MethodGet)
		got := r.do(request)
		if got.status != http.StatusOK || len(got.body) > 0 ||
			got.header.Get("Access-Control-Allow-Origin") != "*" ||
			got.header.Get("Access-Control-Allow-Methods") != "GET, OPTIONS" {
			t.Errorf("%s: HTTP %d, %v, %d bytes", path, got.status, got.header, len(got.body))
		}
	}
}

// Both thumbprints in each of the three encodings that clients send.
func TestThumbprintsInEveryEncoding(t *testing.T) {
	p := startWithCertificate(t)
	short, long := sha1.Sum(p.good.certificate.Raw), sha256.Sum256(p.good.certificate.Raw)
	for encoding, write := range map[string]*base64.Encoding{
		"base64url": base64.RawURLEncoding, "base64url, padded": base64.URLEncoding,
		"standard base64, padded": base64.StdEncoding,
	} {
		for name, sum := range map[string][]byte{"x5t": short[:], "x5t#S256": long[:]} {
			header := map[string]any{name: write.EncodeToString(sum)}
			for _, method := range []jwt.SigningMethod{jwt.SigningMethodPS256, jwt.SigningMethodRS256} {
				if got := p.send(p.client.ID, p.assertion(method, header, p.claims(), p.good.key)); got.status != 200 {
					t.Errorf("%s in %s, %s: HTTP %d %s", name, encoding, method.Alg(), got.status, got.body)
				}
			}
		}
	}
}
