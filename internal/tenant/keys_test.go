package tenant_test

import (
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"slices"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"m2m/internal/tenant/fault"
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
	home := sample()
	r := start(t, config(home))
	for path, set := range map[string]string{
		"/" + home.ID + "/discovery/v2.0/keys":                     "keys-v2",
		"/common/discovery/v2.0/keys":                              "keys-v2",
		"/common/discovery/keys":                                   "keys-v1",
		"/" + home.ID + "/discovery/keys?appid=" + home.APIs[0].ID: "keys-v1",
	} {
		got := r.get(path)
		var raw struct {
			Keys []json.RawMessage `json:"keys"`
		}
		got.decode(t, &raw)
		compareFields(t, "headers-document", headerFields(got.header))
		if len(raw.Keys) != 2 {
			t.Fatalf("%s: %d keys, want 2", path, len(raw.Keys))
		}
		wantIssuer := ""
		if set == "keys-v2" {
			wantIssuer = r.Origin() + "/{tenantid}/v2.0"
		}
		for n, key := range r.keys(path) {
			compareFields(t, set, objectFields(t, raw.Keys[n]))
			checkCertificate(t, key)
			if key.Issuer != wantIssuer || key.CloudInstance != "microsoftonline.com" {
				t.Errorf("%s: issuer %q, cloud instance %q", path, key.Issuer, key.CloudInstance)
			}
		}
	}
}

// Entra never publishes one key alone, and a program that takes the first of
// the set, whatever the token names, must fail here as it would there.
func TestTheFirstKeyIsNotTheSigningOne(t *testing.T) {
	home := sample()
	r := start(t, config(home))
	raw := accessToken(t, r.post("/"+home.ID+"/oauth2/v2.0/token", request(home.Clients[0], "api://m2m-demo/.default")))
	keys := r.keys("/common/discovery/v2.0/keys")
	if verified(t, raw, keys[:1]) || !verified(t, raw, keys[1:]) {
		t.Error("the token should verify with the second key, and not with the first")
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
	if got := certificate.Subject.CommonName; got != "accounts.accesscontrol.windows.net" ||
		certificate.Issuer.CommonName != got {
		t.Errorf("subject %s, issuer %s", got, certificate.Issuer.CommonName)
	}
	if bits := key.public(t).N.BitLen(); bits != 2048 {
		t.Errorf("the key has %d bits", bits)
	}
	if !certificate.NotAfter.Equal(certificate.NotBefore.AddDate(5, 0, 0)) {
		t.Errorf("valid %s to %s, want five years", certificate.NotBefore, certificate.NotAfter)
	}
}

func TestRollKey(t *testing.T) {
	home := sample()
	r := start(t, config(home))
	const path = "/common/discovery/v2.0/keys"
	ask := func() string {
		return accessToken(t, r.post("/"+home.ID+"/oauth2/v2.0/token", request(home.Clients[0], "api://m2m-demo/.default")))
	}
	before := ask()
	inject := func(kind fault.Kind) {
		t.Helper()
		if err := r.Inject(fault.Fault{Place: fault.AtKeys, Kind: kind}); err != nil {
			t.Fatal(err)
		}
	}
	inject(fault.Roll)
	after := ask()
	if got := decodeToken(t, after).keyID; got == decodeToken(t, before).keyID {
		t.Errorf("signed with %s before and after the roll", got)
	}
	keys := r.keys(path)
	if !verified(t, before, keys) || !verified(t, after, keys) {
		t.Error("after the roll both keys should be published")
	}
	inject(fault.Withdraw)
	last := ask()
	keys = r.keys(path)
	if verified(t, before, keys) || verified(t, after, keys) || !verified(t, last, keys) {
		t.Error("after the withdrawal only the new key should be published")
	}
}
