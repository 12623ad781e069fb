package token_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"m2m/internal/entra"
	"m2m/internal/token"
	"m2m/internal/token/cache"
	"m2m/internal/transport"
)

// The identities of the tests.
const (
	tenantID = "11111111-2222-4333-8444-555555555555"
	clientID = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
	scope    = "api://99999999-8888-4777-8666-555555555555/.default"
	secret   = "Hq~8Q~.notARealSecret-0123456789_abcdef"
)

// standIn is a small tenant of Entra's shape, over TLS on loopback. It checks
// what it is sent, as far as these tests send it, and counts.
type standIn struct {
	*httptest.Server
	caFile string

	mu        sync.Mutex
	tokens    int      // POSTs to the token endpoint
	forms     []form   // what they held
	secrets   []string // the secrets that are accepted
	key       *rsa.PublicKey
	federated map[string]string // accepted iss, sub, aud
	expiresIn any
	refreshIn int
	endpoint  string // the token endpoint that discovery names
	fault     func(w http.ResponseWriter, r *http.Request, nth int) bool
}

type form map[string]string

func newStandIn(t testing.TB) *standIn {
	t.Helper()
	s := &standIn{secrets: []string{secret}, expiresIn: 3599}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{tenant}/v2.0/.well-known/openid-configuration", s.discovery)
	mux.HandleFunc("POST /{tenant}/oauth2/v2.0/token", s.token)
	s.Server = httptest.NewUnstartedServer(mux)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	s.endpoint = s.URL + "/" + tenantID + "/oauth2/v2.0/token"
	s.caFile = filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(s.caFile, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// client returns a client that trusts the stand-in and waits for nothing.
func (s *standIn) client(dir string) *token.Client {
	c := &token.Client{
		Transport: transport.New(transport.Config{CAFile: s.caFile}),
		Wait:      noWait,
	}
	if dir != "" {
		c.Cache = &cache.Store{Dir: dir}
	}
	return c
}

// request returns a request for the stand-in with its accepted secret.
func (s *standIn) request() token.Request {
	return token.Request{
		Authority:  entra.Authority{Origin: s.URL, Tenant: tenantID},
		ClientID:   clientID,
		Scope:      scope,
		Credential: token.NewClientSecret(entra.NewSecret(secret)),
	}
}

func (s *standIn) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokens
}

func (s *standIn) lastForm() form {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.forms[len(s.forms)-1]
}

func (s *standIn) discovery(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer":                 s.URL + "/" + r.PathValue("tenant") + "/v2.0",
		"authorization_endpoint": s.URL + "/" + r.PathValue("tenant") + "/oauth2/v2.0/authorize",
		"token_endpoint":         s.endpoint,
	})
}

func (s *standIn) token(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens++
	_ = r.ParseForm() // also lets the server notice that a client goes away
	if s.fault != nil && s.fault(w, r, s.tokens) {
		return
	}
	f := form{}
	for name := range r.PostForm {
		f[name] = r.PostForm.Get(name)
	}
	s.forms = append(s.forms, f)
	if refusal := s.refuse(f); refusal != "" {
		entraError(w, refusal)
		return
	}
	answer := map[string]any{
		"token_type": "Bearer", "expires_in": s.expiresIn, "ext_expires_in": s.expiresIn,
		"access_token": fmt.Sprintf("eyJhbGciOiJub25lIn0.%s.c2lnbmF0dXJl",
			base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"jti":%d,"aud":%q}`, s.tokens, f["scope"]))),
	}
	if s.refreshIn > 0 {
		answer["refresh_in"] = s.refreshIn
	}
	writeJSON(w, http.StatusOK, answer)
}

// refuse returns the AADSTS code and text that the form deserves; "" for none.
func (s *standIn) refuse(f form) string {
	switch {
	case f["grant_type"] != "client_credentials":
		return "70003: The app requested an unsupported grant type."
	case f["client_id"] != clientID:
		return "700016: Application was not found in the directory."
	case f["client_assertion"] != "":
		return s.refuseAssertion(f["client_assertion"])
	}
	for _, accepted := range s.secrets {
		if f["client_secret"] == accepted {
			return ""
		}
	}
	return "7000215: Invalid client secret provided."
}

func (s *standIn) refuseAssertion(assertion string) string {
	header, claims, ok := s.open(assertion)
	switch {
	case !ok:
		return "700027: The certificate with identifier used to sign the client assertion is not registered."
	case s.federated != nil:
		for name, want := range s.federated {
			if claims[name] != want {
				return "700213: No matching federated identity record found for presented assertion subject."
			}
		}
		return ""
	case header["alg"] != "PS256" || claims["iss"] != clientID || claims["sub"] != clientID || claims["aud"] != s.endpoint:
		return "700023: Client assertion audience claim does not match."
	case claims["exp"].(float64) < float64(time.Now().Unix()):
		return "700024: Client assertion is not within its valid time range."
	}
	return ""
}

// open verifies an assertion with the registered key: PS256 as MSAL signs,
// RS256 as other issuers do.
func (s *standIn) open(assertion string) (header, claims map[string]any, ok bool) {
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 || s.key == nil {
		return nil, nil, false
	}
	for i, into := range []*map[string]any{&header, &claims} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(raw, into) != nil {
			return nil, nil, false
		}
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return nil, nil, false
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if header["alg"] == "PS256" {
		err = rsa.VerifyPSS(s.key, crypto.SHA256, digest[:], signature, nil)
	} else {
		err = rsa.VerifyPKCS1v15(s.key, crypto.SHA256, digest[:], signature)
	}
	return header, claims, err == nil
}

// entraError answers as Entra's token endpoint refuses.
func entraError(w http.ResponseWriter, text string) {
	const trace = "0f0f0f0f-1111-4222-8333-444444444444"
	const correlation = "1e1e1e1e-2222-4333-8444-555555555555"
	const at = "2026-08-13 21:24:29Z"
	code, _, _ := strings.Cut(text, ":")
	writeJSON(w, http.StatusUnauthorized, map[string]any{
		"error": "invalid_client",
		"error_description": fmt.Sprintf("AADSTS%s Trace ID: %s Correlation ID: %s Timestamp: %s",
			text, trace, correlation, at),
		"error_codes": []json.Number{json.Number(code)}, "timestamp": at, "trace_id": trace, "correlation_id": correlation,
		"error_uri": "https://login.microsoftonline.com/error?code=" + code,
	})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
