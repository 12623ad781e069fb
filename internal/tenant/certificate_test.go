package tenant_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"math/big"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/golang-jwt/jwt/v5"

	"m2m/internal/tenant"
	"m2m/internal/tenant/directory"
)

// signer is a client's key and certificate.
type signer struct {
	key         *rsa.PrivateKey
	certificate *x509.Certificate
}

func newSigner(t *testing.T, from, until time.Time) signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "client"}, NotBefore: from,
		NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return signer{key, certificate}
}

func (s signer) sha1() []byte   { sum := sha1.Sum(s.certificate.Raw); return sum[:] }
func (s signer) sha256() []byte { sum := sha256.Sum256(s.certificate.Raw); return sum[:] }

// proofs is a tenant with a client that has a certificate, one more that is
// expired and one that is not yet valid, and the parts of a good assertion.
type proofs struct {
	*running
	home             directory.Tenant
	client           directory.Client
	good, old, young signer
}

func startWithCertificate(t *testing.T) proofs {
	t.Helper()
	p := proofs{
		good:  newSigner(t, noon().Add(-time.Hour), noon().Add(time.Hour)),
		old:   newSigner(t, noon().Add(-time.Hour), noon().Add(-time.Minute)),
		young: newSigner(t, noon().Add(time.Minute), noon().Add(time.Hour)),
	}
	p.home = sample()
	p.home.Clients[0].Certificates = []*x509.Certificate{p.old.certificate, p.good.certificate, p.young.certificate}
	p.client = p.home.Clients[0]
	p.running = start(t, config(p.home))
	return p
}

func (p proofs) header() map[string]any {
	return map[string]any{"x5t#S256": base64.RawURLEncoding.EncodeToString(p.good.sha256())}
}

func (p proofs) claims() jwt.MapClaims {
	return jwt.MapClaims{
		"aud": p.Origin() + "/" + p.home.ID + "/oauth2/v2.0/token", "iss": p.client.ID, "sub": p.client.ID,
		"jti": "1", "nbf": noon().Unix(), "exp": noon().Add(10 * time.Minute).Unix(),
	}
}

func (p proofs) assertion(method jwt.SigningMethod, header map[string]any, claims jwt.MapClaims, key any) string {
	p.t.Helper()
	unsigned := jwt.NewWithClaims(method, claims)
	for name, value := range header {
		unsigned.Header[name] = value
	}
	signed, err := unsigned.SignedString(key)
	if err != nil {
		p.t.Fatal(err)
	}
	return signed
}

func (p proofs) send(clientID, assertion string) answer {
	p.t.Helper()
	return p.post("/"+p.home.ID+"/oauth2/v2.0/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {clientID}, "scope": {"api://m2m-demo/.default"},
		"client_assertion": {assertion}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
	})
}

func TestMSALWithACertificate(t *testing.T) {
	s := newSigner(t, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	home := directory.Builtin()
	home.Clients[0].Certificates = []*x509.Certificate{s.certificate}
	r := start(t, tenant.Config{Tenants: []directory.Tenant{home}}) // MSAL has the machine's clock
	credential, err := confidential.NewCredFromCert([]*x509.Certificate{s.certificate}, s.key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := acquire(t, r, home.ID, home.Clients[0].ID, credential, "api://m2m-demo/.default")
	if err != nil {
		t.Fatal(err)
	}
	if got := decodeToken(t, raw).claims["azpacr"]; got != "2" {
		t.Errorf("azpacr is %v, want 2", got)
	}
}

// What other MSALs send and Entra takes.
func TestAssertionsAsTheyCome(t *testing.T) {
	p := startWithCertificate(t)
	with := func(name string, value any) jwt.MapClaims {
		claims := p.claims()
		claims[name] = value
		return claims
	}
	without := func(names ...string) jwt.MapClaims {
		claims := p.claims()
		for _, name := range names {
			delete(claims, name)
		}
		return claims
	}
	wrapped := map[string]any{"x5t": base64.URLEncoding.EncodeToString(p.good.sha1()), "x5c": []string{"MIIB\r\nAAAA"}}
	cases := map[string]string{
		"MSAL Go: PS256, padded standard base64": p.assertion(jwt.SigningMethodPS256,
			map[string]any{"x5t#S256": base64.StdEncoding.EncodeToString(p.good.sha256())}, without("iat"), p.good.key),
		"MSAL Node: PS256, base64url": p.assertion(jwt.SigningMethodPS256, p.header(),
			with("nbf", noon().Unix()+1), p.good.key),
		"MSAL Python: RS256, x5t, floats, no nbf": p.assertion(jwt.SigningMethodRS256, wrapped,
			jwt.MapClaims{"aud": p.claims()["aud"], "iss": p.client.ID, "sub": p.client.ID, "iat": 1795435200.25,
				"exp": 1795435800.75}, p.good.key),
		"MSAL.NET: dates in quotes": p.assertion(jwt.SigningMethodPS256, p.header(),
			with("exp", "1795435800"), p.good.key),
		"both thumbprints": p.assertion(jwt.SigningMethodRS256,
			map[string]any{"x5t": base64.RawURLEncoding.EncodeToString(p.good.sha1()), "x5t#S256": p.header()["x5t#S256"]},
			p.claims(), p.good.key),
		"audience by domain, v1.0 endpoint, a list": p.assertion(jwt.SigningMethodRS256, p.header(),
			with("aud", []string{p.Origin() + "/" + p.home.Domains[0] + "/oauth2/token"}), p.good.key),
		"audience is the issuer": p.assertion(jwt.SigningMethodRS256, p.header(),
			with("aud", p.Origin()+"/"+p.home.ID+"/v2.0"), p.good.key),
		"white space around": " " +
			p.assertion(jwt.SigningMethodPS256, p.header(), p.claims(), p.good.key) + "\n",
	}
	for name, assertion := range cases {
		if got := p.send(p.client.ID, assertion); got.status != 200 {
			t.Errorf("%s: HTTP %d %s", name, got.status, got.body)
		} else if again := p.send(p.client.ID, assertion); again.status != 200 {
			t.Errorf("%s, used again: HTTP %d %s", name, again.status, again.body)
		}
	}
}

// TestTLSCertificate: a certificate of the connection is not needed; one that is sent
// must be that of the assertion, and gives no bound token.
func TestTLSCertificate(t *testing.T) {
	p := startWithCertificate(t)
	good := p.assertion(jwt.SigningMethodPS256, p.header(), p.claims(), p.good.key)
	form := func(tokenType string) url.Values {
		form := url.Values{
			"grant_type": {"client_credentials"}, "client_id": {p.client.ID}, "scope": {"api://m2m-demo/.default"},
			"client_assertion": {good}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		}
		if tokenType != "" {
			form.Set("token_type", tokenType)
		}
		return form
	}
	for _, c := range []struct {
		name, tokenType string
		with            signer
		status, code    int
		word            string
	}{
		{"that of the assertion", "", p.good, 200, 0, ""},
		{"another", "", p.young, 400, 500181, "invalid_request"},
		{"bound token", "mtls_pop", p.good, 400, 392189, "invalid_request"},
		{"bound token, expired", "mtls_pop", p.old, 401, 392204, "invalid_client"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p.t = t
			transport := p.http.Transport.(*http.Transport).Clone()
			transport.TLSClientConfig.Certificates = []tls.Certificate{
				{Certificate: [][]byte{c.with.certificate.Raw}, PrivateKey: c.with.key},
			}
			defer transport.CloseIdleConnections()
			sender := *p.running
			sender.http = &http.Client{Transport: transport}
			got := sender.post("/"+p.home.ID+"/oauth2/v2.0/token", form(c.tokenType))
			if c.code == 0 {
				accessToken(t, got)
				return
			}
			compareRefusal(t, got, c.status, c.code, c.word)
		})
	}
}

func TestAssertionsRefused(t *testing.T) {
	p := startWithCertificate(t)
	stranger := newSigner(t, noon().Add(-time.Hour), noon().Add(time.Hour))
	with := func(name string, value any) jwt.MapClaims {
		claims := p.claims()
		claims[name] = value
		return claims
	}
	signed := func(claims jwt.MapClaims) string {
		return p.assertion(jwt.SigningMethodPS256, p.header(), claims, p.good.key)
	}
	named := func(header map[string]any, key *rsa.PrivateKey) string {
		return p.assertion(jwt.SigningMethodPS256, header, p.claims(), key)
	}
	good := signed(p.claims())
	cases := []struct {
		name, assertion string
		code            int
	}{
		{"not a JWT", "not-a-jwt", 50027},
		{"three parts of nothing", "..", 50027},
		{"signature is no base64url", good + "=", 50027},
		{"date that is none", signed(with("nbf", "tomorrow")), 50027},
		{"exp that is null", signed(with("exp", nil)), 50027},
		{"no exp", signed(jwt.MapClaims{"aud": p.claims()["aud"], "iss": p.client.ID, "sub": p.client.ID}), 50027},
		{"no thumbprint", named(nil, p.good.key), 5002723},
		{"thumbprint of a stranger",
			named(map[string]any{"x5t#S256": base64.RawURLEncoding.EncodeToString(stranger.sha256())}, stranger.key), 700027},
		{"key of a stranger", named(p.header(), stranger.key), 700027},
		{"thumbprints of two certificates",
			named(map[string]any{"x5t#S256": p.header()["x5t#S256"], "x5t": base64.RawURLEncoding.EncodeToString(p.old.sha1())},
				p.good.key), 700027},
		{"certificate that is over",
			named(map[string]any{"x5t#S256": base64.RawURLEncoding.EncodeToString(p.old.sha256())}, p.old.key), 700027},
		{"certificate that has not begun",
			named(map[string]any{"x5t#S256": base64.RawURLEncoding.EncodeToString(p.young.sha256())}, p.young.key), 700027},
		{"PS256 with another salt", p.assertion(&jwt.SigningMethodRSAPSS{
			SigningMethodRSA: jwt.SigningMethodPS256.SigningMethodRSA, Options: &rsa.PSSOptions{SaltLength: 20},
		}, p.header(), p.claims(), p.good.key), 700027},
		{"RS512", p.assertion(jwt.SigningMethodRS512, p.header(), p.claims(), p.good.key), 5002738},
		{"HS256 with the certificate as key",
			p.assertion(jwt.SigningMethodHS256, p.header(), p.claims(), p.good.certificate.Raw), 5002738},
		{"none", p.assertion(jwt.SigningMethodNone, p.header(), p.claims(), jwt.UnsafeAllowNoneSignatureType), 5002738},
		{"no sub", signed(with("sub", nil)), 700022},
		{"sub of another app", signed(with("sub", p.home.Clients[1].ID)), 700021},
		{"iss of another app", signed(with("iss", p.home.Clients[1].ID)), 700021},
		{"audience of another tenant",
			signed(with("aud", p.Origin()+"/5b0e3f4c-98a7-4d16-b2c5-f1a8e07d6934/oauth2/v2.0/token")), 700023},
		{"audience of Entra itself", signed(with("aud", "https://login.microsoftonline.com/"+p.home.ID+"/oauth2/v2.0/token")),
			700023},
		{"audience of nobody", signed(with("aud", nil)), 700023},
		{"expired", signed(with("exp", noon().Add(-5*time.Minute).Unix())), 700024},
		{"not yet valid", signed(with("nbf", noon().Add(5*time.Minute+time.Second).Unix())), 700024},
		{"federated, and the app has no such credential", signed(with("iss", "https://token.actions.githubusercontent.com")),
			70025},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p.t = t
			compareRefusal(t, p.send(p.client.ID, c.assertion), 401, c.code, "invalid_client")
		})
	}
	compareRefusal(t, p.send(p.home.Clients[1].ID, good), 401, 700027, "invalid_client")
	typed := named(map[string]any{"typ": "at+jwt", "x5t#S256": p.header()["x5t#S256"]}, p.good.key)
	compareRefusal(t, p.send(p.client.ID, typed), 400, 5002727, "invalid_request")
}
