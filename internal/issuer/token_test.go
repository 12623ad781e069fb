package issuer_test

import (
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"m2m/internal/entra"
	"m2m/internal/issuer"
)

// publishedKey is one key as a verifier reads it.
type publishedKey struct {
	KeyID         string   `json:"kid"`
	X5T           string   `json:"x5t"`
	N             string   `json:"n"`
	E             string   `json:"e"`
	X5C           []string `json:"x5c"`
	Issuer        string   `json:"issuer"`
	CloudInstance string   `json:"cloud_instance_name"`
}

func (r *running) keys(path string) []publishedKey {
	r.t.Helper()
	var set struct {
		Keys []publishedKey `json:"keys"`
	}
	r.get(path).decode(r.t, &set)
	return set.Keys
}

func (k publishedKey) public(t *testing.T) *rsa.PublicKey {
	t.Helper()
	n, err := base64.RawURLEncoding.DecodeString(k.N)
	if err != nil {
		t.Fatal(err)
	}
	e, err := base64.RawURLEncoding.DecodeString(k.E)
	if err != nil {
		t.Fatal(err)
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
}

// verified says whether the token's signature is that of a published key.
func verified(t *testing.T, raw string, keys []publishedKey) bool {
	t.Helper()
	id := decodeToken(t, raw).keyID
	i := slices.IndexFunc(keys, func(k publishedKey) bool { return k.KeyID == id })
	if i < 0 {
		return false
	}
	_, err := jwt.Parse(raw, func(*jwt.Token) (any, error) { return keys[i].public(t), nil },
		jwt.WithValidMethods([]string{"RS256"}), jwt.WithTimeFunc(noon), jwt.WithExpirationRequired())
	return err == nil
}

func TestKeysAreEntras(t *testing.T) {
	tenant := sample()
	r := start(t, config(tenant))
	for path, set := range map[string]string{
		"/" + tenant.ID + "/discovery/v2.0/keys":                       "keys-v2",
		"/common/discovery/v2.0/keys":                                  "keys-v2",
		"/common/discovery/keys":                                       "keys-v1",
		"/" + tenant.ID + "/discovery/keys?appid=" + tenant.APIs[0].ID: "keys-v1",
	} {
		got := r.get(path)
		var raw struct {
			Keys []json.RawMessage `json:"keys"`
		}
		got.decode(t, &raw)
		compareFields(t, "headers-document", headerFields(got.header))
		if len(raw.Keys) != 1 {
			t.Fatalf("%s: %d keys, want 1", path, len(raw.Keys))
		}
		compareFields(t, set, objectFields(t, raw.Keys[0]))
		key := r.keys(path)[0]
		checkCertificate(t, key)
		wantIssuer := ""
		if set == "keys-v2" {
			wantIssuer = r.Origin() + "/{tenantid}/v2.0"
		}
		if key.Issuer != wantIssuer || key.CloudInstance != "microsoftonline.com" {
			t.Errorf("%s: issuer %q, cloud instance %q", path, key.Issuer, key.CloudInstance)
		}
	}
}

// checkCertificate holds a key against its certificate, as strict verifiers do.
func checkCertificate(t *testing.T, key publishedKey) {
	t.Helper()
	der, err := base64.StdEncoding.DecodeString(key.X5C[0])
	if err != nil {
		t.Fatal(err)
	}
	thumbprint := sha1.Sum(der)
	if want := base64.RawURLEncoding.EncodeToString(thumbprint[:]); key.KeyID != want || key.X5T != want {
		t.Errorf("kid %s, x5t %s, want both %s", key.KeyID, key.X5T, want)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	if !key.public(t).Equal(certificate.PublicKey) {
		t.Error("the certificate is of another key")
	}
	if got := certificate.Subject.CommonName; got != "accounts.accesscontrol.windows.net" || certificate.Issuer.CommonName != got {
		t.Errorf("subject %s, issuer %s", got, certificate.Issuer.CommonName)
	}
	if bits := key.public(t).N.BitLen(); bits != 2048 {
		t.Errorf("the key has %d bits", bits)
	}
	if !certificate.NotAfter.Equal(certificate.NotBefore.AddDate(5, 0, 0)) {
		t.Errorf("valid %s to %s, want five years", certificate.NotBefore, certificate.NotAfter)
	}
}

func TestClaimsV2(t *testing.T) {
	tenant := sample()
	cfg := config(tenant)
	cfg.TokenLifetime = time.Hour
	r := start(t, cfg)
	client := tenant.Clients[0]
	// As MSAL Go sends it, and with fields that other MSALs add.
	form := request(client, "api://M2M-demo/.default openid offline_access profile")
	form.Set("client_info", "1")
	form.Set("x-client-SKU", "msal.js.node")
	got := r.post("/"+tenant.Domains[0]+"/oauth2/v2.0/token?client-request-id=x", form)
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
	if !verified(t, raw, r.keys("/"+tenant.ID+"/discovery/v2.0/keys")) {
		t.Error("the signature does not verify")
	}
	want := map[string]any{
		"aud": tenant.APIs[0].ID, "iss": r.Origin() + "/" + tenant.ID + "/v2.0", "tid": tenant.ID, "ver": "2.0",
		"azp": client.ID, "azpacr": "1", "oid": client.ObjectID, "sub": client.ObjectID, "roles": []any{"Data.Read"},
		"iat": float64(noon().Unix() - 300), "nbf": float64(noon().Unix() - 300), "exp": float64(noon().Unix() + 3600),
	}
	compareClaims(t, want, decodeToken(t, raw).claims)
}

func TestClaimsV1(t *testing.T) {
	tenant := sample()
	cfg := config(tenant)
	cfg.TokenLifetime = time.Hour
	r := start(t, cfg)
	client := tenant.Clients[1]
	for resource, aud := range map[string]string{
		"https://vault.example/": "https://vault.example/",
		"https://vault.example":  "https://vault.example",
		tenant.APIs[1].ID:        tenant.APIs[1].ID,
	} {
		got := r.post("/"+tenant.ID+"/oauth2/token", requestV1(client, resource))
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
		sts := "https://sts.windows.net/" + tenant.ID + "/"
		want := map[string]any{
			"aud": aud, "iss": sts, "idp": sts, "tid": tenant.ID, "ver": "1.0",
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
	tenant := sample()
	r := start(t, config(tenant))
	for _, resource := range []string{"https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000"} {
		raw := accessToken(t, r.post("/"+tenant.ID+"/oauth2/v2.0/token", request(tenant.Clients[0], resource+"/.default")))
		token := decodeToken(t, raw)
		keys := r.keys("/common/discovery/keys")
		if token.keyID != keys[0].KeyID {
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
	tenant := sample()
	r := start(t, config(tenant))
	seen := map[int]bool{}
	for range 20 {
		var body struct {
			In int `json:"expires_in"`
		}
		r.post("/"+tenant.ID+"/oauth2/v2.0/token", request(tenant.Clients[0], "api://m2m-demo/.default")).decode(t, &body)
		if body.In < 3599 || body.In > 5399 {
			t.Errorf("expires_in is %d, outside 60 to 90 minutes", body.In)
		}
		seen[body.In] = true
	}
	if len(seen) == 1 {
		t.Error("twenty tokens have one lifetime")
	}
}

func TestTokensAreTheirOwn(t *testing.T) {
	tenant := sample()
	r := start(t, config(tenant))
	seen := map[any]bool{}
	for range 5 {
		raw := accessToken(t, r.post("/"+tenant.ID+"/oauth2/v2.0/token", request(tenant.Clients[0], "api://m2m-demo/.default")))
		seen[decodeToken(t, raw).claims["uti"]] = true
	}
	if len(seen) != 5 {
		t.Errorf("five tokens have %d uti", len(seen))
	}
}

func TestRollKey(t *testing.T) {
	tenant := sample()
	r := start(t, config(tenant))
	const path = "/common/discovery/v2.0/keys"
	ask := func() string {
		return accessToken(t, r.post("/"+tenant.ID+"/oauth2/v2.0/token", request(tenant.Clients[0], "api://m2m-demo/.default")))
	}
	before := ask()
	kid, err := r.RollKey()
	if err != nil {
		t.Fatal(err)
	}
	after := ask()
	if got := decodeToken(t, after).keyID; got != kid {
		t.Errorf("signed with %s after the roll, want %s", got, kid)
	}
	keys := r.keys(path)
	if !verified(t, before, keys) || !verified(t, after, keys) {
		t.Error("after the roll both keys should be published")
	}
	r.WithdrawOldKeys()
	keys = r.keys(path)
	if verified(t, before, keys) || !verified(t, after, keys) {
		t.Error("after the withdrawal only the new key should be published")
	}
}

func TestSeveralTenants(t *testing.T) {
	one, other := sample(), issuer.Tenant{
		ID:      "5b0e3f4c-98a7-4d16-b2c5-f1a8e07d6934",
		APIs:    []issuer.API{{ID: sample().APIs[0].ID, URIs: []string{"api://m2m-demo"}, TokenVersion: entra.V2}},
		Clients: []issuer.Client{{ID: sample().Clients[0].ID, ObjectID: "e6a7d0f2-13b4-4c58-9fd0-2b8c5a91e743", Secrets: []issuer.ClientSecret{{Value: issuer.NewClientSecret()}}}},
	}
	r := start(t, issuer.Config{Tenants: []issuer.Tenant{one, other}, Now: noon})
	claims := decodeToken(t, accessToken(t, r.post("/"+other.ID+"/oauth2/v2.0/token", request(other.Clients[0], "api://m2m-demo/.default")))).claims
	if claims["tid"] != other.ID || claims["oid"] != other.Clients[0].ObjectID {
		t.Errorf("tid %v, oid %v", claims["tid"], claims["oid"])
	}
	compareRefusal(t, r.post("/"+one.ID+"/oauth2/v2.0/token", request(other.Clients[0], "api://m2m-demo/.default")),
		http.StatusUnauthorized, 7000215, "invalid_client")
}
