package tenant_test

import (
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"m2m/internal/tenant/directory"
)

// outside is an issuer that is not Entra, such as that of a CI system. Its
// answers can be changed.
type outside struct {
	*httptest.Server
	key      signer
	document func() string
	keys     func() string
}

func startOutside(t *testing.T) *outside {
	t.Helper()
	o := &outside{key: newSigner(t, noon(), noon().Add(time.Hour))}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration",
		func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(o.document())) })
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(o.keys())) })
	o.Server = httptest.NewTLSServer(mux)
	t.Cleanup(o.Close)
	plain := httptest.NewServer(mux)
	t.Cleanup(plain.Close)
	mux.Handle("/moved", http.RedirectHandler(o.URL+"/keys", http.StatusFound))
	mux.Handle("/downgraded", http.RedirectHandler(plain.URL+"/keys", http.StatusFound))
	mux.Handle("/round", http.RedirectHandler(o.URL+"/round", http.StatusFound))
	o.document = func() string { return encode(t, map[string]string{"issuer": o.URL, "jwks_uri": o.URL + "/keys"}) }
	o.keys = func() string { return encode(t, map[string]any{"keys": []any{o.jwk("one")}}) }
	return o
}

func (o *outside) jwk(kid string) map[string]string {
	return map[string]string{
		"kty": "RSA", "kid": kid, "n": base64.RawURLEncoding.EncodeToString(o.key.key.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(o.key.key.E)).Bytes()),
	}
}

func encode(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const workflow = "repo:octo/app:environment:prod"

func startFederated(t *testing.T, o *outside) proofs {
	t.Helper()
	p := proofs{home: sample()}
	p.home.Clients[0].Federated = []directory.FederatedCredential{
		{Issuer: "https://elsewhere.example", Subject: "other"},
		{Issuer: o.URL, Subject: workflow},
		{Issuer: o.URL, Subject: "of another audience", Audience: "api://own"},
	}
	p.client = p.home.Clients[0]
	cfg := config(p.home)
	cfg.HTTPClient = o.Client()
	p.running = start(t, cfg)
	return p
}

func outsideClaims(o *outside) jwt.MapClaims {
	return jwt.MapClaims{
		"iss": o.URL, "sub": workflow, "aud": "api://AzureADTokenExchange",
		"iat": noon().Unix(), "exp": noon().Add(5 * time.Minute).Unix(),
	}
}

func TestFederatedCredential(t *testing.T) {
	o := startOutside(t)
	p := startFederated(t, o)
	header := map[string]any{"kid": "one"}
	claims := outsideClaims(o)
	token := p.assertion(jwt.SigningMethodRS256, header, claims, o.key.key)
	got := p.send(p.client.ID, token+"\n")
	if acr := decodeToken(t, accessToken(t, got)).claims["azpacr"]; acr != "2" {
		t.Errorf("azpacr is %v, want 2", acr)
	}
	claims["sub"], claims["aud"] = "of another audience", []string{"api://own"}
	accessToken(t, p.send(p.client.ID, p.assertion(jwt.SigningMethodRS256, header, claims, o.key.key)))
	compareRefusal(t, p.send(p.home.Clients[1].ID, token), 401, 70025, "invalid_client")
}

func TestFederatedCredentialRefused(t *testing.T) {
	o := startOutside(t)
	p := startFederated(t, o)
	stranger := newSigner(t, noon(), noon().Add(time.Hour))
	kid := map[string]any{"kid": "one"}
	with := func(name string, value any) string {
		claims := outsideClaims(o)
		claims[name] = value
		return p.assertion(jwt.SigningMethodRS256, kid, claims, o.key.key)
	}
	cases := []struct {
		name, token string
		code        int
	}{
		{"slash at the issuer's end", with("iss", o.URL+"/"), 700211},
		{"other audience", with("aud", "sts.amazonaws.com"), 700212},
		{"audience of the other credential", with("aud", "api://own"), 700213},
		{"subject in other case", with("sub", strings.ToUpper(workflow)), 7002138},
		{"branch for environment", with("sub", "repo:octo/app:ref:refs/heads/main"), 700213},
		{"expired", with("exp", noon().Add(-6*time.Minute).Unix()), 700024},
		{"no exp", with("exp", nil), 50027},
		{"unknown key", p.assertion(jwt.SigningMethodRS256, map[string]any{"kid": "two"}, outsideClaims(o), o.key.key),
			7000272},
		{"no key ID", p.assertion(jwt.SigningMethodRS256, nil, outsideClaims(o), o.key.key), 7000272},
		{"key of a stranger", p.assertion(jwt.SigningMethodRS256, kid, outsideClaims(o), stranger.key), 700027},
		{"PS256", p.assertion(jwt.SigningMethodPS256, kid, outsideClaims(o), o.key.key), 5002738},
		{"none", p.assertion(jwt.SigningMethodNone, kid, outsideClaims(o), jwt.UnsafeAllowNoneSignatureType), 5002738},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p.t = t
			compareRefusal(t, p.send(p.client.ID, c.token), 401, c.code, "invalid_client")
		})
	}
	p.t = t
	o.keys = func() string { return encode(t, map[string]any{"keys": []any{o.jwk("")}}) } // nor has the key an ID
	compareRefusal(t, p.send(p.client.ID, p.assertion(jwt.SigningMethodRS256, nil, outsideClaims(o), o.key.key)), 401,
		7000272, "invalid_client")
}

// keysAt has the discovery document name another path for the keys.
func keysAt(path string) func(*outside) {
	return func(o *outside) {
		o.document = func() string { return `{"issuer":"` + o.URL + `","jwks_uri":"` + o.URL + path + `"}` }
	}
}

// A document may have moved, over https.
func TestOutsideIssuerWhoseKeysMoved(t *testing.T) {
	o := startOutside(t)
	p := startFederated(t, o)
	keysAt("/moved")(o)
	token := p.assertion(jwt.SigningMethodRS256, map[string]any{"kid": "one"}, outsideClaims(o), o.key.key)
	if got := p.send(p.client.ID, token); got.status != http.StatusOK {
		t.Errorf("HTTP %d %s", got.status, got.body)
	}
}

func TestOutsideIssuersThatMisbehave(t *testing.T) {
	cases := []struct {
		name   string
		change func(*outside)
		status int
		code   int
		word   string
	}{
		{"discovery of another issuer", func(o *outside) {
			o.document = func() string { return `{"issuer":"https://elsewhere.example","jwks_uri":"` + o.URL + `/keys"}` }
		}, 401, 700221, "invalid_client"},
		{"HTML", func(o *outside) { o.document = func() string { return "<html>" } }, 400, 900611, "invalid_request"},
		{"no jwks_uri", func(o *outside) { o.document = func() string { return `{"issuer":"` + o.URL + `"}` } }, 400, 900611,
			"invalid_request"},
		{"keys over http", func(o *outside) {
			o.document = func() string {
				return `{"issuer":"` + o.URL + `","jwks_uri":"` + strings.Replace(o.URL, "https", "http", 1) + `/keys"}`
			}
		}, 400, 900611, "invalid_request"},
		{"no keys document", keysAt("/nothing"), 400, 90061, "invalid_request"},
		{"keys moved to http", keysAt("/downgraded"), 400, 90061, "invalid_request"},
		{"keys that move for ever", keysAt("/round"), 400, 90061, "invalid_request"},
		{"keys that are not JSON", func(o *outside) { o.keys = func() string { return "<html>" } }, 400, 900612, "invalid_request"},
		{"endless keys", func(o *outside) {
			good := strings.TrimSuffix(o.keys(), "}")
			o.keys = func() string { return good + `,"padding":"` + strings.Repeat("a", 2<<20) + `"}` }
		}, 400, 900612, "invalid_request"},
		{"key of 8 bits", func(o *outside) {
			o.keys = func() string { return `{"keys":[{"kty":"RSA","kid":"one","n":"_w","e":"AQAB"}]}` }
		}, 400, 900612, "invalid_request"},
		{"gone", func(o *outside) { o.Close() }, 400, 50166, "invalid_request"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			o := startOutside(t)
			p := startFederated(t, o)
			token := p.assertion(jwt.SigningMethodRS256, map[string]any{"kid": "one"}, outsideClaims(o), o.key.key)
			c.change(o)
			compareRefusal(t, p.send(p.client.ID, token), c.status, c.code, c.word)
		})
	}
}
