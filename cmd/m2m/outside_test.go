package main

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" // x5t is defined as SHA-1 (RFC 7515 section 4.1.7)
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// workflowSubject is the subject that the app named federated trusts.
const workflowSubject = "repo:contoso/shop:environment:production"

// outside is an issuer that is not Entra, such as that of a CI system: a
// discovery document, a key set, and tokens.
type outside struct {
	*httptest.Server
	key *rsa.PrivateKey
}

func newOutside() (*outside, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	o := &outside{key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", o.document)
	mux.HandleFunc("GET /renamed/.well-known/openid-configuration", o.document)
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, http.StatusOK, map[string]any{"keys": []map[string]string{{
			"kty": "RSA", "kid": "outside-1", "n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
			"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
		}}})
	})
	mux.HandleFunc("GET /github", o.github)
	o.Server = httptest.NewTLSServer(mux)
	return o, nil
}

// document names the issuer without /renamed, whichever was asked for.
func (o *outside) document(w http.ResponseWriter, _ *http.Request) {
	answerJSON(w, http.StatusOK, map[string]any{"issuer": o.URL, "jwks_uri": o.URL + "/keys"})
}

// github gives a job its token for the audience that it asks for, as GitHub
// does: https://docs.github.com/actions/reference/security/oidc
func (o *outside) github(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "bearer of-the-job" || r.URL.Query().Get("api-version") == "" {
		http.Error(w, "not a job", http.StatusUnauthorized)
		return
	}
	token, err := signJWT(o.key, map[string]any{"kid": "outside-1"}, map[string]any{
		"iss": o.URL, "sub": workflowSubject, "aud": r.URL.Query().Get("audience"),
		"exp": time.Now().Add(5 * time.Minute).Unix(),
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answerJSON(w, http.StatusOK, map[string]any{"count": 1, "value": token})
}

// caPEM is what to trust for its server.
func (o *outside) caPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: o.Certificate().Raw})
}

// writeTokens writes a token that the app's registration matches and, from it,
// one for each way not to.
func (o *outside) writeTokens(dir string) (err error) {
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	write := func(name string, key *rsa.PrivateKey, claim string, value any) {
		claims := map[string]any{
			"iss": o.URL, "sub": workflowSubject, "aud": "api://AzureADTokenExchange", "exp": time.Now().Add(time.Hour).Unix(),
		}
		claims[claim] = value
		err = errors.Join(err, writeJWT(filepath.Join(dir, name+".jwt"), key, map[string]any{"kid": "outside-1"}, claims))
	}
	write("matching", o.key, "jti", "1")
	write("wrong-issuer", o.key, "iss", o.URL+"/")
	write("wrong-subject", o.key, "sub", strings.Replace(workflowSubject, "contoso", "Contoso", 1))
	write("numeric-subject", o.key, "sub", "repo:contoso@1234/shop@5678:environment:production")
	write("wrong-audience", o.key, "aud", "https://github.com/contoso")
	write("expired", o.key, "exp", time.Now().Add(-time.Hour).Unix())
	write("wrong-key", stranger, "jti", "1")
	write("renamed", o.key, "iss", o.URL+"/renamed")
	write("unreachable", o.key, "iss", "https://127.0.0.1:1")
	return err
}

// writeJWT signs claims and writes them down with a line end, as most tools do.
func writeJWT(path string, key *rsa.PrivateKey, header, claims map[string]any) error {
	compact, err := signJWT(key, header, claims)
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(compact+"\n"), 0o600)
}

func signJWT(key *rsa.PrivateKey, header, claims map[string]any) (string, error) {
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims(claims))
	maps.Copy(token.Header, header)
	return token.SignedString(key)
}

func thumbprintOf(certificate *x509.Certificate) string {
	sum := sha1.Sum(certificate.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// ask METHOD PATH [NAME=VALUE...] sends a request to the tenant of the
// environment, as curl would, and prints status and body: for the
// mistakes that m2m does not make. A field named twice is sent twice; @BODY is
// sent as it is.
func ask() {
	if err := sendAsk(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func sendAsk(method, path string, fields []string) error {
	form := url.Values{}
	var body string
	for _, field := range fields {
		if raw, ok := strings.CutPrefix(field, "@"); ok {
			body = raw
		}
		if name, value, ok := strings.Cut(field, "="); ok {
			form.Add(name, value)
		}
	}
	if body == "" {
		body = form.Encode()
	}
	client, err := clientTrusting(os.Getenv("M2M_CA_FILE"))
	if err != nil {
		return err
	}
	request, err := http.NewRequest(method, os.Getenv("AZURE_AUTHORITY_HOST")+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if user := os.Getenv("ASK_BASIC"); user != "" {
		request.SetBasicAuth(user, "secret")
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	fmt.Printf("%d %s\n", response.StatusCode, bytes.TrimSpace(answer))
	return err
}
